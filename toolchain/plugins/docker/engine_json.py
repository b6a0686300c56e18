"""Typed views on Docker's JSON answers, which say null where there is nothing."""

from collections.abc import Mapping

from toolchain.plugins.docker.planning import set_key
from toolchain.plugins.framework import Value


def object_at(found: Mapping[str, object], *names: str) -> Mapping[str, object]:
    """A nested object of Docker's answer; empty where Docker says null."""
    for name in names:
        inner = found.get(name)
        found = inner if isinstance(inner, Mapping) else {}
    return found


def text_at(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def number_at(found: Mapping[str, object], name: str) -> int:
    value = found.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def list_at(found: Mapping[str, object], name: str) -> list[object]:
    value = found.get(name)
    return value if isinstance(value, list) else []


def texts_at(found: Mapping[str, object], name: str) -> list[Value]:
    return [str(element) for element in list_at(found, name)]


def set_at(found: Mapping[str, object], name: str) -> list[Value]:
    return sorted({str(element) for element in list_at(found, name)}, key=set_key)


def strings_at(found: Mapping[str, object], name: str) -> dict[str, Value]:
    return {key: str(value) for key, value in object_at(found, name).items()}


def objects_at(found: Mapping[str, object], name: str) -> list[tuple[str, Mapping[str, object]]]:
    return [(key, value) for key, value in object_at(found, name).items() if isinstance(value, Mapping)]


def object_list_at(found: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    return [value for value in list_at(found, name) if isinstance(value, Mapping)]
