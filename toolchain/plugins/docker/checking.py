"""From what the program says to inputs: types, defaults, names, refusals.

Messages and rules are those of the official plugin's bridge (pulumi-terraform-bridge v3.137, `pkg/tfbridge/schema.go`
and `check_failures.go`): every object carries `__defaults`, the sorted names of the properties that were filled in;
defaults that are false, 0 or "" are not filled in; a property that was filled in before keeps its value.
"""

import re
import secrets
from collections.abc import Mapping
from hashlib import sha256

from toolchain.plugins.docker.planning import DEFAULTS
from toolchain.plugins.docker.schema import Kind, Property, ResourceSchema, Schema
from toolchain.plugins.framework import UNKNOWN, CheckFailure, CheckRequest, CheckResult, Properties, Value

_NAME_LIMIT = 255
_SUFFIX_LENGTH = 7  # hexadecimal digits after an automatic name
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class _Failures:
    """Collects what is wrong, with the path of the value."""

    def __init__(self, resource_name: str) -> None:
        self._resource_name = resource_name
        self.found: list[CheckFailure] = []

    def add(self, path: str, reason: str) -> None:
        self.found.append(CheckFailure("", f"{reason}. Examine values at '{self._resource_name}.{path}'."))


def check(schema: ResourceSchema, request: CheckRequest) -> CheckResult:
    """Complete and judge the inputs of a resource. Every failure is reported, each with its path."""
    failures = _Failures(request.name)
    news = dict(request.news)
    named = _name(schema, request, failures) if schema.autonamed and news.get("name") is None else None
    if named is not None:
        news["name"] = named
    inputs = _check_object(news, request.olds, schema.inputs, "", failures)
    if named is not None:
        inputs[DEFAULTS] = sorted({*_names(inputs[DEFAULTS]), "name"})
    for name, item in schema.inputs.items():
        taken = [other for other in item.conflicts if name in inputs and other in inputs]
        for other in taken:
            reason = f'"{terraform_name(name)}": conflicts with {terraform_name(other)}'
            failures.add(name, f"Conflicting configuration arguments. {reason}")
    return CheckResult(inputs, failures.found)


def check_arguments(schema: Schema, arguments: Properties, function: str) -> tuple[Properties, list[CheckFailure]]:
    """Complete and judge the arguments of a function; here false and empty defaults count too."""
    failures = _Failures(function)
    checked = _check_object(arguments, {}, schema, "", failures)
    checked.pop(DEFAULTS)
    filled = {name: item.default for name, item in schema.items() if item.default is not None}
    return {**filled, **checked}, failures.found


def _name(schema: ResourceSchema, request: CheckRequest, failures: _Failures) -> str | None:
    old = request.olds.get("name")
    if "name" in _names(request.olds.get(DEFAULTS)) and isinstance(old, str):
        return old
    wish = request.autonaming
    if wish and wish.mode == "disable":
        failures.add("name", "automatic naming is disabled but no explicit name was provided")
        return None
    name = wish.proposed_name if wish else f"{request.name}-{_suffix(request.random_seed)}"
    if len(name) > _NAME_LIMIT:
        failures.add("name", f"calculated name '{name}' exceeds maximum length of {_NAME_LIMIT}")
    return name


def _suffix(seed: bytes) -> str:
    """The same seed gives the same name, so that an update can follow its plan."""
    digits = sha256(seed).hexdigest() if seed else secrets.token_hex(_SUFFIX_LENGTH)
    return digits[:_SUFFIX_LENGTH]


def _check_object(
    news: Mapping[str, Value], olds: Mapping[str, Value], schema: Schema, path: str, failures: _Failures
) -> Properties:
    inputs: Properties = {}
    for name, value in news.items():
        if name == DEFAULTS or value is None:
            continue
        if name not in schema:
            failures.add(path + name, "Invalid or unknown key")
        elif schema[name].refused:
            failures.add(path + name, f"'{name}' is not covered by this stand-in plugin: {schema[name].refused}")
        else:
            inputs[name] = _check_value(value, olds.get(name), schema[name], path + name, failures)
    filled = _fill(inputs, olds, schema)
    for name, item in schema.items():
        if item.required and name not in inputs:
            reason = f'The argument "{name}" is required, but no definition was found.'
            failures.add(path + name, f"Missing required argument. {reason}")
    inputs[DEFAULTS] = sorted(filled)
    return inputs


def _fill(inputs: Properties, olds: Mapping[str, Value], schema: Schema) -> set[str]:
    filled = set()
    kept = _names(olds.get(DEFAULTS))
    for name, item in schema.items():
        if name in inputs or not item.default:
            continue
        inputs[name] = olds[name] if name in kept and name in olds else item.default
        filled.add(name)
    return filled


def _names(value: Value) -> set[str]:
    return {name for name in value if isinstance(name, str)} if isinstance(value, list) else set()


def _check_value(value: Value, old: Value, item: Property, path: str, failures: _Failures) -> Value:
    if value is UNKNOWN:
        return value
    if item.kind is Kind.OBJECT:
        return _check_block(value, old, item, path, failures)
    if item.kind in (Kind.LIST, Kind.SET):
        return _check_elements(value, old, item, path, failures)
    if item.kind is Kind.MAP:
        if not isinstance(value, Mapping):
            failures.add(path, f"expected a map, got {_described(value)}")
            return value
        scalar = Property(Kind.STRING)
        return {key: _check_scalar(entry, scalar, f"{path}.{key}", failures) for key, entry in value.items()}
    return _check_scalar(value, item, path, failures)


def _check_block(value: Value, old: Value, item: Property, path: str, failures: _Failures) -> Value:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping):
        failures.add(path, f"expected an object, got {_described(value)}")
        return value
    return _check_object(value, old if isinstance(old, Mapping) else {}, item.fields, f"{path}.", failures)


def _check_elements(value: Value, old: Value, item: Property, path: str, failures: _Failures) -> Value:
    elements = value if isinstance(value, list) else [value]
    olds = old if isinstance(old, list) else []
    checked: list[Value] = []
    for index, element in enumerate(elements):
        # A message about an element of a set names the set only: Terraform's sets have no positions.
        at = path if item.kind is Kind.SET else f"{path}[{index}]"
        if element is None or element is UNKNOWN:
            checked.append(element)
        elif item.fields:
            block = Property(Kind.OBJECT, fields=item.fields)
            checked.append(_check_block(element, olds[index] if index < len(olds) else {}, block, at, failures))
        else:
            checked.append(_check_scalar(element, Property(Kind.STRING), at, failures))
    return checked


def _check_scalar(value: Value, item: Property, path: str, failures: _Failures) -> Value:
    if value is UNKNOWN or value is None:
        return value
    coerced = _coerced(value, item.kind)
    if coerced is None:
        failures.add(path, f"expected {item.kind.value}, got {_described(value)}")
        return value
    wrong = item.validate(coerced) if item.validate else None
    if wrong:
        failures.add(path, f"{wrong}. {wrong}")
    return coerced


def _coerced(value: Value, kind: Kind) -> bool | int | str | None:
    """`value` as a scalar of `kind`, None when it is not one."""
    if kind is Kind.STRING:
        return _as_text(value)
    if kind is Kind.BOOLEAN:
        return value if isinstance(value, bool) else _BOOLEANS.get(value) if isinstance(value, str) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return None
    return None


def _as_text(value: Value) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def terraform_name(name: str) -> str:
    """The name that the official plugin's messages use."""
    return re.sub(r"([A-Z])", r"_\1", name).lower()


def _described(value: Value) -> str:
    """A value's type, never the value: it may be a secret."""
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
