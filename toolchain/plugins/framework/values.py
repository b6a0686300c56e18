"""Property values as plain Python.

In: `None`, `bool`, `int` (every whole number), `float`, `str`, `list`, `dict` and `UNKNOWN`. A plugin declares that it
accepts no resource references or output values, and unless it says otherwise no secrets, so the engine sends plain
values and marks an output as secret when the input of the same name is one. Out: the same, and `Secret(value)` for what
the provider itself declares sensitive.

Source of the constants: `sdk/go/common/resource/plugin/rpc.go` and `sdk/go/common/resource/sig` of Pulumi 3.254.0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from google.protobuf import struct_pb2


class Unknown(Enum):
    """The type of `UNKNOWN`, an enumeration so that type checkers can narrow by `is`."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
"""A value that exists only after the update: what a preview passes for an output that is not there yet."""


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts in its state and never displays."""

    value: "Value"

    def __repr__(self) -> str:
        return "Secret(...)"


Value: TypeAlias = bool | int | float | str | Unknown | Secret | Sequence["Value"] | Mapping[str, "Value"] | None
Properties: TypeAlias = dict[str, Value]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


def contains_unknown(value: Value) -> bool:
    """Whether `value` is unknown or holds an unknown at any depth."""
    if value is UNKNOWN:
        return True
    if isinstance(value, Secret):
        return contains_unknown(value.value)
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(contains_unknown(item) for item in value)
    return False


def unmarshal(struct: struct_pb2.Struct, *, keep_secrets: bool = False) -> Properties:
    """Read the engine's properties; `keep_secrets` keeps what is secret in a `Secret`. Raises `ValueError` for assets,
    archives and resource references, which no covered resource takes.
    """
    return {key: _unmarshal_value(value, keep_secrets) for key, value in struct.fields.items()}


def _unmarshal_value(value: struct_pb2.Value, keep_secrets: bool) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "list_value":
        return [_unmarshal_value(item, keep_secrets) for item in value.list_value.values]
    if kind == "struct_value":
        return _unmarshal_struct(value.struct_value, keep_secrets)
    return None


def _unmarshal_struct(struct: struct_pb2.Struct, keep_secrets: bool) -> Value:
    fields = struct.fields
    if _SIGNATURE not in fields:
        return unmarshal(struct, keep_secrets=keep_secrets)
    signature = fields[_SIGNATURE].string_value
    if signature == _SECRET:
        value = _unmarshal_value(fields["value"], keep_secrets)
        return Secret(value) if keep_secrets else value
    if signature == _OUTPUT_VALUE:
        return _unmarshal_value(fields["value"], keep_secrets) if "value" in fields else UNKNOWN
    raise ValueError(f"assets, archives and resource references are not accepted (signature {signature})")


def marshal(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    """Write properties for the engine."""
    return struct_pb2.Struct(fields={key: _marshal_value(value) for key, value in properties.items()})


def _marshal_value(value: Value) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, Unknown):
        return struct_pb2.Value(string_value=_UNKNOWN_STRING)
    if isinstance(value, bool | int | float | str):
        return _marshal_scalar(value)
    if isinstance(value, Sequence):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_marshal_value(item) for item in value]))
    fields = {_SIGNATURE: _SECRET, "value": value.value} if isinstance(value, Secret) else value
    return struct_pb2.Value(struct_value=marshal(fields))


def _marshal_scalar(value: bool | int | float | str) -> struct_pb2.Value:
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    return struct_pb2.Value(number_value=value)
