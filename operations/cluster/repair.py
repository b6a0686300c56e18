"""Makes a stack on a cluster ready for the engine again: see :mod:`operations.repair`.

What an interrupted `up` made without the engine's knowledge is found by the deployment's label and removed, so that its
name is free; what is gone is forgotten, so that the next `up` makes it again. Claims hold data and are never removed,
unless the engine was about to make them: then no pod has had them yet.
"""

import time
from collections.abc import Sequence

from ..console import OperationError, say
from ..engine import Engine
from ..repair import actions
from ..state import Resource, State
from .connection import Connection, connected, path_of

DEPLOYMENT_LABEL = "org.portus-stack.deployment"
_CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
_KINDS = (
    *("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet", "kubernetes:batch/v1:Job"),
    *("kubernetes:core/v1:Service", "kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Secret", _CLAIM),
    *("kubernetes:core/v1:ServiceAccount", "kubernetes:networking.k8s.io/v1:NetworkPolicy"),
    *("kubernetes:networking.k8s.io/v1:Ingress", "kubernetes:policy/v1:PodDisruptionBudget"),
)
_GONE_SECONDS = 300
"""Longer than any pod is given to end."""
_POLL_SECONDS = 0.5
_Orphan = tuple[str, str, str]
"""Type, namespace, name."""


def repair_cluster(engine: Engine, state: State, restart: bool) -> bool:
    """Whether there was anything to repair. ``restart`` False, before a removal, leaves what is gone to the engine."""
    with connected(engine, state) as cluster:
        orphans = _orphans(cluster, state)
        missing = _missing(cluster, state) if restart else []
        for orphan in orphans:
            _remove(cluster, orphan, state)
    if state.pending:
        actions.clear_pending(engine, state)
    if missing:
        actions.forget(engine, state, missing)
    return bool(orphans or state.pending or missing)


def _orphans(cluster: Connection, state: State) -> list[_Orphan]:
    known = {(each.type, each.id) for each in state.kubernetes_resources}
    found: list[_Orphan] = []
    selector = f"{DEPLOYMENT_LABEL} in ({','.join(sorted(state.deployments))})"
    for namespace in sorted({namespace for namespace, _ in state.kubernetes_stacks}) if state.deployments else []:
        for type_ in _KINDS:
            for each in cluster.items(path_of(type_, namespace), {"labelSelector": selector}):
                metadata = each.get("metadata")
                name = str(metadata.get("name")) if isinstance(metadata, dict) else ""
                owned = isinstance(metadata, dict) and metadata.get("ownerReferences")
                if name and not owned and (type_, f"{namespace}/{name}") not in known:
                    found.append((type_, namespace, name))
    return found


def _missing(cluster: Connection, state: State) -> Sequence[Resource]:
    found = []
    for each in state.kubernetes_resources:
        namespace, _, name = each.id.rpartition("/")
        if name and not each.replaced and cluster.ask("GET", path_of(each.type, namespace, name)) is None:
            found.append(each)
    return found


def _remove(cluster: Connection, orphan: _Orphan, state: State) -> None:
    type_, namespace, name = orphan
    kind = type_.rpartition(":")[2]
    was_being_made = any(each.type == "creating" and each.resource.type == type_ for each in state.pending)
    if type_ == _CLAIM and not was_being_made:
        raise OperationError(
            f"{kind} {namespace}/{name} holds data of this deployment, but no state knows it",
            f"`pulumi import` it, or remove it for good: kubectl -n {namespace} delete pvc {name}",
        )
    path, deadline = path_of(type_, namespace, name), time.monotonic() + _GONE_SECONDS
    cluster.ask("DELETE", path, {"propagationPolicy": "Foreground"})
    while cluster.ask("GET", path) is not None:  # until then its name is taken
        if time.monotonic() > deadline:
            raise OperationError(
                f"{kind} {namespace}/{name} does not go away", f"see why: kubectl -n {namespace} describe {kind} {name}"
            )
        time.sleep(_POLL_SECONDS)
    say(f"removed {kind} {name}: no state knows it")
