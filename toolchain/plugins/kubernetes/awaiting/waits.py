"""Which wait an object gets, and the waits for the end of one."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from toolchain.plugins.framework import Properties, Severity, Status
from toolchain.plugins.kubernetes.awaiting.awaiter import (
    CONDITION,
    AwaitError,
    AwaiterType,
    Progress,
    Wait,
    wait_for,
)
from toolchain.plugins.kubernetes.awaiting.deployment import DeploymentAwaiter
from toolchain.plugins.kubernetes.awaiting.feeds import Feeds
from toolchain.plugins.kubernetes.awaiting.others import (
    ClaimAwaiter,
    QuotaAwaiter,
    ReplicationControllerAwaiter,
    TokenAwaiter,
    VolumeAwaiter,
)
from toolchain.plugins.kubernetes.awaiting.pod import JobAwaiter, PodAwaiter
from toolchain.plugins.kubernetes.awaiting.service import IngressAwaiter, ServiceAwaiter
from toolchain.plugins.kubernetes.awaiting.stateful_set import DaemonSetAwaiter, StatefulSetAwaiter
from toolchain.plugins.kubernetes.awaiting.wait_for import WAIT_FOR, WaitForAwaiter
from toolchain.plugins.kubernetes.cluster import Cluster
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.objects import annotation, at, elements, name_of, namespace_of
from toolchain.plugins.kubernetes.patience import Patience

SKIP: Final = "pulumi.com/skipAwait"
TIMEOUT: Final = "pulumi.com/timeoutSeconds"

_SKIPPED: Final = "Skipping await logic"
_AWAITERS: Final[Mapping[str, AwaiterType]] = {
    "apps/v1/Deployment": DeploymentAwaiter,
    "apps/v1/StatefulSet": StatefulSetAwaiter,
    "apps/v1/DaemonSet": DaemonSetAwaiter,
    "v1/Pod": PodAwaiter,
    "batch/v1/Job": JobAwaiter,
    "v1/Service": ServiceAwaiter,
    "networking.k8s.io/v1/Ingress": IngressAwaiter,
    "v1/PersistentVolumeClaim": ClaimAwaiter,
    "v1/PersistentVolume": VolumeAwaiter,
    "v1/Secret": TokenAwaiter,
    "v1/ResourceQuota": QuotaAwaiter,
    "v1/ReplicationController": ReplicationControllerAwaiter,
}
_READ: Final = frozenset(
    {
        *("apps/v1/Deployment", "apps/v1/StatefulSet", "apps/v1/DaemonSet", "v1/Pod", "batch/v1/Job"),
        *("v1/Service", "networking.k8s.io/v1/Ingress"),
    }
)
"""Kinds that a refresh judges too."""
_DELETES_UNWATCHED: Final = frozenset(
    {
        *("v1/Namespace", "v1/Pod", "v1/ReplicationController", "apps/v1/DaemonSet", "apps/v1/Deployment"),
        *("apps/v1/StatefulSet", "batch/v1/Job"),
    }
)
"""Kinds whose deletion `pulumi.com/skipAwait` does not wait for."""


def await_ready(  # noqa: PLR0913, PLR0917 - what an operation knows
    cluster: Cluster,
    kind: Kind,
    live: Properties,
    before: Properties | None,
    patience: Patience,
    status: Status,
) -> Properties:
    """Wait until the object is what was asked for; returns it as seen last. Raises `AwaitError`, and `ProviderError`
    for an expression that is none.
    """
    awaiter_type = _awaiter_type(kind, live)
    if annotation(live, SKIP) == "true":
        status(_SKIPPED)
        return live
    if awaiter_type is None or (kind == Kind("v1", "Secret") and not _is_token(live)):
        return live
    progress = Progress(status)
    with Feeds(cluster.api) as feeds:
        awaiter = awaiter_type(Wait(cluster, kind, live, before, feeds, progress))
        limited = patience if awaiter.limit is None else Patience(awaiter.limit, cluster.cancelled)
        try:
            return wait_for(awaiter, limited)
        finally:
            progress.end()


def judge(cluster: Cluster, kind: Kind, live: Properties) -> None:
    """Look once, as a refresh does. Raises `AwaitError` when the object is not ready."""
    if str(kind) not in _READ or annotation(live, SKIP) == "true":
        return
    with Feeds(cluster.api, live=False) as feeds:
        awaiter = _AWAITERS[str(kind)](Wait(cluster, kind, live, None, feeds, Progress(_silent)))
        if not awaiter.ready():
            raise awaiter.failed()


def await_deleted(cluster: Cluster, kind: Kind, live: Properties, patience: Patience, status: Status) -> None:
    """Wait until the object is gone. Raises `AwaitError`."""
    if annotation(live, SKIP) == "true" and str(kind) in _DELETES_UNWATCHED:
        status(_SKIPPED)
        return
    progress = Progress(status)
    with Feeds(cluster.api) as feeds:
        collection = cluster.collection(kind, namespace_of(live))
        feed = feeds.add(collection, fieldSelector=f"metadata.name={name_of(live)}")
        try:
            while True:
                revision = feeds.revision
                if feed.problem or (revision and feed.named(name_of(live)) is None):
                    return
                if revision:
                    progress("Resource scheduled for deletion")
                if patience.cancelled or not patience.rest:
                    raise _undeleted(feed.named(name_of(live)) or live, patience, progress)
                feeds.wait(revision, min(0.2, patience.rest))
        finally:
            progress.end()


def _undeleted(live: Properties, patience: Patience, progress: Progress) -> AwaitError:
    if patience.cancelled:
        return AwaitError(live, f'Resource operation was cancelled for "{name_of(live)}"', [])
    finalizers = [str(name) for name in elements(at(live, "metadata", "finalizers"))]
    if finalizers:
        progress.warn(f"finalizers might be preventing deletion ({', '.join(finalizers)})")
    return AwaitError(live, CONDITION, [])


def _awaiter_type(kind: Kind, live: Properties) -> AwaiterType | None:
    expression = annotation(live, WAIT_FOR)
    if expression:
        return partial(WaitForAwaiter, annotation=expression)
    return _AWAITERS.get(str(kind))


def _is_token(secret: Properties) -> bool:
    return secret.get("type") == "kubernetes.io/service-account-token"


def _silent(text: str, severity: Severity = Severity.INFO) -> None:
    """For looks that show no progress."""
