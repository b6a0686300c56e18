"""Reading objects of the API server, whose fields may all be missing."""

from collections.abc import Mapping, Sequence

from .connection import Object


def at(found: object, *keys: str) -> object:
    """The value at a path; None where there is none."""
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def each_at(found: Object, *keys: str) -> Sequence[Object]:
    """The objects of the list at a path; none where there is no list."""
    value = at(found, *keys)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def label(found: Object, key: str) -> str:
    """The value of a label, "" without it. Keys have dots, so it is no path."""
    return str(at(found, "metadata", "labels", key) or "")
