"""Diff: the last state against the inputs, without asking the API server.

Source: `provider.go` (`Diff`) and `diff.go` of pulumi-kubernetes. Of the state only what the last inputs had counts, so
that the server's defaults do not show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolchain.plugins.framework import UNKNOWN, Diff, DiffKind, DiffRequest, Properties, Severity, Value
from toolchain.plugins.kubernetes.cluster import Cluster
from toolchain.plugins.kubernetes.kinds import Kind, kind_of
from toolchain.plugins.kubernetes.normalising import normalised
from toolchain.plugins.kubernetes.objects import (
    DEFAULT_NAMESPACE,
    annotation,
    is_autonamed,
    mapping,
    name_of,
    namespace_of,
    plain_properties,
    with_metadata,
)
from toolchain.plugins.kubernetes.paths import covers, parse_path, written_path
from toolchain.plugins.kubernetes.readiness import is_ready_job
from toolchain.plugins.kubernetes.replacing import Path, replaces, replacing_paths
from toolchain.plugins.kubernetes.state import inputs_of, live_of, pruned

REPLACE_UNREADY = "pulumi.com/replaceUnready"
_NOT_SUPPORTED = "replaceUnready annotation is not supported for this resource"

_REPLACING = {
    DiffKind.ADD: DiffKind.ADD_REPLACE,
    DiffKind.DELETE: DiffKind.DELETE_REPLACE,
    DiffKind.UPDATE: DiffKind.UPDATE_REPLACE,
}


@dataclass(frozen=True)
class _Change:
    path: Path
    kind: DiffKind
    new: Value


def compare(cluster: Cluster, request: DiffRequest) -> Diff:
    """The diff of a resource whose state is `request.olds`."""
    state = plain_properties(request.olds)
    live = live_of(state)
    news = plain_properties(request.news)
    kind = kind_of(news)
    new = _comparable(cluster, kind, normalised(kind, news))
    old = _comparable(cluster, kind, mapping(pruned(live, inputs_of(state) or plain_properties(request.old_inputs))))
    old = with_metadata(old, resourceVersion=None)
    if name_of(new) and name_of(live):
        old = with_metadata(old, name=name_of(live))
    ignored = [parse_path(path) for path in request.ignore_changes]
    changes = [change for change in _changes((), old, new) if not any(covers(path, change.path) for path in ignored)]
    replacing = replacing_paths(kind, new, cluster.settings)
    detailed = {written_path(change.path): _kind(change, replacing) for change in changes}
    replaced = [path for path, change_kind in detailed.items() if change_kind in _REPLACING.values()]
    replaced += _unready(cluster, request, kind, live, new)
    return Diff(
        changed=bool(detailed or replaced),
        detailed=detailed,
        replaces=replaced,
        delete_before_replace=bool(replaced) and _same_name(live, new),
        input_diffs=[path for path, change_kind in detailed.items() if change_kind.value.startswith("delete")],
    )


def _comparable(cluster: Cluster, kind: Kind, obj: Properties) -> Properties:
    if namespace_of(obj):
        return obj if cluster.is_namespaced(kind) else with_metadata(obj, namespace=None)
    known = isinstance(obj.get("metadata"), dict) and mapping(obj["metadata"]).get("namespace") is None
    return with_metadata(obj, namespace=DEFAULT_NAMESPACE) if known and cluster.is_namespaced(kind) else obj


def _kind(change: _Change, replacing: Sequence[tuple[str, ...]]) -> DiffKind:
    return _REPLACING[change.kind] if replaces(change.path, change.new, replacing) else change.kind


def _changes(path: Path, old: Value, new: Value) -> Iterator[_Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in (*old, *(name for name in new if name not in old)):
            yield from _entry((*path, name), name, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            place = (*path, index)
            if index >= len(new):
                yield _Change(place, DiffKind.DELETE, None)
            elif index >= len(old):
                yield _Change(place, DiffKind.ADD, new[index])
            else:
                yield from _changes(place, old[index], new[index])
    elif not _is_same(old, new):
        yield _Change(path, DiffKind.UPDATE, new)


def _entry(path: Path, name: str, old: Properties, new: Properties) -> Iterator[_Change]:
    if new.get(name) is None:
        if name in old:
            yield _Change(path, DiffKind.DELETE, None)
    elif name not in old:
        yield _Change(path, DiffKind.ADD, new[name])
    else:
        yield from _changes(path, old[name], new[name])


def _is_same(old: Value, new: Value) -> bool:
    if new is UNKNOWN or old != new:
        return False
    return type(old) is type(new) or (_is_number(old) and _is_number(new))


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_name(live: Properties, new: Properties) -> bool:
    """Whether the replacement cannot stand beside what it replaces."""
    if is_autonamed(new) or not name_of(new) or name_of(new) != name_of(live):
        return False
    return (namespace_of(new) or DEFAULT_NAMESPACE) == (namespace_of(live) or DEFAULT_NAMESPACE)


def _unready(cluster: Cluster, request: DiffRequest, kind: Kind, live: Properties, new: Properties) -> list[str]:
    """A Job that has to be replaced because it did not complete."""
    if annotation(new, REPLACE_UNREADY) != "true":
        return []
    if (kind.group, kind.kind) != ("batch", "Job"):
        request.log(Severity.WARNING, _NOT_SUPPORTED)
        return []
    if cluster.unreachable():
        request.log(Severity.WARNING, "the cluster is unreachable, so readiness is not looked at for replaceUnready")
        return []
    ready = is_ready_job(cluster, kind, live)
    return [] if ready else [written_path(("metadata", "annotations", REPLACE_UNREADY))]
