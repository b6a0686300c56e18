"""Hosts, networks and published ports: default deny, derived from the links."""

import ipaddress
from itertools import permutations
from typing import Any

import pytest

from components.portus.targets.docker.placement import Placement
from components.portus.topology import OUTSIDE
from tests.unit.portus import samples, topologies
from tests.unit.portus.test_topology import VARIANTS, Variant

BEYOND_LINKS = {("background", "portus")}
"""(who, whom) that may share a network without a link, where ``whom`` listens: docs/decisions/0041."""


def linked(variant: Variant) -> set[tuple[str, str]]:
    """Source and destination of the links within a host."""
    placement = topologies.placement(*variant)
    return {
        (link.source, link.destination)
        for link in topologies.topology(*variant).links
        if OUTSIDE not in (link.source, link.destination)
        and placement.host(link.source) == placement.host(link.destination)
    }


def sharing(placement: Placement) -> set[tuple[str, str]]:
    """Every two that are on one network, in both orders."""
    return {pair for network in placement.networks for pair in permutations(network.members, 2)}


@pytest.mark.parametrize("variant", VARIANTS)
def test_links_have_a_network_and_few_others_share_one(variant: Variant) -> None:
    links = linked(variant)
    shared = sharing(topologies.placement(*variant))
    assert links <= shared
    listening = {destination for _, destination in links}
    backwards = {(destination, source) for source, destination in links}
    beyond = {(who, whom) for who, whom in shared - links - backwards if whom in listening}
    assert beyond <= BEYOND_LINKS


def test_five_networks_carry_a_stack() -> None:
    found = {network.name: network.members for network in topologies.placement().networks}
    assert found == {
        "test-database-portus": ("database", "portus", "background"),
        "test-registry-portus": ("registry", "portus", "background", "edge"),
        "test-portus-bootstrap": ("portus", "bootstrap"),
        "test-edge-smoke-check": ("edge", "smoke_check"),
        "test-edge-outside": ("edge",),
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_network_of_several_has_no_way_out(variant: Variant) -> None:
    for network in topologies.placement(*variant).networks:
        assert network.internal == (len(network.members) > 1)
        assert not (network.internal and network.leaves)


@pytest.mark.parametrize("variant", VARIANTS)
def test_database_is_on_internal_networks_only(variant: Variant) -> None:
    placement = topologies.placement(*variant)
    for network in placement.networks_of("database"):
        assert network.internal
    assert placement.ports("database") == () or not placement.networks_of("database")


@pytest.mark.parametrize("variant", [one for one in VARIANTS if one.id != "three hosts"])
def test_on_one_host_only_the_edge_is_published(variant: Variant) -> None:
    topology, placement = topologies.topology(*variant), topologies.placement(*variant)
    assert {process.name for process in topology.processes if placement.ports(process.name)} == {"edge"}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_edge_is_published_where_it_was_asked_for(address: str) -> None:
    args = {
        "hostnames": {"portus": "p.test:8443", "registry": "r.test:8443"},
        "docker": {"bind_address": address, "https_port": 9443, "http_port": 9080},
    }
    ports = topologies.placement(args).ports("edge")
    assert [(port.host_address, port.host_port, port.port) for port in ports] == [
        (address, 9080, 8080),
        (address, 9443, 8444),
    ]


def test_public_port_8080_leaves_another_one_for_plain_http() -> None:
    args = {"hostnames": {"portus": "p.test:8080", "registry": "r.test:8080"}, "docker": {"http_port": 80}}
    inside = [port.port for port in topologies.placement(args).ports("edge")]
    assert len(set(inside)) == 2


def test_edge_network_lets_in_but_not_out() -> None:
    (network,) = [one for one in topologies.placement().networks if one.members == ("edge",)]
    assert not network.leaves


def test_what_calls_out_has_a_way_out_of_its_own() -> None:
    (network,) = [one for one in topologies.placement(topologies.S3).networks if one.members == ("registry",)]
    assert network.leaves


class TestSeveralHosts:
    """The edge in front, Portus with its database, the registry beside the disks."""

    @property
    def placement(self) -> Placement:
        return topologies.placement(topologies.SPLIT)

    def test_roles_are_where_they_were_asked_for(self) -> None:
        assert {
            role: self.placement.host(role).name for role in ("edge", "database", "portus", "background", "registry")
        } == {
            "edge": "front",
            "database": "core",
            "portus": "core",
            "background": "core",
            "registry": "disks",
        }

    def test_tasks_run_beside_what_they_talk_to(self) -> None:
        assert self.placement.host("bootstrap").name == "core"
        assert self.placement.host("smoke_check").name == "front"

    def test_networks_do_not_cross_hosts(self) -> None:
        for network in self.placement.networks:
            assert {self.placement.host(member).name for member in network.members} == {network.host.name}

    def test_roles_reached_from_another_host_are_published_at_their_private_address_only(self) -> None:
        published = {role: self.placement.ports(role) for role in ("registry", "portus", "database", "background")}
        assert [(port.host_address, port.host_port) for port in published["registry"]] == [("10.0.0.3", 5000)]
        assert [(port.host_address, port.host_port) for port in published["portus"]] == [("10.0.0.2", 3000)]
        assert published["database"] == published["background"] == ()

    def test_names_of_roles_elsewhere_are_given_addresses(self) -> None:
        assert self.placement.extra_hosts("edge") == {"test-portus": "10.0.0.2", "test-registry": "10.0.0.3"}
        assert self.placement.extra_hosts("registry") == {"test-portus": "10.0.0.2"}
        portus = self.placement.extra_hosts("portus")
        assert portus["test-registry"] == "10.0.0.3"
        assert portus["portus.example.com"] == portus["registry.example.com"] == "10.0.0.1"
        assert "test-database" not in portus

    def test_only_tls_crosses_hosts(self) -> None:
        for link in topologies.topology(topologies.SPLIT).links:
            if OUTSIDE not in (link.source, link.destination):
                crosses = self.placement.host(link.source) != self.placement.host(link.destination)
                assert link.tls or not crosses, link


def subnets(*more: dict[str, Any]) -> dict[tuple[str, ...], str]:
    pool = {"docker": {"address_pool": "10.213.0.0/20"}}
    return {network.members: network.subnet for network in topologies.placement(*more, pool).networks}


def test_networks_get_different_parts_of_the_pool() -> None:
    found = [ipaddress.ip_network(subnet) for subnet in subnets(topologies.S3).values()]
    assert len(found) == len(set(found))
    for subnet in found:
        assert subnet.prefixlen == 28
        assert subnet.subnet_of(ipaddress.ip_network("10.213.0.0/20"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "more", [topologies.S3, topologies.GENERATION_1, {"smoke_check": False}, topologies.EXTERNAL_DATABASE]
)
def test_a_network_keeps_its_part_whatever_else_comes_or_goes(more: dict[str, Any]) -> None:
    before, after = subnets(), subnets(more)
    assert all(after[network] == before[network] for network in before.keys() & after.keys())


def test_the_smallest_pool_that_is_accepted_is_large_enough() -> None:
    refused = samples.problems(samples.merged(samples.MINIMAL, {"docker": {"address_pool": "10.0.0.0/24"}}))
    smallest = "10.0.0.0/23" if refused else "10.0.0.0/24"
    mail = {"email.smtp.enabled": True, "email.smtp.address": "mail.test", "email.smtp.port": 587}
    everything = {"portus": {"settings": mail}, "docker": {"address_pool": smallest}}
    assert topologies.placement(topologies.S3, everything).networks


def test_without_a_pool_the_daemon_chooses() -> None:
    assert {network.subnet for network in topologies.placement().networks} == {""}


def test_order_of_hosts_and_roles_does_not_matter() -> None:
    hosts = topologies.SPLIT["docker"]["hosts"]
    turned = {"docker": {"hosts": [{**host, "roles": host["roles"][::-1]} for host in hosts[::-1]]}}
    assert topologies.placement(turned).networks == topologies.placement(topologies.SPLIT).networks
