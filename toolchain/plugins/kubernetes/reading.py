"""Read: refresh, import and `.get`.

Source: `provider.go` of pulumi-kubernetes, `Read`.
"""

from typing import Final

from toolchain.plugins.framework import (
    InitFailedError,
    Properties,
    ProviderError,
    ReadRequest,
    ReadResult,
    Severity,
)
from toolchain.plugins.kubernetes.api import ApiError
from toolchain.plugins.kubernetes.applying import field_manager
from toolchain.plugins.kubernetes.awaiting.awaiter import AwaitError
from toolchain.plugins.kubernetes.awaiting.waits import judge
from toolchain.plugins.kubernetes.cluster import GONE_WITH_CLUSTER, Cluster, NoMatchError
from toolchain.plugins.kubernetes.kinds import CRD, SECRET, Kind, kind_of_type
from toolchain.plugins.kubernetes.objects import (
    DEFAULT_NAMESPACE,
    mapping,
    parse_id,
    plain_properties,
    text,
    with_metadata,
)
from toolchain.plugins.kubernetes.secrecy import marked
from toolchain.plugins.kubernetes.state import initial_version_of, inputs_of, live_of, manager_of, outputs, pruned
from toolchain.plugins.kubernetes.types import input_names

_SERVERS: Final = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
_SERVERS_ANNOTATIONS: Final = (
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
)


def read(cluster: Cluster, request: ReadRequest) -> ReadResult | None:
    """Look at the object; None when it is gone. Raises `InitFailedError` for one that is not ready."""
    state = plain_properties(request.outputs)
    old_inputs = plain_properties(request.inputs) or inputs_of(state)
    kind = _kind(request, state, old_inputs)
    namespace, name = parse_id(request.id)
    if cluster.unreachable():
        return _unreachable(cluster, request)
    try:
        path = cluster.path(kind, namespace or (DEFAULT_NAMESPACE if cluster.is_namespaced(kind) else ""), name)
        live = cluster.api.request("GET", path)
        problem = None
        if state:
            try:
                judge(cluster, kind, live)
            except AwaitError as error:
                problem = error
            live = cluster.api.request("GET", path)
    except NoMatchError:
        return None
    except ApiError as error:
        if error.not_found:
            return None
        raise ProviderError(str(error)) from error
    inputs = mapping(pruned(live, old_inputs)) if old_inputs else imported(kind, live)
    shown_inputs = marked(inputs, request.inputs)
    manager = manager_of(state) or field_manager(inputs)
    shown = outputs(live, shown_inputs, manager, initial_version_of(state))
    if problem is not None:
        raise InitFailedError(request.id, shown, [problem.reason, *problem.problems], shown_inputs)
    return ReadResult(request.id, shown, shown_inputs)


def imported(kind: Kind, live: Properties) -> Properties:
    """What a program would say to get this object; of a custom resource only which one it is."""
    if kind == SECRET:
        names = ["apiVersion", "kind", "metadata", "data", "immutable", "type"]
    elif kind == CRD:
        names = ["apiVersion", "kind", "metadata", "spec"]
    else:
        names = input_names(str(kind))
    if not names:
        own = {key: value for key in ("name", "namespace") if (value := text(live, "metadata", key))}
        return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": own}
    inputs = {name: live[name] for name in names if live.get(name) is not None}
    annotations = {
        name: value
        for name, value in mapping(mapping(live.get("metadata")).get("annotations")).items()
        if name not in _SERVERS_ANNOTATIONS
    }
    cleared = with_metadata(inputs, **dict.fromkeys(_SERVERS), annotations=annotations or None)
    return {"apiVersion": kind.api_version, "kind": kind.kind, **cleared}


def _kind(request: ReadRequest, state: Properties, inputs: Properties) -> Kind:
    for known in (live_of(state), inputs):
        if text(known, "apiVersion") and text(known, "kind"):
            return Kind(text(known, "apiVersion"), text(known, "kind"))
    return kind_of_type(request.type)


def _unreachable(cluster: Cluster, request: ReadRequest) -> ReadResult | None:
    settings = cluster.settings
    if settings.delete_unreachable:
        request.log(Severity.WARNING, f"the cluster is unreachable, {request.id} is removed from the state only")
        return None
    if settings.skip_update_unreachable:
        request.log(Severity.WARNING, f"the cluster is unreachable, {request.id} stays as it was")
        return ReadResult(request.id, request.outputs, request.inputs)
    request.log(Severity.WARNING, f"configured Kubernetes cluster is unreachable: {cluster.unreachable()}")
    raise ProviderError(GONE_WITH_CLUSTER + cluster.unreachable())
