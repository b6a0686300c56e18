"""Inputs from a state: what a refresh changes in them, and what an import makes of them.

Follows `extractInputs` and `extractSchemaInputs` of pulumi-terraform-bridge v3.137 (`pkg/tfbridge/schema.go`).
"""

from collections.abc import Mapping

from toolchain.plugins.docker.planning import DEFAULTS, set_key
from toolchain.plugins.docker.schema import Kind, Property, Schema
from toolchain.plugins.framework import Properties, Value


def refreshed(old_inputs: Properties, state: Mapping[str, Value], schema: Schema) -> Properties:
    """The inputs that were there, with the values found; one that changed is no default any more."""
    inputs: Properties = {}
    filled = old_inputs.get(DEFAULTS)
    defaults = set(filled) if isinstance(filled, list) else set()
    for name, old in old_inputs.items():
        if name == DEFAULTS or name not in state:
            defaults.discard(name)
            continue
        inputs[name] = _refreshed_value(old, state[name], schema.get(name, Property(Kind.STRING)))
        if inputs[name] != old:
            defaults.discard(name)
    if isinstance(filled, list):
        inputs[DEFAULTS] = sorted(str(name) for name in defaults)
    return inputs


def _refreshed_value(old: Value, found: Value, item: Property) -> Value:
    if isinstance(old, Mapping) and isinstance(found, Mapping):
        if item.fields:
            return refreshed(dict(old), found, item.fields)
        return {key: found[key] for key in old if key in found}
    if not (isinstance(old, list) and isinstance(found, list)):
        return found
    blocks = item.kind is Kind.SET and item.fields
    pairs = _matched(old, found) if blocks else list(zip(old, found, strict=False))
    element = Property(Kind.OBJECT, fields=item.fields) if item.fields else Property(Kind.STRING)
    return [_refreshed_value(before, after, element) for before, after in pairs]


def _matched(old: list[Value], found: list[Value]) -> list[tuple[Value, Value]]:
    """Blocks of a set belong together when every field that the program set is the same. What changed has no
    counterpart; it is taken as it was found, so that the next preview shows the change.
    """
    rest = list(found)
    matches: list[Value] = []
    for before in old:
        match = next((after for after in rest if _belongs(before, after)), None)
        matches.append(match)
        if match is not None:
            rest.remove(match)
    spare = iter(rest)
    taken = [next(spare, None) if match is None else match for match in matches]
    return [(before, after) for before, after in zip(old, taken, strict=True) if after is not None]


def _belongs(before: Value, after: Value) -> bool:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return all(_belongs(value, after.get(name)) for name, value in before.items() if name != DEFAULTS)
    if isinstance(before, list) and isinstance(after, list):
        return sorted(map(set_key, before)) == sorted(map(set_key, after))
    return before == after


def imported(state: Mapping[str, Value], schema: Schema) -> Properties:
    """Inputs of an imported resource: everything that can be an input and is neither default nor zero."""
    inputs: Properties = {
        name: _imported_value(state[name], item)
        for name, item in schema.items()
        if name in state and not _is_default(state[name], item)
    }
    return {**inputs, DEFAULTS: []}


def _imported_value(value: Value, item: Property) -> Value:
    if item.fields and isinstance(value, Mapping):
        return imported(value, item.fields)
    if item.fields and isinstance(value, list):
        return [imported(entry, item.fields) if isinstance(entry, Mapping) else entry for entry in value]
    return value


def _is_default(value: Value, item: Property) -> bool:
    if item.default is not None:
        return value == item.default
    return value in (None, False, 0, "", [], {})
