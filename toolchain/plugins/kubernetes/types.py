"""The Go types of the built-in kinds, and what a trip through them does to an object.

The official provider reads every built-in object into its Go type and writes it again, with each Check: unknown fields
vanish, quantities become canonical, zero values without a pointer go. `types.json` says what each field is; its
generator's README explains the codes.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from toolchain.plugins.framework import Properties, Value
from toolchain.plugins.kubernetes.quantities import canonical

_FLAGS = "?0"
_ACCEPTED: Mapping[str, tuple[type, ...]] = {
    **{"s": (str,), "t": (str,), "b": (bool,)},
    **{"i": (int,), "f": (int, float), "x": (int, str)},
}
_HIDDEN = frozenset({"status"})


class MismatchError(Exception):
    """A value is not of its field's type."""


@cache
def _table() -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    table = json.loads((Path(__file__).parent / "types.json").read_text(encoding="utf-8"))
    return table["kinds"], table["types"]


def has_type(key: str) -> bool:
    """Whether there is a type for `apiVersion/Kind`."""
    return key in _table()[0]


def input_names(key: str) -> list[str]:
    """The top-level fields of a kind that a program can set; empty for an unknown one."""
    kinds, types = _table()
    return [name for name in types[kinds[key]] if name not in _HIDDEN] if key in kinds else []


def through_type(key: str, obj: Properties) -> Properties:
    """An object after the trip through its type. Raises `MismatchError` when it cannot be read into it, and `KeyError`
    when there is no type.
    """
    written = _struct(_table()[0][key], obj)
    return {name: written[name] for name in obj if name in written}


def _struct(name: str, value: Value) -> Properties:
    if not isinstance(value, Mapping):
        raise MismatchError
    fields = _table()[1][name]
    written: Properties = {}
    for key, item in value.items():
        code = fields.get(key)
        if code is None or item is None:
            continue
        kind, flags = code.rstrip(_FLAGS), code[len(code.rstrip(_FLAGS)) :]
        converted = _value(kind.lstrip("*"), item)
        if kind.startswith("*") or not _omitted(kind, flags, converted):
            written[key] = converted
    return written


def _omitted(kind: str, flags: str, value: Value) -> bool:
    if kind.startswith("@"):
        return "0" in flags and not value
    return bool(flags) and value in ("", 0, False, [], {})


def _value(kind: str, value: Value) -> Value:
    letter, rest = kind[0], kind[1:]
    if letter == "@":
        return _struct(rest, value)
    if letter == "[":
        if not isinstance(value, list):
            raise MismatchError
        return [_value(rest.lstrip("*"), item) for item in value]
    if letter == "{":
        if not isinstance(value, Mapping):
            raise MismatchError
        return {name: _value(rest.lstrip("*"), item) for name, item in value.items()}
    return _scalar(letter, value)


def _scalar(letter: str, value: Value) -> Value:
    if letter == "o":
        return value
    if letter == "q":
        return _quantity(value)
    if letter == "y":
        return _bytes(value)
    if not isinstance(value, _ACCEPTED[letter]) or (letter in "ifx" and isinstance(value, bool)):
        raise MismatchError
    return value


def _quantity(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MismatchError
    try:
        return canonical(str(value))
    except ValueError as error:
        raise MismatchError from error


def _bytes(value: Value) -> str:
    if not isinstance(value, str):
        raise MismatchError
    try:
        return base64.b64encode(base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)).decode()
    except binascii.Error as error:
        raise MismatchError from error
