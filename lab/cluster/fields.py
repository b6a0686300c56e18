"""Reading fields of Kubernetes objects: absent ones are empty."""

from __future__ import annotations

from lab.cluster.api import Object


def part(subject: Object, *path: str) -> Object:
    """The mapping at this path; empty when it, or anything on the way, is absent."""
    for name in path:
        found = subject.get(name)
        subject = found if isinstance(found, dict) else {}
    return subject


def texts(subject: Object, *path: str) -> dict[str, str]:
    """A mapping of texts, such as labels."""
    return {key: value for key, value in part(subject, *path).items() if isinstance(value, str)}


def text(subject: Object, *path: str) -> str:
    """The text at this path, a number as its digits; empty when it is absent."""
    found = part(subject, *path[:-1]).get(path[-1])
    return "" if found is None else str(found)


def parts(subject: Object, *path: str) -> list[Object]:
    """The list of mappings at this path; empty when it is absent."""
    found = part(subject, *path[:-1]).get(path[-1])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def names(subject: Object, *path: str) -> list[str]:
    """The list of texts at this path; empty when it is absent."""
    found = part(subject, *path[:-1]).get(path[-1])
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
