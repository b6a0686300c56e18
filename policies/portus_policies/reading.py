"""Reads what `check` evaluates: an exported state, a saved plan, or the JSON of a preview; resource by resource.

Files may be large, broken or hostile: memory is bounded, and no error shows what stood in the file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
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
_STARTS, _ENDS = frozenset({"start_map", "start_array"}), frozenset({"end_map", "end_array"})
_PLAN_DEPTH, _DEEPEST_RESOURCE = 2, 3
_DEEPEST = 400
"""More levels than any provider has; each costs a level of recursion."""
_FORMS: dict[tuple[str | None, ...], str] = {("deployment", "resources", None): "state", ("steps", None): "preview"}
"""Where resources stand: the keys of what is around them, None for a list."""
_PLAN = "resourcePlans"
_MEBIBYTE = 1024 * 1024
_READ_BYTES = 4 * _MEBIBYTE
"""Read at a time: the parser begins a text anew with each read, so that small ones take quadratic time."""


class BadInput(Exception):
    """The file cannot be evaluated; the message says why and what to give instead."""


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
            yield from _resources(file, settings)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; give the output of `pulumi stack export`") from None
    except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
        raise BadInput(f"{path.name} is not JSON, or it ends too early ({type(error).__name__})") from None
    except RecursionError:
        raise BadInput(f"{path.name} is nested too deeply to be a state or a plan") from None


def _resources(file: IO[bytes], settings: Settings) -> Iterator[Resource]:
    count, known = 0, False
    for form, urn, entry in _entries(file):
        known = True
        resource = _resource(urn, entry, form, settings) if isinstance(entry, Mapping) else None
        if resource is None:
            continue
        count += 1
        if count > MOST_RESOURCES:
            raise BadInput(f"there are more than {MOST_RESOURCES} resources; split the stack")
        yield resource
    if not known:
        raise BadInput(
            "this is neither a state (`pulumi stack export`), a plan (`pulumi preview --save-plan`) nor a preview "
            "(`pulumi preview --json`), or it has no resources"
        )


def _entries(file: IO[bytes]) -> Iterator[tuple[str, str, object]]:
    """Form, URN (of a plan's) and content of each resource.

    Read from events, because what keeps the path of each event needs memory in the square of the nesting.
    """
    keys: list[str | None] = []
    builder: ijson.ObjectBuilder | None = None
    begun, form, urn = 0, "", ""
    for event, value in ijson.basic_parse(file, use_float=True, buf_size=_READ_BYTES):
        starts, ends = event in _STARTS, event in _ENDS
        if starts and builder is None and event == "start_map":
            found = _form(keys)
            if found:
                builder, begun, form, urn = ijson.ObjectBuilder(), len(keys), found, str(keys[-1] or "")
        if ends:
            keys.pop()
        elif starts:
            keys.append(None)
            if len(keys) > _DEEPEST:
                raise RecursionError
        elif event == "map_key":
            keys[-1] = value
        if builder is not None:
            builder.event(event, value)
            if ends and len(keys) == begun:
                yield form, urn, builder.value
                builder = None


def _form(keys: Sequence[str | None]) -> str:
    """The form of file whose resources stand at this place, "" for none; a plan's are in a mapping by URN."""
    if len(keys) == _PLAN_DEPTH and keys[0] == _PLAN:
        return "plan"
    return _FORMS.get(tuple(keys), "") if len(keys) <= _DEEPEST_RESOURCE else ""


def _resource(urn: str, entry: Mapping[str, object], form: str, settings: Settings) -> Resource | None:
    if form == "plan":
        goal, steps = entry.get("goal"), entry.get("steps")
        if not isinstance(goal, Mapping):
            return None
        if isinstance(steps, list) and "create" not in steps and goal.get("custom") and goal.get("inputDiff"):
            raise BadInput(
                "a plan tells only what changes in resources that exist already; give the output of "
                "`pulumi preview --json --show-sames` instead"
            )
        return _from_plan(urn, goal, settings)
    if form == "preview":
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
