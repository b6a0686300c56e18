"""Which process runs on which host, and which networks its links ask for. Pure: nothing is created here.

Who listens gets an internal network with those who talk to it on the same host; nothing leaves it. Whoever shares one
with it already needs no second, so five networks carry a whole stack: Docker's default pools hold 31 for everybody
(moby, daemon/libnetwork/ipamutils). What comes from outside, goes outside or crosses hosts uses a network of one that
can be published or left. docs/decisions/0041 has what the processes reach beyond their links.
"""

import ipaddress
from dataclasses import dataclass
from itertools import combinations

from ...naming import resource_name
from ...settings.model import DockerHost, DockerSettings
from ...topology import OUTSIDE, Link, Process, Topology

_SUBNET_PREFIX = 28
_FIRST = 7


@dataclass(frozen=True)
class PlacedNetwork:
    """A Docker network.

    The first of ``members`` and, if there are several, the second are those that it is named after. ``internal`` has no
    way out; ``leaves`` tells a way out from mere publication; ``subnet`` "" is Docker's choice.
    """

    name: str
    host: DockerHost
    members: tuple[str, ...]
    internal: bool
    leaves: bool
    subnet: str


@dataclass(frozen=True)
class PublishedPort:
    """``host_address:host_port`` of the host leads to ``port`` of the process."""

    port: int
    host_address: str
    host_port: int


class Placement:
    """Everything about hosts and networks that follows from the topology and the Docker settings."""

    def __init__(self, topology: Topology, docker: DockerSettings) -> None:
        self._topology, self._docker = topology, docker
        self._hosts = {process.name: self._place(process) for process in topology.processes}
        self.networks = tuple(sorted(self._networks(), key=lambda network: network.name))

    def _place(self, process: Process) -> DockerHost:
        """A workload where its role belongs, a task beside the role that it talks to first."""
        is_role = process in self._topology.workloads
        return self._docker.host_of(process.name if is_role else process.links[0].destination)

    def host(self, process: str) -> DockerHost:
        """The host of a process."""
        return self._hosts[process]

    def networks_of(self, process: str) -> tuple[PlacedNetwork, ...]:
        """The networks that a process joins."""
        return tuple(network for network in self.networks if process in network.members)

    def ports(self, process: str) -> tuple[PublishedPort, ...]:
        """The ports that a process publishes: to outsiders, or to a role on another host."""
        found = {
            self._published(link)
            for link in self._topology.links
            if link.destination == process and self._arrives(link)
        }
        return tuple(sorted(found, key=lambda port: (port.host_port, port.host_address)))

    def extra_hosts(self, process: str) -> dict[str, str]:
        """Host name → address of the roles on other hosts that a process talks to."""
        found: dict[str, str] = {}
        for link in self._topology.links:
            if link.source == process and self._crosses(link):
                destination = self._topology.process(link.destination)
                names = (resource_name(self._topology.name, link.destination), *destination.aliases)
                found |= dict.fromkeys(names, self.host(link.destination).private_address)
        return found

    def _crosses(self, link: Link) -> bool:
        return OUTSIDE not in (link.source, link.destination) and self.host(link.source) != self.host(link.destination)

    def _arrives(self, link: Link) -> bool:
        return link.source == OUTSIDE or (self._crosses(link) and not self._topology.is_public(link.destination))

    def _published(self, link: Link) -> PublishedPort:
        if link.source != OUTSIDE:
            return PublishedPort(link.port, self.host(link.destination).private_address, link.port)
        host_port = self._docker.https_port if link.tls else self._docker.http_port
        return PublishedPort(link.port, self._docker.bind_address, host_port)

    def _networks(self) -> list[PlacedNetwork]:
        reached: set[str] = set()
        leaving: set[str] = set()
        for link in self._topology.links:
            if link.destination == OUTSIDE or self._crosses(link):
                leaving.add(link.source)
            if link.source == OUTSIDE or self._crosses(link):
                reached.add(link.destination)
        networks = self._inner_networks()
        for process in (reached | leaving) - {OUTSIDE}:
            networks.append(self._network((process, OUTSIDE), (process,), process in leaving))
        return networks

    def _inner_networks(self) -> list[PlacedNetwork]:
        """One for each process that listens, with whoever talks to it and shares none with it so far."""
        order = self._topology.roster.index
        talks: dict[str, set[str]] = {}
        for link in self._topology.links:
            if OUTSIDE not in (link.source, link.destination) and not self._crosses(link):
                talks.setdefault(link.destination, set()).add(link.source)
        found: list[PlacedNetwork] = []
        for listener in sorted(talks, key=order):
            together = {member for network in found if listener in network.members for member in network.members}
            if clients := sorted(talks[listener] - together, key=order):
                ends = sorted((listener, clients[0]), key=order)
                found.append(self._network((ends[0], ends[1]), (*ends, *clients[1:])))
        return found

    def _network(self, ends: tuple[str, str], members: tuple[str, ...], leaves: bool = False) -> PlacedNetwork:
        name = resource_name(self._topology.name, *ends)
        return PlacedNetwork(name, self.host(members[0]), members, OUTSIDE not in ends, leaves, self._subnet(ends))

    def _subnet(self, ends: tuple[str, str]) -> str:
        """Its part of the address pool is fixed by the roster, whatever else comes or goes.

        Who came to the roster after the first seven is counted after them, so that they keep theirs.
        """
        if not self._docker.address_pool:
            return ""
        subnets = ipaddress.ip_network(self._docker.address_pool).subnets(new_prefix=_SUBNET_PREFIX)
        first, later = self._topology.roster[:_FIRST], self._topology.roster[_FIRST:]
        order = [*combinations(first, 2), *((process, OUTSIDE) for process in first)]
        for index, process in enumerate(later):
            order += [(process, OUTSIDE), *((earlier, process) for earlier in (*first, *later[:index]))]
        return str(next(subnet for index, subnet in enumerate(subnets) if index == order.index(ends)))
