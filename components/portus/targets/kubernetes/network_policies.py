"""What may talk to what: nothing, but along the topology's links.

A link that leaves the cluster also opens the way to name servers; links inside need none.
"""

from collections.abc import Iterable

from pulumi_kubernetes import networking
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from ...topology import OUTSIDE, Link, Topology
from .instance import Instance

_DNS_PORT = 53


def network_policy(instance: Instance, topology: Topology, process: str) -> networking.v1.NetworkPolicy:
    """The policy of a process' pods, in both directions."""
    incoming = [link for link in topology.links if link.destination == process]
    outgoing = [link for link in topology.links if link.source == process]
    egress = [
        networking.v1.NetworkPolicyEgressRuleArgs(to=_peers(instance, end), ports=_ports(ports))
        for end, ports in _by_end(outgoing, "destination")
    ]
    if any(link.destination == OUTSIDE for link in outgoing):
        dns = [_port(_DNS_PORT, "UDP"), _port(_DNS_PORT, "TCP")]
        egress.append(networking.v1.NetworkPolicyEgressRuleArgs(ports=dns))
    return networking.v1.NetworkPolicy(
        instance.resource_name(process),
        metadata=instance.metadata(process, instance.resource_name(process)),
        spec=networking.v1.NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(match_labels=instance.selector(process)),
            policy_types=["Ingress", "Egress"],
            ingress=[
                networking.v1.NetworkPolicyIngressRuleArgs(from_=_peers(instance, end), ports=_ports(ports))
                for end, ports in _by_end(incoming, "source")
            ],
            egress=egress,
        ),
        opts=instance.options(process),
    )


def _by_end(links: Iterable[Link], end: str) -> list[tuple[str, list[int]]]:
    """The other end of links, with the ports, sorted."""
    found: dict[str, set[int]] = {}
    for link in links:
        found.setdefault(getattr(link, end), set()).add(link.port)
    return sorted((other, sorted(ports)) for other, ports in found.items())


def _peers(instance: Instance, end: str) -> list[networking.v1.NetworkPolicyPeerArgs] | None:
    """The pods of a process; None, which is everything, for what is outside: its addresses are not known."""
    if end == OUTSIDE:
        return None
    return [networking.v1.NetworkPolicyPeerArgs(pod_selector=LabelSelectorArgs(match_labels=instance.selector(end)))]


def _ports(ports: Iterable[int]) -> list[networking.v1.NetworkPolicyPortArgs]:
    return [_port(port, "TCP") for port in ports]


def _port(port: int, protocol: str) -> networking.v1.NetworkPolicyPortArgs:
    return networking.v1.NetworkPolicyPortArgs(port=port, protocol=protocol)
