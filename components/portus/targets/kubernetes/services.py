"""Services for the links inside, and the host aliases by which a process finds them.

The names are those of the certificates, the same as on Docker, and the edge's public ones: a process reaches the public
name from inside (hairpin) without leaving the cluster, and needs no name server for any link.
"""

from collections.abc import Mapping

from pulumi_kubernetes import core

from ...naming import internal_name
from ...topology import OUTSIDE, Topology
from .instance import SKIP_AWAIT, Instance

Services = Mapping[str, core.v1.Service]
"""By process."""
Backend = tuple[core.v1.Service, int]
"""A Service, and the port of it that is meant."""


def ports_of(topology: Topology, process: str) -> tuple[int, ...]:
    """The ports on which a process is reached, from inside or outside."""
    return tuple(sorted({link.port for link in topology.links if link.destination == process}))


def internal_services(instance: Instance, topology: Topology) -> dict[str, core.v1.Service]:
    """One for each process that a link inside leads to. They exist from the start: an address needs no pod."""
    inside = {link.destination for link in topology.links if OUTSIDE not in (link.source, link.destination)}
    return {process: _service(instance, topology, process) for process in sorted(inside)}


def _service(instance: Instance, topology: Topology, process: str) -> core.v1.Service:
    """Outsiders have a Service of their own where nobody of the cluster's hands their connections on."""
    handed_on = instance.kubernetes.expose.ingress or instance.kubernetes.expose.gateway
    links = [link for link in topology.links if link.destination == process]
    ports = {link.port: link for link in links if link.source != OUTSIDE or (handed_on and link.tls)}
    return core.v1.Service(
        instance.resource_name(process),
        metadata=instance.metadata(process, internal_name(instance.name, process), SKIP_AWAIT),
        spec=core.v1.ServiceSpecArgs(
            type="ClusterIP",
            selector=instance.selector(process),
            ports=[
                core.v1.ServicePortArgs(
                    name=port_name(port, link.tls),
                    port=port,
                    target_port=port,
                    protocol="TCP",
                    app_protocol=link.protocol or ("https" if link.tls else None),
                )
                for port, link in sorted(ports.items())
            ],
        ),
        opts=instance.options(process),
    )


def port_name(port: int, tls: bool) -> str:
    """A name that Services and pods may give to a port."""
    return f"{'tls' if tls else 'tcp'}-{port}"


def host_aliases(
    instance: Instance, topology: Topology, process: str, services: Services
) -> list[core.v1.HostAliasArgs]:
    """The address of each process that ``process`` has a link to, under every name that it goes by."""
    found = {link.destination for link in topology.links if link.source == process} - {OUTSIDE}
    return [
        core.v1.HostAliasArgs(
            ip=services[destination].spec.cluster_ip,
            hostnames=[internal_name(instance.name, destination), *topology.process(destination).aliases],
        )
        for destination in sorted(found)
    ]
