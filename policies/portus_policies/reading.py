"""Reads what `check` judges: an exported state, a saved plan, or the JSON of a preview; resource by resource.

Files may be large, broken or hostile: memory is bounded, and no error shows what stood in the file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

import ijson

from .resource import Options, Resource
from .settings import Settings
from .values import UNKNOWN, Value
from .wire import plain_properties

LARGEST_MEBIBYTES = 1024
MOST_RESOURCES = 100_000
_LONGEST_KEPT = 256
_DEEPEST = 400
"""More levels than any provider has; each costs a level of recursion."""
_FORMS = {"deployment": "deployment.resources.item", "steps": "steps.item", "resourcePlans": "resourcePlans"}
_MEBIBYTE = 1024 * 1024


class BadInput(Exception):
    """The file cannot be judged; the message says why and what to give instead."""


def read_resources(path: Path, settings: Settings) -> Iterator[Resource]:
    """The resources of a file, in its order.

    Raises:
        BadInput: it is not there, too large, broken, or not one of the three forms.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_MEBIBYTES * _MEBIBYTE:
            raise BadInput(f"{path.name} is larger than {LARGEST_MEBIBYTES} MiB; split the stack")
        with path.open("rb") as file:
            form = _form(file)
            file.seek(0)
            yield from _resources(file, form, settings)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; give the output of `pulumi stack export`") from None
    except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
        raise BadInput(f"{path.name} is not JSON, or it ends too early ({type(error).__name__})") from None
    except RecursionError:
        raise BadInput(f"{path.name} is nested too deeply to be a state or a plan") from None


def _form(file: IO[bytes]) -> str:
    depth = 0
    for prefix, event, value in ijson.parse(file):
        depth += (event in ("start_map", "start_array")) - (event in ("end_map", "end_array"))
        _limit(depth)
        if event == "map_key" and prefix == "" and value in _FORMS:
            return str(value)
    raise BadInput(
        "this is neither a state (`pulumi stack export`), a plan (`pulumi preview --save-plan`) nor a preview "
        "(`pulumi preview --json`)"
    )


def _limit(depth: int) -> None:
    if depth > _DEEPEST:
        raise RecursionError


def _resources(file: IO[bytes], form: str, settings: Settings) -> Iterator[Resource]:
    count = 0
    for urn, entry in _entries(file, form):
        resource = _resource(urn, entry, form, settings) if isinstance(entry, Mapping) else None
        if resource is None:
            continue
        count += 1
        if count > MOST_RESOURCES:
            raise BadInput(f"there are more than {MOST_RESOURCES} resources; split the stack")
        yield resource


def _entries(file: IO[bytes], form: str) -> Iterator[tuple[str, object]]:
    """Each entry; the events are counted so that depth is bounded before anything recurses."""
    if form == "resourcePlans":
        yield from ijson.kvitems(_shallow(file), "resourcePlans", use_float=True)
    else:
        for entry in ijson.items(_shallow(file), _FORMS[form], use_float=True):
            yield "", entry


def _shallow(file: IO[bytes]) -> Iterator[tuple[str, str, object]]:
    depth = 0
    for prefix, event, value in ijson.parse(file, use_float=True):
        if event in ("start_map", "start_array"):
            depth += 1
            _limit(depth)
        elif event in ("end_map", "end_array"):
            depth -= 1
        yield prefix, event, value


def _resource(urn: str, entry: Mapping[str, object], form: str, settings: Settings) -> Resource | None:
    if form == "resourcePlans":
        goal = entry.get("goal")
        return _from_plan(urn, goal, settings) if isinstance(goal, Mapping) else None
    if form == "steps":
        state = entry.get("newState")
        if str(entry.get("op")).startswith("delete") or not isinstance(state, Mapping):
            return None
        return _from_state(state, settings)
    return None if entry.get("delete") else _from_state(entry, settings)


def _from_state(state: Mapping[str, object], settings: Settings) -> Resource | None:
    urn, kind = state.get("urn"), state.get("type")
    if not isinstance(urn, str) or not isinstance(kind, str):
        raise BadInput("a resource has no URN or no type; give the output of `pulumi stack export`, unchanged")
    properties, secrets = plain_properties(state.get("inputs"))
    outputs, secret_outputs = plain_properties(state.get("outputs"))
    custom = bool(state.get("custom"))
    return Resource(
        urn,
        kind,
        urn.rpartition("::")[2],
        properties,
        _options(state),
        str(state.get("parent") or ""),
        _dependencies(state.get("propertyDependencies")),
        secrets if custom else secret_outputs,
        outputs,
        settings,
    )


def _from_plan(urn: str, goal: Mapping[str, object], settings: Settings) -> Resource:
    """A plan holds what is added to and changed in the inputs; the inputs that stay are in the state."""
    difference = goal.get("inputDiff")
    adds = difference.get("adds") if isinstance(difference, Mapping) else None
    updates = difference.get("updates") if isinstance(difference, Mapping) else None
    given = {**_mapping(adds), **_mapping(updates)}
    properties, secrets = plain_properties(given)
    return Resource(
        urn,
        str(goal.get("type") or ""),
        str(goal.get("name") or urn.rpartition("::")[2]),
        properties,
        _options(goal),
        str(goal.get("parent") or ""),
        _dependencies(goal.get("propertyDependencies")),
        secrets,
        settings=settings,
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _options(state: Mapping[str, object]) -> Options:
    ignored = state.get("ignoreChanges")
    provider = str(state.get("provider") or "").rpartition("::")[0]
    names = tuple(str(each) for each in ignored) if isinstance(ignored, list) else ()
    return Options(state.get("protect") is True, names, provider)


def _dependencies(given: object) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, urns in _mapping(given).items():
        if isinstance(urns, list) and urns:
            found[sys.intern(str(name))] = tuple(sys.intern(str(urn)) for urn in urns)
    return found


def kept(resource: Resource) -> Resource:
    """What rules about whole stacks need of a resource: long texts become unknown, so that memory stays bounded."""
    return replace(
        resource,
        properties={name: _short(value) for name, value in resource.properties.items()},
        outputs={name: _short(value) for name, value in resource.outputs.items()} if _is_root(resource) else {},
    )


def _is_root(resource: Resource) -> bool:
    return resource.type in ("pulumi:pulumi:Stack", "portus:index:PortusStack") or resource.type.startswith(
        ("random:", "tls:")
    )


def _short(value: Value) -> Value:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_KEPT or "PRIVATE KEY" in value[:64] else UNKNOWN
    if isinstance(value, list):
        return [_short(each) for each in value]
    if isinstance(value, dict):
        return {sys.intern(key): _short(each) for key, each in value.items()}
    return value
