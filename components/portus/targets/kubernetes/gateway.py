"""Routes of the Gateway API: connections are handed through, or ended and made anew with verification.

Source: Gateway API v1.4 (TLSRoute v1alpha2 of the experimental channel; HTTPRoute and BackendTLSPolicy v1).
"""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes import apiextensions, core

from ...settings.kubernetes_model import Gateway
from ...topology import Workload
from .services import Backend
from .site import Site

_GROUP = "gateway.networking.k8s.io"


def routes(
    site: Site, workload: Workload, leads_to: Backend, gateway: Gateway, after: Sequence[pulumi.Resource]
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
    route = _resource(site, workload, (kind, version), specification, after)
    return [route] if gateway.passthrough else [route, *_verification(site, workload, service, after)]


def _verification(
    site: Site, workload: Workload, service: core.v1.Service, after: Sequence[pulumi.Resource]
) -> list[pulumi.CustomResource]:
    if workload.presents is None:
        raise ValueError(f"{workload.name} has nothing to present")
    authority_pem = workload.presents.ca_pem
    if authority_pem is None:
        return [_policy(site, workload, service, {"wellKnownCACertificates": "System"}, after)]
    authority = core.v1.ConfigMap(
        site.resource_name(workload.name, "authority"),
        metadata=site.metadata(workload.name, None),
        immutable=True,
        data={"ca.crt": authority_pem},
        opts=site.options(workload.name),
    )
    reference = {"group": "", "kind": "ConfigMap", "name": authority.metadata.name}
    return [authority, _policy(site, workload, service, {"caCertificateRefs": [reference]}, after)]


def _policy(
    site: Site,
    workload: Workload,
    service: core.v1.Service,
    trust: Mapping[str, object],
    after: Sequence[pulumi.Resource],
) -> apiextensions.CustomResource:
    specification = {
        "targetRefs": [{"group": "", "kind": "Service", "name": service.metadata.name}],
        "validation": {**trust, "hostname": workload.aliases[0]},
    }
    return _resource(site, workload, ("BackendTLSPolicy", "v1"), specification, after)


def _resource(
    site: Site,
    workload: Workload,
    kind_and_version: tuple[str, str],
    specification: Mapping[str, object],
    after: Sequence[pulumi.Resource],
) -> apiextensions.CustomResource:
    kind, version = kind_and_version
    name = site.resource_name(workload.name)
    return apiextensions.CustomResource(
        site.resource_name(workload.name, kind.lower()),
        api_version=f"{_GROUP}/{version}",
        kind=kind,
        metadata=site.metadata(workload.name, name),
        spec=specification,
        opts=site.options(workload.name, depends_on=list(after)),
    )
