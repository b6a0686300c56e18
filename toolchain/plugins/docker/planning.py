"""What the state will be: inputs, the last state and the defaults together.

The rules are those of Terraform's SDK v2 (`helper/schema`), which the official plugin runs on: a computed property that
the program does not set keeps its last value and is unknown before the first one; an unset scalar inside a block is
"", 0 or false; sets have an order of their own.
"""

import json
from collections.abc import Mapping

from toolchain.plugins.docker.schema import ZERO, Kind, Property, ResourceSchema, Schema
from toolchain.plugins.framework import UNKNOWN, Properties, Value

DEFAULTS = "__defaults"
META = "__meta"
_TIMEOUTS_KEY = "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0"  # where Terraform's SDK keeps time-outs, in nanoseconds


def plan(schema: ResourceSchema, prior: Properties | None, inputs: Properties) -> Properties:
    """The planned state. `prior` is None for a resource that does not exist."""
    state = {name: _plan_property(item, name, prior, inputs) for name, item in schema.properties.items()}
    return state


def known(state: Properties) -> Properties:
    """A planned state with everything unknown as null: what is kept of a resource that failed half-way."""
    return {name: None if value is UNKNOWN else value for name, value in state.items()}


def finished(schema: ResourceSchema, state: Properties) -> Properties:
    """A state after creation: sets that only Docker knows are empty."""
    empty = {name for name, item in schema.properties.items() if item.computed and item.kind is Kind.SET}
    return {name: [] if value is None and name in empty else value for name, value in state.items()}


def settled(schema: ResourceSchema, planned: Properties, state: Properties) -> Properties:
    """The state after an operation. A set that the program gave stays as it was planned, and an unset collection stays
    null where Docker says empty; a refresh shows what Docker really says.
    """
    return {
        name: _settled(planned.get(name), value, schema.properties[name]) if name in schema.properties else value
        for name, value in state.items()
    }


def _settled(planned: Value, found: Value, item: Property) -> Value:
    if isinstance(planned, Mapping) and isinstance(found, Mapping) and item.kind is Kind.OBJECT:
        inner = item.fields
        return {name: _settled(planned.get(name), value, inner[name]) for name, value in found.items()}
    if item.kind is Kind.SET and planned and planned is not UNKNOWN:
        return planned
    both_empty = (planned is None and found in ([], {})) or (planned in ([], {}) and found is None)
    return planned if both_empty else found


def without_removed(schema: ResourceSchema, prior: Properties, planned: Properties) -> Properties:
    """A planned state in which what the program does not set any more is zero and not null."""
    removed = {
        name: ZERO[item.kind]
        for name, item in schema.properties.items()
        if item.kind in ZERO and planned.get(name) is None and prior.get(name) is not None
    }
    return {**planned, **removed}


def reread(schema: ResourceSchema, state: Properties) -> Properties:
    """A state after a look: what is unset inside a block is zero now."""
    return {
        name: _zero_filled(value, schema.properties[name]) if name in schema.properties else value
        for name, value in state.items()
    }


def _zero_filled(value: Value, item: Property) -> Value:
    if isinstance(value, list) and item.fields:
        return [_zero_filled(entry, Property(Kind.OBJECT, fields=item.fields)) for entry in value]
    if not isinstance(value, Mapping) or not item.fields:
        return value
    filled = {name: _zero_filled(entry, item.fields[name]) for name, entry in value.items() if name in item.fields}
    return {name: ZERO.get(item.fields[name].kind) if entry is None else entry for name, entry in filled.items()}


def same(old: Value, new: Value, item: Property) -> bool:
    """Whether Terraform sees no difference: a null scalar and a zero one are the same to it, and so are sets in another
    order.
    """
    if old is UNKNOWN or new is UNKNOWN:
        return old is new
    if item.kind in ZERO:
        zero = ZERO[item.kind]
        return (zero if old is None else old) == (zero if new is None else new)
    if item.kind is Kind.SET:
        return _as_set(old) == _as_set(new)
    return (old or None) == (new or None)


def in_set_order(values: list[Value]) -> list[Value]:
    """The order in which Terraform stores a set: strings alphabetically, blocks by their fields' values."""
    unique = {set_key(value): value for value in values}
    return sorted(unique.values(), key=order_key)


def set_key(value: Value) -> str:
    """The identity of a set's element: unset and zero fields are the same."""
    if isinstance(value, Mapping):
        given = {name: entry for name, entry in value.items() if entry not in (None, "", 0, [], {})}
        return f"<{''.join(f'{name}={set_key(given[name])};' for name in sorted(given) if name != DEFAULTS)}>"
    return order_key(value)


def order_key(value: Value) -> str:
    """Where an element stands in a stored set."""
    if isinstance(value, Mapping):
        return f"<{''.join(f'{order_key(value[name])};' for name in sorted(value))}>"
    if isinstance(value, list):
        return f"[{''.join(f'{set_key(element)};' for element in value)}]"
    if isinstance(value, bool):
        return "T" if value else "F"
    return "~" if value is None else "?" if value is UNKNOWN else json.dumps(value)


def complete(value: Mapping[str, Value], fields: Schema, prior: Mapping[str, Value] | None = None) -> Properties:
    """A block as it is stored: every field present. `prior` is the same element of a list before."""
    return {
        name: _complete_field(value.get(name), item, (prior or {}).get(name))
        for name, item in fields.items()
        if not item.refused
    }


def _complete_field(value: Value, item: Property, prior: Value) -> Value:
    if value is not None:
        return normalised(value, item, prior)
    if item.computed:
        return UNKNOWN if prior is None else prior
    if item.default is not None:
        return item.default
    # What an unset field becomes on its way through Terraform's flat maps, seen with the official plugin.
    return {Kind.STRING: "", Kind.LIST: [], Kind.SET: []}.get(item.kind)


def normalised(value: Value, item: Property, prior: Value = None) -> Value:
    """A value as it is stored."""
    if value is UNKNOWN or value is None:
        return value
    if item.kind is Kind.OBJECT and isinstance(value, Mapping):
        return complete(value, item.fields, prior if isinstance(prior, Mapping) else None)
    if item.kind is Kind.MAP and not value:
        return None
    if item.kind not in (Kind.LIST, Kind.SET) or not isinstance(value, list):
        return value
    elements = [_element(element, item, prior, index) for index, element in enumerate(value)]
    return in_set_order(elements) if item.kind is Kind.SET else elements


def _element(element: Value, item: Property, prior: Value, index: int) -> Value:
    if not item.fields or not isinstance(element, Mapping):
        return element
    before = prior[index] if item.kind is Kind.LIST and isinstance(prior, list) and index < len(prior) else None
    return complete(element, item.fields, before if isinstance(before, Mapping) else None)


def _plan_property(item: Property, name: str, prior: Properties | None, inputs: Properties) -> Value:
    value = inputs.get(name)
    old = prior.get(name) if prior else None
    if item.blank_is_unset and prior is not None and not value:
        return old
    if value is not None:
        return normalised(value, item, old)
    if item.output or item.computed:
        return _computed(item, prior, old)
    if item.default is not None:
        return item.default
    unset: Value = [] if item.is_block_list else None
    return old if prior is not None and same(old, unset, item) else unset


def _computed(item: Property, prior: Properties | None, old: Value) -> Value:
    if prior is None:
        return UNKNOWN
    # A list that was never read (the create failed half-way) is planned as unknown: this is what makes the next
    # preview show a change and the update look again.
    return UNKNOWN if old is None and item.kind is Kind.LIST else old


def _as_set(value: Value) -> set[str]:
    return {set_key(element) for element in value} if isinstance(value, list) else set()


def meta(schema: ResourceSchema, seconds: Mapping[str, float]) -> Properties:
    """What Terraform's SDK notes beside a state: its version and limits. `seconds`: limits that the program set."""
    notes: dict[str, object] = {}
    if schema.timeout_minutes:
        limits = {name: seconds.get(name) or schema.timeout_minutes * 60 for name in ("create", "delete", "update")}
        notes[_TIMEOUTS_KEY] = {name: int(limit * 10**9) for name, limit in limits.items()}
    if schema.version:
        notes["schema_version"] = str(schema.version)
    return {META: json.dumps(notes, separators=(",", ":"))} if notes else {}
