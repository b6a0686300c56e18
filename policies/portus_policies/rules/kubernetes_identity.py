"""Kubernetes: as whom pods speak to the cluster."""

from __future__ import annotations

from ..kubernetes import SECRET, SERVICE_ACCOUNT, WORKLOADS, is_patch, pod_spec
from ..resource import Resource
from ..rule import HIGH, MANDATORY, MEDIUM, rule
from ..values import Node, Value, Verdicts, demand, forbid, given

_CLOUD_AUDIENCES = (
    *("sts.amazonaws.com", "api://AzureADTokenExchange", "//iam.googleapis.com/", "https://iam.googleapis.com/"),
)
"""IAM roles for service accounts, Azure's workload identity, Google's workload identity federation."""


@rule(
    *("K26", "k8s-no-api-token", "no token for the cluster's API", MANDATORY, HIGH),
    reason="a token that is not needed is a way into the cluster",
    fix="`automountServiceAccountToken: false` on the pod and on the service account",
    source="CIS Kubernetes 5.1.6; CKV_K8S_38",
    types=(*WORKLOADS, *SERVICE_ACCOUNT, *SECRET),
)
def no_api_token(resource: Resource) -> Verdicts:
    if resource.type in SECRET:
        yield from forbid(resource.at("type"), lambda value: value == "kubernetes.io/service-account-token")
        return
    for volume in pod_spec(resource).at("volumes").each() if resource.type in WORKLOADS else ():
        for source in volume.at("projected", "sources").each():
            yield from forbid(source.at("serviceAccountToken"), _opens_the_api)
    holder = resource.root if resource.type in SERVICE_ACCOUNT else pod_spec(resource)
    node = holder.at("automountServiceAccountToken")
    if not (is_patch(resource) and node.missing):
        yield from demand(node, lambda value: value is False)


def _opens_the_api(token: Value) -> bool:
    """Whether the API server takes a projected token: all but those made for a cloud's identity service."""
    return token is not None and not Node(token).at("audience").text.startswith(_CLOUD_AUDIENCES)


@rule(
    *("K27", "k8s-own-service-account", "a service account of its own", MANDATORY, MEDIUM),
    reason="rights given to `default` are given to everything in the namespace",
    fix="`serviceAccountName` of an account made for this workload",
    source="CIS Kubernetes 5.1.5; CKV_K8S_41",
    types=WORKLOADS,
)
def own_service_account(workload: Resource) -> Verdicts:
    pod = pod_spec(workload)
    if not (is_patch(workload) and pod.at("serviceAccountName").missing):
        yield from demand(pod.at("serviceAccountName"), lambda value: given(value) and value != "default")
