"""Routes of the Gateway API: connections are handed through, or ended and made anew with verification.

Source: Gateway API v1.4 (TLSRoute v1alpha2 of the experimental channel; HTTPRoute and BackendTLSPolicy v1).
"""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes import apiextensions, core

from ...settings.kubernetes_model import Gateway
from ...topology import Workload
from .instance import Instance
from .services import Backend

_GROUP = "gateway.networking.k8s.io"


def routes(
    instance: Instance, workload: Workload, leads_to: Backend, gateway: Gateway, after: Sequence[pulumi.Resource]
) -> list[pulumi.CustomResource]:
    """The route to a role and, where the Gateway ends TLS, how it verifies the role."""
    service, port = leads_to
    backend = {"name": service.metadata.name, "port": port}
    parent = {
        "name": gateway.name,
        **({"namespace": gateway.namespace} if gateway.namespace else {}),
        **({"sectionName": gateway.section_name} if gateway.section_name else {}),
    }
    specification: Mapping[str, object] = {
        "parentRefs": [parent],
        "hostnames": list(workload.aliases),
        "rules": [{"backendRefs": [backend]}],
    }
    kind, version = ("TLSRoute", "v1alpha2") if gateway.passthrough else ("HTTPRoute", "v1")
    route = _resource(instance, workload, (kind, version), specification, after)
    return [route] if gateway.passthrough else [route, *_verification(instance, workload, service, after)]


def _verification(
    instance: Instance, workload: Workload, service: core.v1.Service, after: Sequence[pulumi.Resource]
) -> list[pulumi.CustomResource]:
    if workload.presents is None:
        raise ValueError(f"{workload.name} has nothing to present")
    authority_pem = workload.presents.ca_pem
    if authority_pem is None:
        return [_policy(instance, workload, service, {"wellKnownCACertificates": "System"}, after)]
    authority = core.v1.ConfigMap(
        instance.resource_name(workload.name, "authority"),
        metadata=instance.metadata(workload.name, None),
        immutable=True,
        data={"ca.crt": authority_pem},
        opts=instance.options(workload.name),
    )
    reference = {"group": "", "kind": "ConfigMap", "name": authority.metadata.name}
    return [authority, _policy(instance, workload, service, {"caCertificateRefs": [reference]}, after)]


def _policy(
    instance: Instance,
    workload: Workload,
    service: core.v1.Service,
    trust: Mapping[str, object],
    after: Sequence[pulumi.Resource],
) -> apiextensions.CustomResource:
    specification = {
        "targetRefs": [{"group": "", "kind": "Service", "name": service.metadata.name}],
        "validation": {**trust, "hostname": workload.aliases[0]},
    }
    return _resource(instance, workload, ("BackendTLSPolicy", "v1"), specification, after)


def _resource(
    instance: Instance,
    workload: Workload,
    kind_and_version: tuple[str, str],
    specification: Mapping[str, object],
    after: Sequence[pulumi.Resource],
) -> apiextensions.CustomResource:
    kind, version = kind_and_version
    name = instance.resource_name(workload.name)
    return apiextensions.CustomResource(
        instance.resource_name(workload.name, kind.lower()),
        api_version=f"{_GROUP}/{version}",
        kind=kind,
        metadata=instance.metadata(workload.name, name),
        spec=specification,
        opts=instance.options(workload.name, depends_on=list(after)),
    )
