"""How outsiders reach the role that is published: made last, and every way ends at it."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes import core, networking

from ...topology import OUTSIDE, Issued, Link, TlsPair, Topology, Workload
from .failures import failure_hook
from .gateway import routes
from .instance import SKIP_AWAIT, Instance
from .issued import secret_name
from .services import Backend, Services, port_name

_INGRESS_NGINX = {
    "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS",
    "nginx.ingress.kubernetes.io/proxy-body-size": "0",
    "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
    "nginx.ingress.kubernetes.io/proxy-read-timeout": "900",
    "nginx.ingress.kubernetes.io/proxy-send-timeout": "900",
}
"""Layers stream through whole. Source: ingress-nginx, annotations; other controllers ignore them."""


def expose(
    instance: Instance, topology: Topology, services: Services, after: Sequence[pulumi.Resource]
) -> list[pulumi.CustomResource]:
    """What makes the published roles reachable, once they run."""
    chosen = instance.kubernetes.expose
    made: list[pulumi.CustomResource] = []
    for workload in topology.workloads:
        links = [link for link in topology.links if link.source == OUTSIDE and link.destination == workload.name]
        if links and (chosen.load_balancer or chosen.node_port):
            made.append(_service(instance, topology, workload, after))
        elif links and chosen.ingress:
            made += _ingress(instance, workload, (services[workload.name], _tls_port(links)), after)
        elif links and chosen.gateway:
            made += routes(instance, workload, (services[workload.name], _tls_port(links)), chosen.gateway, after)
    return made


def _tls_port(links: Sequence[Link]) -> int:
    """The port that whoever ends or hands on the outsiders' TLS leads to."""
    return next(link.port for link in links if link.tls)


def _service(
    instance: Instance, topology: Topology, workload: Workload, after: Sequence[pulumi.Resource]
) -> core.v1.Service:
    """A LoadBalancer is waited for until it has an address; a NodePort is there at once."""
    balancer, node_port = instance.kubernetes.expose.load_balancer, instance.kubernetes.expose.node_port
    annotations: Mapping[str, str] = balancer.annotations if balancer else {}
    if node_port:
        annotations = {**node_port.annotations, **SKIP_AWAIT}
    arriving = [link for link in topology.links if link.destination == workload.name]
    links = sorted((link for link in arriving if link.source == OUTSIDE), key=lambda link: not link.tls)
    inside = {link.tls: link.port for link in arriving if link.source != OUTSIDE}
    return core.v1.Service(
        instance.resource_name(workload.name, "public"),
        metadata=instance.metadata(workload.name, instance.resource_name(workload.name, "public"), annotations),
        spec=core.v1.ServiceSpecArgs(
            type="LoadBalancer" if balancer else "NodePort",
            selector=instance.selector(workload.name),
            load_balancer_class=(balancer and balancer.class_name) or None,
            load_balancer_source_ranges=list(balancer.source_ranges) or None if balancer else None,
            ports=[_port(instance, link, inside.get(link.tls, link.port)) for link in links],
        ),
        opts=instance.options(
            workload.name, depends_on=list(after), hooks=failure_hook(instance, workload.name, "public")
        ),
    )


def _port(instance: Instance, link: Link, port_inside: int) -> core.v1.ServicePortArgs:
    """Within the cluster a NodePort has the number by which the role is known there."""
    balancer, node_port = instance.kubernetes.expose.load_balancer, instance.kubernetes.expose.node_port
    wanted = balancer or node_port
    port = (wanted.https_port if link.tls else wanted.http_port) if wanted else 0
    return core.v1.ServicePortArgs(
        name=port_name(link.port, link.tls),
        port=port if balancer else port_inside,
        node_port=port or None if node_port else None,
        target_port=link.port,
        protocol="TCP",
        app_protocol="https" if link.tls else "http",
    )


def _ingress(
    instance: Instance, workload: Workload, backend: Backend, after: Sequence[pulumi.Resource]
) -> list[pulumi.CustomResource]:
    """The controller presents the same certificate, and talks TLS to the role behind it.

    It is not waited for: whether and when a controller writes an address differs from one to the next.
    """
    ingress = instance.kubernetes.expose.ingress
    service, port = backend
    if ingress is None:
        raise ValueError(f"{workload.name} is not exposed by an Ingress")
    secrets = _certificate(instance, workload)
    secret: pulumi.Input[str] = secrets[0].metadata.name if secrets else secret_name(instance, workload)
    name = instance.resource_name(workload.name)
    leads_to = networking.v1.IngressServiceBackendArgs(
        name=service.metadata.name, port=networking.v1.ServiceBackendPortArgs(number=port)
    )
    path = networking.v1.HTTPIngressPathArgs(
        path="/", path_type="Prefix", backend=networking.v1.IngressBackendArgs(service=leads_to)
    )
    made = networking.v1.Ingress(
        name,
        metadata=instance.metadata(workload.name, name, {**_INGRESS_NGINX, **ingress.annotations, **SKIP_AWAIT}),
        spec=networking.v1.IngressSpecArgs(
            ingress_class_name=ingress.class_name or None,
            tls=[networking.v1.IngressTLSArgs(hosts=list(workload.aliases), secret_name=secret)],
            rules=[
                networking.v1.IngressRuleArgs(host=host, http=networking.v1.HTTPIngressRuleValueArgs(paths=[path]))
                for host in workload.aliases
            ],
        ),
        opts=instance.options(workload.name, depends_on=list(after)),
    )
    return [*secrets, made]


def _certificate(instance: Instance, workload: Workload) -> list[core.v1.Secret]:
    """The Secret that the controller reads; none where cert-manager writes it."""
    pair = workload.presents
    if isinstance(pair, Issued):
        return []
    if not isinstance(pair, TlsPair):
        raise ValueError(f"{workload.name} has nothing to present")
    made = core.v1.Secret(
        instance.resource_name(workload.name, "certificate"),
        metadata=instance.metadata(workload.name, None),
        type="kubernetes.io/tls",
        immutable=True,
        string_data={"tls.crt": pair.certificate_pem, "tls.key": pair.private_key_pem},
        opts=instance.options(workload.name),
    )
    return [made]
