"""Small typed views on property values."""

from collections.abc import Mapping

from toolchain.plugins.framework import Properties, Value

MEBIBYTE = 1024 * 1024


def text(state: Mapping[str, Value], name: str) -> str:
    value = state.get(name)
    return value if isinstance(value, str) else ""


def number(state: Mapping[str, Value], name: str) -> int:
    value = state.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def flag(state: Mapping[str, Value], name: str) -> bool:
    return state.get(name) is True


def texts(state: Mapping[str, Value], name: str) -> list[str]:
    """The strings of a list or set; an empty element is an empty string."""
    value = state.get(name)
    return [element if isinstance(element, str) else "" for element in value] if isinstance(value, list) else []


def mapping(state: Mapping[str, Value], name: str) -> dict[str, str]:
    value = state.get(name)
    return {key: str(entry) for key, entry in value.items()} if isinstance(value, Mapping) else {}


def block(state: Mapping[str, Value], name: str) -> Properties:
    value = state.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def blocks(state: Mapping[str, Value], name: str) -> list[Properties]:
    value = state.get(name)
    return [dict(entry) for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def labels(state: Mapping[str, Value]) -> dict[str, str]:
    return {text(entry, "label"): text(entry, "value") for entry in blocks(state, "labels")}


def bytes_of(mebibytes: int) -> int:
    """Docker's number: zero and negative values (unlimited) are passed on."""
    return mebibytes * MEBIBYTE if mebibytes > 0 else mebibytes


def mebibytes_of(size: int) -> int:
    return size // MEBIBYTE if size > 0 else size
