"""Resource graphs as an engine hands them to a policy pack: recorded from the component, or written by hand."""

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.component.recorder import Recording

STACK, PROJECT = "test", "portus-stack"
Json = Any
Inputs = dict[str, Json]
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


@dataclass(frozen=True)
class Entry:
    """One resource."""

    urn: str
    type: str
    name: str
    inputs: Inputs
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    provider: str = ""
    parent: str = ""
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: Inputs = field(default_factory=dict)


Graph = tuple[Entry, ...]


def recorded(recording: Recording) -> Graph:
    """What a run of the component asked for."""
    return tuple(
        Entry(
            one.urn,
            one.type,
            one.name,
            one.inputs,
            one.request.protect,
            tuple(one.request.ignoreChanges),
            one.request.provider.rpartition("::")[0],
            one.request.parent,
            {name: tuple(each.urns) for name, each in one.request.propertyDependencies.items() if each.urns},
            dict(recording.outputs.get(one.urn, {})),
        )
        for one in recording
    )


def entry(type_: str, name: str, inputs: Inputs, **more: Any) -> Entry:
    """A resource written by hand, not in any component."""
    return Entry(f"urn:pulumi:{STACK}::{PROJECT}::{type_}::{name}", type_, name, inputs, **more)


def plain(value: Json) -> Json:
    """Wire values without secret signatures."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return plain(value["value"])
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Change:
    """What is done to one resource: to a copy of its inputs, and to its options."""

    name: str
    edit: Callable[[Inputs], object] | None = None
    kind: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def applied(self, graph: Graph) -> Graph:
        """The graph with the change; AssertionError when there is no such resource or nothing changed."""
        found = [each for each in graph if each.name == self.name and self.kind in each.type]
        assert len(found) == 1, f"{self.name} ({self.kind}): {[each.urn for each in found]}"
        before = found[0]
        inputs = copy.deepcopy(plain(before.inputs))
        if self.edit:
            self.edit(inputs)
        after = replace(before, inputs=inputs, **self.options)
        assert after != replace(before, inputs=plain(before.inputs)), f"{self.name}: the change changes nothing"
        return tuple(after if each is before else each for each in graph)


@dataclass(frozen=True)
class Added:
    """A resource beside the others."""

    new: Entry

    def applied(self, graph: Graph) -> Graph:
        """The graph with the resource."""
        return (*graph, self.new)


@dataclass(frozen=True)
class Removed:
    """A resource that is gone."""

    name: str
    kind: str = ""

    def applied(self, graph: Graph) -> Graph:
        """The graph without it."""
        rest = tuple(each for each in graph if not (each.name == self.name and self.kind in each.type))
        assert len(rest) == len(graph) - 1, self.name
        return rest


Mutation = Change | Added | Removed


def _walk(inputs: Json, keys: list[str]) -> tuple[Json, str | int]:
    """The holder of the last key; mappings that are missing are made."""
    for key in keys[:-1]:
        inputs = inputs[int(key)] if isinstance(inputs, list) else inputs.setdefault(key, {})
    last = keys[-1]
    return inputs, int(last) if isinstance(inputs, list) else last


def put(path: str, value: Json) -> Callable[[Inputs], None]:
    """Set what stands at a path, ``a/b/0/c``."""

    def edit(inputs: Inputs) -> None:
        holder, key = _walk(inputs, path.split("/"))
        holder[key] = value

    return edit


def drop(path: str) -> Callable[[Inputs], None]:
    """Take away what stands at a path."""

    def edit(inputs: Inputs) -> None:
        holder, key = _walk(inputs, path.split("/"))
        del holder[key]

    return edit


def add(path: str, *values: Json) -> Callable[[Inputs], None]:
    """Add to the list at a path, which is made if it is missing."""

    def edit(inputs: Inputs) -> None:
        holder, key = _walk(inputs, path.split("/"))
        holder[key] = [*(holder.get(key) or [] if isinstance(holder, dict) else holder[key]), *values]

    return edit


def swap(path: str, old: str, new: str) -> Callable[[Inputs], None]:
    """Replace a piece of text at a path."""

    def edit(inputs: Inputs) -> None:
        holder, key = _walk(inputs, path.split("/"))
        assert old in holder[key], f"{path} has no {old}"
        holder[key] = holder[key].replace(old, new)

    return edit


def in_upload(file: str, old: str, new: str) -> Callable[[Inputs], None]:
    """Replace a piece of text in an uploaded file."""

    def edit(inputs: Inputs) -> None:
        (upload,) = [each for each in inputs["uploads"] if each["file"] == file]
        assert old in upload["content"], f"{file} has no {old!r}"
        upload["content"] = upload["content"].replace(old, new)

    return edit


def env(name: str, value: str | None) -> Callable[[Inputs], None]:
    """Set, or take away, a variable of a Docker container."""

    def edit(inputs: Inputs) -> None:
        rest = [each for each in inputs.get("envs", []) if not each.startswith(f"{name}=")]
        inputs["envs"] = rest if value is None else [*rest, f"{name}={value}"]

    return edit


def state_of(graph: Iterable[Entry]) -> Json:
    """The graph as `pulumi stack export --show-secrets` writes it."""
    return {"version": 3, "deployment": {"resources": [_in_state(each) for each in graph]}}


def _in_state(one: Entry) -> Json:
    return {
        "urn": one.urn,
        "type": one.type,
        "custom": ":internal:" not in one.type and one.type != "portus:index:PortusStack",
        "inputs": _with_plaintext(one.inputs),
        "outputs": one.outputs,
        "protect": one.protect,
        "parent": one.parent,
        "ignoreChanges": list(one.ignore_changes),
        "provider": f"{one.provider}::id" if one.provider else "",
        "propertyDependencies": {name: list(urns) for name, urns in one.dependencies.items()},
    }


def _with_plaintext(value: Json) -> Json:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return {SIGNATURE: SECRET, "plaintext": json.dumps(plain(value["value"]))}
        return {key: _with_plaintext(each) for key, each in value.items()}
    return [_with_plaintext(each) for each in value] if isinstance(value, list) else value
