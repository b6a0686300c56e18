"""Docker: which ports are published, on which addresses, and by whom."""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator

from ..resource import Resource, Stack
from ..roles import BACKGROUND, CONTAINER, EDGE, PORTUS, REGISTRY, owner, role_of, runs
from ..rule import ADVISORY, HIGH, LOW, MANDATORY, About, rule, stack_rule
from ..values import Bad, Node, Unseen, Value, Verdicts, forbid, is_true, number_of, written

ONLY = (CONTAINER,)
_PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128")
)
"""RFC 1918, RFC 4193 and loopback; what else Python calls private is documentation and the like."""
_LOWEST_UNPRIVILEGED = 1025
_TLS_PORTS = {PORTUS: (443, 3000), REGISTRY: (5000, 443), EDGE: (443, 8443, 8444)}
_PLAIN_PORTS = (80, 5001)


def private(address: str) -> bool:
    """Whether it is an address that only private networks have."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in _PRIVATE_NETWORKS if network.version == found.version)


def everywhere(value: Value) -> bool:
    """Whether a port bound to this address is open on every interface: in any spelling, and where none is told."""
    text = str(value or "").strip().strip("[]")
    if not text or re.fullmatch(r"[0.]+", text):
        return True
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return found.is_unspecified or bool(mapped and mapped.is_unspecified)


def _external(port: Node) -> int:
    return int(port.at("external").number or 0)


@rule(
    *("D23", "dkr-bind-address", "ports bound to one address", MANDATORY, HIGH),
    reason="Docker opens a port on every address of the host, past its firewall, when none is given",
    fix="`ip` of the interface that should be reachable; TLS ports for everybody are listed in `public_tls_ports`",
    source="CIS Docker 5.14",
    types=ONLY,
)
def bind_address(container: Resource) -> Verdicts:
    public = _public_ports(container)
    for port in container.at("ports").each():
        if port.at("external").unknown or port.at("ip").unknown:
            yield Unseen(port.path)
        elif _external(port) not in public:
            yield from forbid(port.at("ip"), everywhere)


def _public_ports(container: Resource) -> tuple[int, ...]:
    settings = container.settings
    redirects = container.inside_component and role_of(container) == EDGE
    return settings.public_tls_ports + (settings.redirect_ports if redirects else ())


@rule(
    *("D24", "dkr-low-ports", "no privileged host port", ADVISORY, LOW),
    reason="ports below 1025 belong to the host's own services",
    fix="a port from 1025 on, or one of `public_tls_ports`",
    source="CIS Docker 5.8",
    types=ONLY,
)
def low_ports(container: Resource) -> Verdicts:
    public = _public_ports(container)
    for port in container.at("ports").each():
        yield from forbid(
            port.at("external"),
            lambda value: 0 < (number_of(value) or 0) < _LOWEST_UNPRIVILEGED and value not in public,
        )


@rule(
    *("D25", "dkr-published-ports", "only TLS is published", MANDATORY, HIGH),
    reason="what is published in plain text, or published for debugging, can be read and used by anybody on the way",
    fix="publish the edge's TLS port only; between hosts a role's TLS port on a private address",
    source="CIS Docker 5.9",
    types=ONLY,
)
def published_ports(container: Resource) -> Verdicts:
    yield from forbid(container.at("publishAllPorts"), is_true)
    role = role_of(container)
    if role not in (PORTUS, REGISTRY, EDGE, BACKGROUND):
        return
    for port in container.at("ports").each():
        internal = port.at("internal")
        if internal.unknown or port.at("ip").unknown:
            yield Unseen(port.path)
        elif not _may_publish(container, role, port):
            yield Bad(internal.path)


def _may_publish(container: Resource, role: str, port: Node) -> bool:
    internal, external = int(port.at("internal").number or 0), _external(port)
    if role == EDGE:
        return external in _public_ports(container) or internal in _TLS_PORTS[EDGE] or private(port.at("ip").text)
    if internal in _PLAIN_PORTS or internal not in _TLS_PORTS.get(role, ()):
        return False
    public = container.settings.public_tls_ports if not container.inside_component else ()
    return private(port.at("ip").text) or external in public


@stack_rule(
    *("D46", "dkr-edge-only", "only the edge is reached from outside", MANDATORY, HIGH),
    reason="past the edge nothing limits, logs or refuses: the webhook takes events from whoever reaches it",
    fix="no `ports` on others than the edge; between hosts, a TLS port on a private address",
    source="CIS Docker 5.8; SUSE/Portus app/controllers/api/v2/events_controller.rb",
)
def edge_only(stack: Stack) -> Iterator[About]:
    """On one host nobody needs a published port to reach another part; on several the private ones are for that."""
    members: dict[str, list[Resource]] = defaultdict(list)
    for container in stack.of_type(CONTAINER):
        if container.inside_component and runs(container):
            members[owner(stack, container)].append(container)
    for together in members.values():
        hosts = {each.options.provider for each in together}
        for each in together:
            if len(hosts) == 1 and role_of(each) != EDGE and written(each.at("ports")):
                yield About(each, Bad("ports", "all that talk to it are on its own host"))
