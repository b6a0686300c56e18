"""Whether this machine's Docker has address ranges left for a stack's networks, asked before anything is made."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .console import OperationError
from .docker_hosts import DockerHost, connected
from .stack import DEFAULT_DOCKER_HOST, Stack
from .state import State

_DEFAULT_POOLS = (
    *((f"172.{second}.0.0/16", 16) for second in range(17, 32)),
    ("192.168.0.0/16", 20),
)
"""What a daemon without `default-address-pools` has (moby/moby, libnetwork/ipamutils): 31 ranges."""
_NETWORKS = 5
"""Of a whole stack on one host; one more for each role that calls services outside."""


def ensure_room(stack: Stack, state: State) -> None:
    """Refuse the first `up` of a clone's stack for whose networks the local daemon surely has no ranges.

    Docker leaves out ranges that this machine routes elsewhere, too; what only it knows is told by the engine's error.

    Raises:
        OperationError: there are too few; the message says how to do with none of them.
    """
    local = DEFAULT_DOCKER_HOST in stack.docker_addresses
    if not local or stack.docker_setting("hosts") or stack.docker_setting("address_pool") or state.docker_resources:
        return
    needed = networks_of(stack)
    with connected(DockerHost(DEFAULT_DOCKER_HOST)) as client:
        configured: list[Mapping[str, Any]] | None = client.info().get("DefaultAddressPools")
        pools = [(each["Base"], each["Size"]) for each in configured] if configured else _DEFAULT_POOLS
        left = ranges_left(pools, _subnets(client.networks()))
    if left < needed:
        raise OperationError(
            f"Docker on this machine has address ranges for {left} more networks, and this stack needs {needed}",
            "give the stack a range of its own that nobody here uses, in its file under `portus-stack:docker`: "
            "`address_pool: 10.213.0.0/23`; or remove networks that are no longer used: `docker network prune`",
        )


def networks_of(stack: Stack) -> int:
    """How many networks the stack has at least."""
    database = stack.setting("database")
    external = isinstance(database, dict) and bool(database.get("external"))
    return _NETWORKS - external - (stack.setting("smoke_check") is False)


def ranges_left(pools: Iterable[tuple[str, int]], used: Iterable[str]) -> int:
    """How many ranges of the pools (base, prefix length of a range) overlap with no used subnet; IPv4 alone."""
    taken = [network for network in map(_ipv4, used) if network]
    ranges = [part for base, size in pools if (pool := _ipv4(base)) for part in pool.subnets(new_prefix=size)]
    return sum(not any(part.overlaps(network) for network in taken) for part in ranges)


def _ipv4(text: str) -> ipaddress.IPv4Network | None:
    network = ipaddress.ip_network(text, strict=False)
    return network if isinstance(network, ipaddress.IPv4Network) else None


def _subnets(networks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for network in networks:
        yield from (each["Subnet"] for each in network["IPAM"]["Config"] or [] if each.get("Subnet"))
