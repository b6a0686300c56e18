"""Typed inputs with the rules of the Terraform Plugin Framework, which the official random and tls providers are built
on.

Sources: terraform-plugin-framework 1.19, terraform-plugin-framework-validators 0.19, pulumi-terraform-bridge 3.137
(`pkg/pf/tfbridge`, `pkg/convert`). Error texts are theirs where a program or a test may look for them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from toolchain.plugins.framework.resource import ProviderError
from toolchain.plugins.framework.values import UNKNOWN, Properties, Unknown, Value


class Kind(Enum):
    """The type of an input; the value is how an error names it."""

    STRING = "a string"
    INTEGER = "a Number"
    BOOLEAN = "a Boolean"
    STRINGS = "an Array PropertyValue"
    STRING_MAP = "an Object PropertyValue"
    OBJECT = "an Object PropertyValue with the fields of a block"


@dataclass(frozen=True)
class Finding:
    """What is wrong with an input. `path` is Pulumi's path below the resource (`allowedUses[0]`)."""

    summary: str
    detail: str
    path: str


Rule = Callable[[Value], tuple[str, str] | None]
"""Judges a known value: None, or a summary and what is said after "Attribute NAME"."""

Replaces = Callable[[Value, Value], bool]
"""Whether a change from the state's value to the planned one replaces the resource."""


def always(old: Value, new: Value) -> bool:
    """Every change replaces."""
    return True


def never(old: Value, new: Value) -> bool:
    """No change replaces: the state takes the new value."""
    return False


@dataclass(frozen=True)
class Input:
    """One input. `description` completes the message about a missing one; `default` is filled in when planning (never
    into the inputs); `computed` keeps the state's value when the program says nothing; `item_rules` judge the elements
    of a list; `refused` says why a given value is not covered.
    """

    kind: Kind
    description: str = ""
    required: bool = False
    default: Value = None
    computed: bool = False
    replaces: Replaces = always
    secret: bool = False
    rules: Sequence[Rule] = ()
    item_rules: Sequence[Rule] = ()
    fields: Mapping[str, "Input"] = field(default_factory=dict)
    terraform_name: str | None = None
    refused: str | None = None


def at_least(minimum: int) -> Rule:
    """The number is `minimum` or more."""

    def judge(value: Value) -> tuple[str, str] | None:
        if isinstance(value, int) and value < minimum:
            return "Invalid Attribute Value", f"value must be at least {minimum}, got: {value}"
        return None

    return judge


def one_of(*allowed: str) -> Rule:
    """The string is one of `allowed`, in that order in the message."""

    def judge(value: Value) -> tuple[str, str] | None:
        if value in allowed:
            return None
        choices = " ".join(map(_quoted, allowed))
        return "Invalid Attribute Value Match", f"value must be one of: [{choices}], got: {_quoted(str(value))}"

    return judge


def not_empty(value: Value) -> tuple[str, str] | None:
    """The string has at least one character."""
    return ("Invalid Attribute Value Length", "string length must be at least 1, got: 0") if value == "" else None


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def terraform_name(name: str, spec: Input) -> str:
    """The name that the official provider's messages use: `byteLength` is `byte_length`."""
    return spec.terraform_name or re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def configuration(inputs: Mapping[str, Input], values: Properties) -> Properties:
    """`values` converted to the inputs' types, without nulls and without keys that are no inputs (which the official
    plugins ignore).

    Raises `ProviderError` for a value that cannot be converted; the message does not quote it.
    """
    known = {name: value for name, value in values.items() if name in inputs and value is not None}
    converted = {name: _convert(inputs[name], terraform_name(name, inputs[name]), known[name]) for name in known}
    return {name: value for name, value in converted.items() if value is not None}


def _convert(spec: Input, name: str, value: Value) -> Value:
    if isinstance(value, Unknown):
        return dict.fromkeys(spec.fields, UNKNOWN) if spec.kind is Kind.OBJECT else UNKNOWN
    converters: Mapping[Kind, Callable[[Value], Value]] = {
        Kind.STRING: _string,
        Kind.INTEGER: _integer,
        Kind.BOOLEAN: lambda given: _expect(given, isinstance(given, bool)),
        Kind.STRINGS: _strings,
        Kind.STRING_MAP: _string_map,
        Kind.OBJECT: lambda given: configuration(spec.fields, _mapping(given)),
    }
    try:
        return converters[spec.kind](value)
    except (TypeError, ValueError) as error:
        raise ProviderError(f"objectEncoder failed on property {_quoted(name)}: Expected {spec.kind.value}") from error


def _expect(value: Value, holds: bool) -> Value:
    if not holds:
        raise TypeError
    return value


def _string(value: Value) -> Value:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return _expect(value, value is None or isinstance(value, str | Unknown))


def _integer(value: Value) -> Value:
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]*", value):
        return int(value) if value else None
    return _expect(value, isinstance(value, int) and not isinstance(value, bool))


def _strings(value: Value) -> Value:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError
    return [_string(item) for item in value]


def _mapping(value: Value) -> Properties:
    if not isinstance(value, Mapping):
        raise TypeError
    return dict(value)


def _string_map(value: Value) -> Value:
    return {key: _string(item) for key, item in _mapping(value).items()}


def findings(inputs: Mapping[str, Input], config: Properties) -> Iterator[Finding]:
    """Everything that the inputs' own rules say about a configuration; unknown values are not judged."""
    for name, spec in inputs.items():
        value = config.get(name)
        if spec.refused and value is not None:
            yield Finding("Input not covered", spec.refused, name)
        if spec.rules:
            yield from _judge(spec.rules, value, name, terraform_name(name, spec))
        if spec.item_rules and isinstance(value, Sequence) and not isinstance(value, str):
            for index, item in enumerate(value):
                place = f"[{index}]"
                yield from _judge(spec.item_rules, item, name + place, terraform_name(name, spec) + place)


def _judge(rules: Sequence[Rule], value: Value, path: str, name: str) -> Iterator[Finding]:
    if value is None or isinstance(value, Unknown):
        return
    for rule in rules:
        verdict = rule(value)
        if verdict is not None:
            yield Finding(verdict[0], f"Attribute {name} {verdict[1]}", path)
