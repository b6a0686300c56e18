"""Whether what a stack runs on a cluster is well, and if not, why: in the words of the cluster and of the container."""

import time

from ..console import OperationError, say
from ..engine import Engine
from ..state import State
from .connection import Connection, Object, connected, path_of
from .fields import at, each_at, label

NAME_LABEL = "org.portus-stack.name"
ROLE_LABEL = "org.portus-stack.role"
_WORKLOADS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")
_LIMIT_SECONDS = 300
_POLL_SECONDS = 1.0
_REPORT_SECONDS = 15.0
_LONGEST = 300


def wait_until_ready(engine: Engine, state: State) -> None:
    """Wait until every workload of the state has its pods ready; at once where they are.

    Raises:
        OperationError: some are not within 5 minutes; the message names them and says why.
    """
    started = reported = time.monotonic()
    with connected(engine, state) as cluster:
        while True:
            found = _waiting(cluster, state)
            now = time.monotonic()
            if not found:
                return
            if now - started > _LIMIT_SECONDS:
                raise OperationError(
                    f"not ready after {_LIMIT_SECONDS} s: {'; '.join(_reasons(cluster, state) or found)}",
                    f"correct the cause, run `{engine.stack.command('up')}` again",
                )
            if now - reported > _REPORT_SECONDS or reported == started:
                say(f"waiting for {'; '.join(found)}")
                reported = now
            time.sleep(_POLL_SECONDS)


def unwell(engine: Engine, state: State) -> list[str]:
    """What is wrong with the pods of a stack, ``role: reason``; [] when nothing is."""
    with connected(engine, state) as cluster:
        return _reasons(cluster, state)


def node_address(engine: Engine, state: State) -> str:
    """Where a NodePort is reached: the address of the first node; "" when it is not told."""
    with connected(engine, state) as cluster:
        for node in cluster.items("/api/v1/nodes"):
            for each in each_at(node, "status", "addresses"):
                if each.get("type") == "InternalIP":
                    return str(each.get("address"))
    return ""


def _waiting(cluster: Connection, state: State) -> list[str]:
    waiting = []
    for resource in state.kubernetes_resources:
        if resource.type not in _WORKLOADS or resource.replaced:
            continue
        namespace, _, name = resource.id.rpartition("/")
        found = cluster.ask("GET", path_of(resource.type, namespace, name))
        if found is None:
            waiting.append(f"{name} (gone)")
            continue
        wanted, ready = at(found, "spec", "replicas"), at(found, "status", "readyReplicas") or 0
        if wanted != ready:
            waiting.append(f"{name} ({ready} of {wanted} ready)")
    return waiting


def _reasons(cluster: Connection, state: State) -> list[str]:
    found: dict[str, None] = {}
    for namespace, name in sorted(state.kubernetes_stacks):
        query = {"labelSelector": f"{NAME_LABEL}={name}"}
        for pod in cluster.items(path_of("kubernetes:core/v1:Pod", namespace), query):
            reason = reason_of(pod)
            if reason:
                found[f"{label(pod, ROLE_LABEL)}: {reason}"[:_LONGEST]] = None
        for event in cluster.items(path_of("kubernetes:core/v1:Event", namespace), {"fieldSelector": "type=Warning"}):
            if event.get("reason") in ("FailedCreate", "ProvisioningFailed") and _concerns(event, name):
                found[f"{at(event, 'involvedObject', 'name')}: {event.get('message')}"[:_LONGEST]] = None
    return list(found)


def _concerns(event: Object, name: str) -> bool:
    return str(at(event, "involvedObject", "name")).startswith(f"{name}-")


def reason_of(pod: Object) -> str:
    """Why a pod is not ready, as far as it says; "" when it is, or when it has done its work."""
    if at(pod, "status", "phase") == "Succeeded":
        return ""
    conditions = {str(each.get("type")): each for each in each_at(pod, "status", "conditions")}
    if conditions.get("Ready", {}).get("status") == "True":
        return ""
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return f"{scheduled.get('reason')}: {scheduled.get('message')}"
    words = []
    for container in each_at(pod, "status", "containerStatuses"):
        for state in (at(container, "state", "waiting"), at(container, "lastState", "terminated")):
            if isinstance(state, dict):
                last = str(state.get("message") or f"exit code {state.get('exitCode', '?')}").strip()
                words.append(f"{state.get('reason')}: {' '.join(last.split())}")
    return "; ".join(words) or "not ready yet"
