"""The source of a status on Kubernetes: the API server's own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from kubernetes.utils.quantity import parse_quantity

from ..cluster.connection import Connection, Object, connected, path_of
from ..cluster.fields import at, each_at, label
from ..cluster.health import NAME_LABEL, ROLE_LABEL
from ..engine import Engine
from ..state import Resource, State
from .model import HEALTHY, MISSING, Running
from .times import parsed

_METRICS = "/apis/metrics.k8s.io/v1beta1/namespaces/{}/pods"
_STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
_JOB = "kubernetes:batch/v1:Job"
_RUNNERS = ("kubernetes:apps/v1:Deployment", _STATEFUL_SET, _JOB)


def running(engine: Engine, state: State) -> dict[str, Running]:
    """Name of the resource → how it runs, for every process of the state that its cluster has to run.

    Memory is told where the cluster has the metrics API, which is an addition to Kubernetes.

    Raises:
        OperationError: the cluster does not answer.
    """
    found: dict[str, Running] = {}
    with connected(engine, state) as cluster:
        for namespace, name in sorted(state.kubernetes_stacks):
            query = {"labelSelector": f"{NAME_LABEL}={name}"}
            pods = cluster.items(path_of("kubernetes:core/v1:Pod", namespace), query)
            used = _memory(cluster.items(_METRICS.format(namespace), query))
            for role, runners in _by_role(cluster, state, namespace, name).items():
                own = [pod for pod in pods if label(pod, ROLE_LABEL) == role]
                found[f"{name}-{role}".replace("_", "-")] = _running(role, runners, own, used)
    return found


def output_of(engine: Engine, state: State, name: str, command: Sequence[str]) -> str | None:
    """What a command prints inside the first pod of the object ``name``; None where that does not run or it fails.

    Raises:
        OperationError: the cluster does not answer.
    """
    for each in state.kubernetes_resources:
        namespace, _, object_name = each.id.rpartition("/")
        if each.type in _RUNNERS and not each.replaced and each.name == name:
            with connected(engine, state) as cluster:
                pods = _pods_of(cluster, namespace, object_name, each)
                return cluster.output_of(namespace, pods[0], command) if pods else None
    return None


def _pods_of(cluster: Connection, namespace: str, name: str, runner: Resource) -> Sequence[str]:
    """Names of the pods of an object that run; those of a StatefulSet have known names."""
    if runner.type == _STATEFUL_SET:
        return [f"{name}-0"]
    labels = at(cluster.ask("GET", path_of(runner.type, namespace, name)), "spec", "selector", "matchLabels")
    query = {"labelSelector": ",".join(f"{key}={value}" for key, value in dict(labels or {}).items())}  # type: ignore[call-overload]
    pods = cluster.items(path_of("kubernetes:core/v1:Pod", namespace), query)
    return [str(at(pod, "metadata", "name")) for pod in pods if at(pod, "status", "phase") == "Running"]


def _by_role(cluster: Connection, state: State, namespace: str, name: str) -> dict[str, list[Object]]:
    """What runs each role: one object, or two Deployments where the first replica goes ahead."""
    found: dict[str, list[Object]] = {}
    for each in state.kubernetes_resources:
        place, _, object_name = each.id.rpartition("/")
        if each.type not in _RUNNERS or each.replaced or place != namespace:
            continue
        runner = cluster.ask("GET", path_of(each.type, namespace, object_name))
        if runner is not None and label(runner, NAME_LABEL) == name:
            found.setdefault(label(runner, ROLE_LABEL), []).append(runner)
    return found


def _running(role: str, runners: Sequence[Object], pods: Sequence[Object], used: Mapping[str, int]) -> Running:
    statuses = [status for pod in pods for status in each_at(pod, "status", "containerStatuses")]
    starts = [parsed(str(at(status, "state", "running", "startedAt"))) for status in statuses]
    ends = [parsed(str(at(runner, "status", "completionTime"))) for runner in runners]
    memory = [used[name] for pod in pods if (name := str(at(pod, "metadata", "name"))) in used]
    return Running(
        role=role,
        image=next((str(status["imageID"]) for status in statuses if status.get("imageID")), ""),
        health=_health(runners),
        since=_earliest(starts) or _earliest(ends),
        memory_bytes=sum(memory) if memory else None,
        ready=None if _tasks(runners) else _ready(runners),
    )


def _health(runners: Sequence[Object]) -> str:
    """``healthy`` when every replica is ready or the task has succeeded, else how far it is."""
    tasks = _tasks(runners)
    if tasks:
        if all(at(task, "status", "succeeded") for task in tasks):
            return HEALTHY
        return "failed" if any(at(task, "status", "failed") for task in tasks) else "starting"
    wanted = sum(_count(runner, "spec", "replicas") for runner in runners)
    if not wanted:
        return MISSING
    ready = _ready(runners)
    return HEALTHY if ready == wanted else f"{ready} of {wanted} ready"


def _tasks(runners: Sequence[Object]) -> list[Object]:
    return [runner for runner in runners if at(runner, "spec", "completions") is not None]


def _ready(runners: Sequence[Object]) -> int:
    return sum(_count(runner, "status", "readyReplicas") for runner in runners)


def _memory(metrics: Sequence[Object]) -> dict[str, int]:
    """Pod → bytes in use, without the page cache that the kernel can drop."""
    return {
        str(at(pod, "metadata", "name")): int(
            sum((parse_quantity(str(at(one, "usage", "memory"))) for one in each_at(pod, "containers")), Decimal())
        )
        for pod in metrics
    }


def _earliest(moments: Sequence[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def _count(found: Object, *keys: str) -> int:
    value = at(found, *keys)
    return value if isinstance(value, int) else 0
