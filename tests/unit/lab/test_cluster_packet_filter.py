"""The packet filter of a node: its rules are followed here as the kernel follows them."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as some

from lab.cluster.controllers.packet_filter import FORWARD, INPUT, Access, chains, restore_text
from lab.cluster.controllers.policies import Allowed

NODE_PODS = "10.0.0.0/24"
WEB, DATABASE, STRANGER, FAR = "10.0.0.1", "10.0.0.2", "10.0.0.99", "192.0.2.7"


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection, unless it is established."""

    source: str
    target: str
    protocol: str = "tcp"
    port: int = 80
    established: bool = False


def verdict(rules: Mapping[str, Sequence[str]], packet: Packet, chain: str = FORWARD) -> str:
    """What becomes of a packet: RETURN when our chains let it pass."""
    for rule in rules[chain]:
        words = rule.split()
        target = words[words.index("-j") + 1]
        if not _matches(words, packet):
            continue
        if target in ("RETURN", "REJECT", "DROP"):
            return target
        found = verdict(rules, packet, target)
        if found != "RETURN":
            return found
    return "RETURN"


def _matches(words: list[str], packet: Packet) -> bool:
    options = dict(itertools.pairwise(words))
    if "--ctstate" in options and not packet.established:
        return False
    for option, address in (("-s", packet.source), ("-d", packet.target)):
        if option in options and ipaddress.ip_address(address) not in ipaddress.ip_network(options[option]):
            return False
    if "-p" in options and options["-p"] != packet.protocol:
        return False
    first, _, last = options.get("--dport", "").partition(":")
    return not first or int(first) <= packet.port <= int(last or first)


def test_pods_without_policies_talk_to_everybody() -> None:
    rules = chains(NODE_PODS, [Access(WEB, None, None), Access(DATABASE, None, None)])
    for source, target in ((WEB, DATABASE), (FAR, WEB), (WEB, FAR)):
        assert verdict(rules, Packet(source, target)) == "RETURN"


def test_connection_needs_both_its_ends() -> None:
    to_database, from_web = Allowed(f"{DATABASE}/32", "TCP", (3306, 3306)), Allowed(f"{WEB}/32", "TCP", (3306, 3306))
    for web, database, passes in (
        ([to_database], [from_web], True),
        ([], [from_web], False),
        ([to_database], [], False),
        (None, [from_web], True),
        ([to_database], None, True),
    ):
        rules = chains(NODE_PODS, [Access(WEB, None, web), Access(DATABASE, database, None)])
        assert (verdict(rules, Packet(WEB, DATABASE, port=3306)) == "RETURN") is passes
        other = verdict(rules, Packet(WEB, DATABASE, port=22))
        assert other == "REJECT"


def test_established_connections_and_a_pods_own_always_pass() -> None:
    rules = chains(NODE_PODS, [Access(WEB, [], []), Access(DATABASE, [], [])])
    assert verdict(rules, Packet(WEB, DATABASE, established=True)) == "RETURN"
    assert verdict(rules, Packet(WEB, WEB)) == "RETURN"


def test_pod_that_is_not_known_yet_gets_no_answer() -> None:
    rules = chains(NODE_PODS, [Access(WEB, None, None)])
    assert verdict(rules, Packet(STRANGER, FAR)) == "DROP"
    assert verdict(rules, Packet(WEB, STRANGER)) == "DROP"
    assert verdict(rules, Packet(STRANGER, "10.1.0.1"), INPUT) == "DROP"


def test_egress_holds_towards_the_node_too() -> None:
    rules = chains(NODE_PODS, [Access(WEB, None, [Allowed("10.1.0.0/24", "TCP", (443, 443))])])
    assert verdict(rules, Packet(WEB, "10.1.0.1", port=10250), INPUT) == "REJECT"
    assert verdict(rules, Packet(WEB, "10.1.0.1", port=443), INPUT) == "RETURN"


def test_protocols_are_told_apart() -> None:
    rules = chains(NODE_PODS, [Access(WEB, None, [Allowed("0.0.0.0/0", "UDP", (53, 53))])])
    assert verdict(rules, Packet(WEB, FAR, "udp", 53)) == "RETURN"
    assert verdict(rules, Packet(WEB, FAR, "tcp", 53)) == "REJECT"


_ADDRESSES = (WEB, DATABASE, "10.0.0.3")
_CONNECTIONS = some.none() | some.lists(
    some.builds(
        Allowed,
        some.sampled_from([*(f"{address}/32" for address in _ADDRESSES), "10.0.0.0/30", "0.0.0.0/0"]),
        some.sampled_from(["TCP", "UDP"]),
        some.sampled_from([None, (80, 80), (80, 90), (443, 443)]),
    ),
    max_size=3,
)


@given(
    some.lists(some.tuples(_CONNECTIONS, _CONNECTIONS), min_size=3, max_size=3),
    some.permutations(_ADDRESSES),
    some.sampled_from(["tcp", "udp"]),
    some.sampled_from([80, 85, 443]),
)
def test_rules_mean_what_the_policies_allow(
    access: list[tuple[list[Allowed] | None, list[Allowed] | None]], order: list[str], protocol: str, port: int
) -> None:
    pods = {address: Access(address, *one) for address, one in zip(_ADDRESSES, access, strict=True)}
    source, target = order[:2]

    def open_to(connections: Sequence[Allowed] | None, other: str) -> bool:
        return connections is None or any(
            ipaddress.ip_address(other) in ipaddress.ip_network(one.network)
            and one.protocol == protocol.upper()
            and (one.ports is None or one.ports[0] <= port <= one.ports[1])
            for one in connections
        )

    passes = verdict(chains(NODE_PODS, list(pods.values())), Packet(source, target, protocol, port)) == "RETURN"
    assert passes is (open_to(pods[source].egress, target) and open_to(pods[target].ingress, source))


def test_chains_of_pods_that_are_gone_are_removed_and_those_of_others_left_alone() -> None:
    wanted = chains(NODE_PODS, [Access(WEB, [], [])])
    text = restore_text(wanted, ["KUBE-FORWARD", FORWARD, "POLICY-INGRESS-0123456789"])
    assert "-X POLICY-INGRESS-0123456789" in text
    assert "KUBE" not in text and f"-X {FORWARD}" not in text
    assert all(len(chain) <= 28 for chain in wanted)
