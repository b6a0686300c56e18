"""Deletion: asked for, and waited for until the object is gone.

Source: `await/await.go` (`Deletion`) and `provider.go` (`Delete`) of pulumi-kubernetes.
"""

from typing import Final

from toolchain.plugins.framework import DeleteRequest, InitFailedError, Properties, ProviderError, Severity, Value
from toolchain.plugins.kubernetes.api import ApiError
from toolchain.plugins.kubernetes.awaiting.awaiter import AwaitError
from toolchain.plugins.kubernetes.awaiting.waits import TIMEOUT, await_deleted
from toolchain.plugins.kubernetes.cluster import GONE_WITH_CLUSTER, Cluster, NoMatchError
from toolchain.plugins.kubernetes.kinds import CRD, kind_of
from toolchain.plugins.kubernetes.objects import annotation, parse_id, plain_properties, text, with_metadata
from toolchain.plugins.kubernetes.patience import Patience, time_limit
from toolchain.plugins.kubernetes.state import initial_version_of, inputs_of, live_of, manager_of, outputs

_PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"
_POLICIES: Final = {"orphan": "Orphan", "background": "Background"}


def delete(cluster: Cluster, request: DeleteRequest) -> None:
    """Delete the object. What is gone already, kind and all, is no error."""
    state = plain_properties(request.outputs)
    live = live_of(state)
    kind = kind_of(live)
    namespace, name = parse_id(request.id)
    live = with_metadata(live, name=name, namespace=namespace or None)
    if cluster.unreachable():
        if cluster.settings.delete_unreachable:
            words = f"configured Kubernetes cluster is unreachable, {name} is removed from the state only"
            request.log(Severity.WARNING, words)
            return
        raise ProviderError(GONE_WITH_CLUSTER + cluster.unreachable())
    try:
        _ask(cluster, live, cluster.path(kind, namespace, name))
        patience = Patience(time_limit(request.timeout, annotation(live, TIMEOUT)), cluster.cancelled)
        await_deleted(cluster, kind, live, patience, request.status)
    except NoMatchError:
        return
    except ApiError as error:
        if not error.not_found:
            raise ProviderError(str(error)) from error
    except AwaitError as error:
        shown = outputs(error.live, inputs_of(state), manager_of(state), initial_version_of(state))
        raise InitFailedError(request.id, shown, [error.reason]) from error
    if kind == CRD:
        cluster.forget_served(text(live, "spec", "group"))


def _ask(cluster: Cluster, live: Properties, path: str) -> None:
    policy = _POLICIES.get(annotation(live, _PROPAGATION).lower(), "Foreground")
    options: dict[str, Value] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy}
    cluster.api.request("DELETE", path, options)
