"""What concerns the proxies in front of the edge together with other arguments."""

import ipaddress

from .model import Settings
from .problems import Problems


def check_proxies(settings: Settings, problems: Problems) -> None:
    """The edge knows a client's address from a proxy that it trusts, and from nobody else."""
    edge = settings.edge
    if problems.concern("edge.trusted_proxies", "edge.proxy_protocol"):
        return
    if edge.proxy_protocol and not edge.trusted_proxies:
        problems.add("edge.proxy_protocol", "needs edge.trusted_proxies: else what the proxy says of a client is lost")
    gateway = settings.kubernetes.expose.gateway
    if edge.trusted_proxies and not edge.proxy_protocol and gateway and gateway.passthrough:
        problems.add(
            "edge.proxy_protocol",
            "must be true with kubernetes.expose.gateway.passthrough: a proxy that hands TLS on writes no "
            "X-Forwarded-For, so that clients would write their own; or leave edge.trusted_proxies out",
        )
    if problems.concern("docker", "hostnames", "database", "portus.generation"):
        return
    inside = settings.hairpin_addresses
    if edge.proxy_protocol and inside:
        problems.add(
            "edge.proxy_protocol",
            "must be false with Portus on another host than the edge: it comes to the same port, and not by the proxy",
        )
    for index, text in enumerate(edge.trusted_proxies):
        network = ipaddress.ip_network(text)
        for address in (each for each in inside if ipaddress.ip_address(each) in network):
            problems.add(
                f"edge.trusted_proxies[{index}]", f"must not hold {address}, by which the edge knows Portus' host"
            )
