"""What NetworkPolicies allow (https://kubernetes.io/docs/concepts/services-networking/network-policies/)."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lab.cluster.api import Object
from lab.cluster.controllers.policies import EGRESS, INGRESS, Allowed, allowed, pod_of, selects
from tests.unit.lab.cluster_objects import NAMESPACES, app, pod, policy

WEB = pod("web", "10.0.0.1", http=8080)
DATABASE = pod("database", "10.0.0.2", mysql=3306)
TELLER = pod("teller", "10.0.0.3", "bank", http=9090)
PODS = [WEB, DATABASE, TELLER]


def ingress(*specs: Object) -> list[Allowed] | None:
    """What reaches the database."""
    return allowed(DATABASE, INGRESS, [policy(spec) for spec in specs], PODS, NAMESPACES)


def egress(*specs: Object) -> list[Allowed] | None:
    """What the web server reaches."""
    return allowed(WEB, EGRESS, [policy(spec) for spec in specs], PODS, NAMESPACES)


def test_pod_that_no_policy_selects_is_open() -> None:
    assert ingress() is None
    assert ingress({"podSelector": app("web")}) is None
    assert allowed(TELLER, INGRESS, [policy({"podSelector": {}})], PODS, NAMESPACES) is None


def test_policy_without_rules_denies_everything_in_its_directions_only() -> None:
    assert ingress({"podSelector": {}}) == []
    assert egress({"podSelector": {}}) is None
    assert egress({"podSelector": {}, "egress": []}) == []
    assert ingress({"podSelector": {}, "policyTypes": ["Egress"]}) is None


def test_empty_rule_allows_everything() -> None:
    assert ingress({"podSelector": {}, "ingress": [{}]}) == [Allowed("0.0.0.0/0")]


@pytest.mark.parametrize(
    ("peer", "addresses"),
    [
        ({"podSelector": app("web")}, ["10.0.0.1/32"]),
        ({"podSelector": {}}, ["10.0.0.1/32", "10.0.0.2/32"]),
        ({"namespaceSelector": {"matchLabels": {"team": "bank"}}}, ["10.0.0.3/32"]),
        ({"namespaceSelector": {}, "podSelector": app("teller")}, ["10.0.0.3/32"]),
        ({"namespaceSelector": {"matchLabels": {"team": "bank"}}, "podSelector": app("web")}, []),
        ({"ipBlock": {"cidr": "192.168.0.0/30", "except": ["192.168.0.2/31"]}}, ["192.168.0.0/31"]),
        ({"ipBlock": {"cidr": "192.168.0.0/30", "except": ["192.168.0.0/24"]}}, []),
        ({"ipBlock": {"cidr": "2001:db8::/32"}}, []),
    ],
)
def test_peer_is_who_it_selects(peer: Object, addresses: list[str]) -> None:
    found = ingress({"podSelector": {}, "ingress": [{"from": [peer]}]})
    assert found == [Allowed(address) for address in addresses]


def test_policies_add_up() -> None:
    one: Object = {"podSelector": {}, "ingress": [{"from": [{"podSelector": app("web")}]}]}
    other: Object = {"podSelector": app("database"), "ingress": [{"ports": [{"port": 3306}]}]}
    assert ingress(one, other) == [Allowed("10.0.0.1/32"), Allowed("0.0.0.0/0", "TCP", (3306, 3306))]


@pytest.mark.parametrize(
    ("port", "meaning"),
    [
        ({"port": 53, "protocol": "UDP"}, ("UDP", (53, 53))),
        ({"port": 8000, "endPort": 8010}, ("TCP", (8000, 8010))),
        ({"protocol": "SCTP"}, ("SCTP", None)),
        ({"port": "mysql"}, ("TCP", (3306, 3306))),
    ],
)
def test_port_is_a_number_a_range_a_protocol_or_a_name_of_the_receiver(
    port: Object, meaning: tuple[str, tuple[int, int] | None]
) -> None:
    assert ingress({"podSelector": {}, "ingress": [{"ports": [port]}]}) == [Allowed("0.0.0.0/0", *meaning)]


def test_name_of_a_port_means_on_the_way_out_what_each_receiver_calls_so() -> None:
    spec: Object = {"podSelector": {}, "egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": "http"}]}]}
    assert egress(spec) == [
        Allowed("10.0.0.1/32", "TCP", (8080, 8080)),
        Allowed("10.0.0.3/32", "TCP", (9090, 9090)),
    ]
    assert egress({"podSelector": {}, "egress": [{"ports": [{"port": "mysql"}]}]}) == [
        Allowed("10.0.0.2/32", "TCP", (3306, 3306))
    ]
    assert ingress({"podSelector": {}, "ingress": [{"ports": [{"port": "nonesuch"}]}]}) == []


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ({"key": "app", "operator": "In", "values": ["web", "x"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["web"]}, False),
        ({"key": "other", "operator": "NotIn", "values": ["web"]}, True),
        ({"key": "other", "operator": "In", "values": ["web"]}, False),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "app", "operator": "DoesNotExist"}, False),
    ],
)
def test_selector_by_expression(expression: Object, matches: bool) -> None:
    assert selects({"matchExpressions": [expression]}, WEB.labels) is matches


def test_unknown_operator_is_not_taken_for_anything() -> None:
    with pytest.raises(ValueError, match="Gt"):
        selects({"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]}, WEB.labels)


def test_pod_has_the_ports_of_its_containers_and_sidecars_but_not_of_what_ran_before() -> None:
    def container(port: str, number: int, **fields: object) -> Object:
        return {"ports": [{"name": port, "containerPort": number}], **fields}

    before, sidecar = container("before", 1), container("beside", 2, restartPolicy="Always")
    content: Object = {
        "metadata": {"namespace": "shop", "name": "web", "labels": {"app": "web"}},
        "spec": {"containers": [container("http", 80)], "initContainers": [before, sidecar]},
    }
    assert pod_of(content, "10.0.0.1").ports == {("http", "TCP"): 80, ("beside", "TCP"): 2}


_NETWORKS = some.builds(
    lambda address, length: ipaddress.IPv4Network((address, length), strict=False),
    some.integers(0x0A000000, 0x0A0000FF),
    some.integers(22, 32),
)


@given(_NETWORKS, some.lists(_NETWORKS, max_size=4), some.integers(0x0A000000, 0x0A0003FF))
def test_block_is_what_it_says_without_its_exceptions(
    block: ipaddress.IPv4Network, exceptions: list[ipaddress.IPv4Network], number: int
) -> None:
    peer: Object = {"ipBlock": {"cidr": str(block), "except": [str(exception) for exception in exceptions]}}
    found = ingress({"podSelector": {}, "ingress": [{"from": [peer]}]}) or []
    address = ipaddress.IPv4Address(number)
    expected = address in block and not any(address in exception for exception in exceptions)
    assert any(address in ipaddress.ip_network(one.network) for one in found) is expected
