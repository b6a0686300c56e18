"""Rules of a node's packet filter, as `iptables-restore` reads them.

A node's pods are behind its FORWARD chain, and for what they send to the node itself behind INPUT; what the node sends
to its pods (the kubelet's probes) passes OUTPUT and is never refused. A packet leaves our chains by returning, so that
kube-proxy's own rules still see it. Connections that are refused are refused visibly; a pod that is not known yet gets
no answer, so its connections are tried again and succeed once it is known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.cluster.controllers.policies import EGRESS, EVERYWHERE, INGRESS, Allowed

PREFIX = "POLICY-"
FORWARD = f"{PREFIX}FORWARD"
INPUT = f"{PREFIX}INPUT"
_SENDERS = f"{PREFIX}SENDERS"
_RECEIVERS = f"{PREFIX}RECEIVERS"
_RETURN = "-j RETURN"
_REFUSE = "-j REJECT --reject-with icmp-admin-prohibited"
_ESTABLISHED = f"-m conntrack --ctstate RELATED,ESTABLISHED {_RETURN}"


@dataclass(frozen=True)
class Access:
    """What a pod of the node may do, by direction; None allows everything."""

    address: str
    ingress: Sequence[Allowed] | None
    egress: Sequence[Allowed] | None


def chains(node_pods: str, pods: Sequence[Access]) -> dict[str, list[str]]:
    """Chain → its rules, for the pods that the node is known to have.

    Args:
        node_pods: CIDR of the node's pods.
        pods: the known ones.
    """
    found: dict[str, list[str]] = {
        FORWARD: [_ESTABLISHED],
        INPUT: [_ESTABLISHED],
        _SENDERS: [],
        _RECEIVERS: [],
    }
    for pod in sorted(pods, key=lambda pod: pod.address):
        found[_SENDERS].append(f"-s {pod.address}/32 {_RETURN}")
        found[_RECEIVERS].append(f"-d {pod.address}/32 {_RETURN}")
        # A pod always reaches itself, also through a Service.
        found[FORWARD].append(f"-s {pod.address}/32 -d {pod.address}/32 {_RETURN}")
    for pod in sorted(pods, key=lambda pod: pod.address):
        if pod.egress is not None:
            chain = _chain_name(pod.address, EGRESS)
            found[chain] = [*_rules(pod.egress, "-d"), _REFUSE]
            for caller in (FORWARD, INPUT):
                found[caller].append(f"-s {pod.address}/32 -j {chain}")
        if pod.ingress is not None:
            chain = _chain_name(pod.address, INGRESS)
            found[chain] = [*_rules(pod.ingress, "-s"), _REFUSE]
            found[FORWARD].append(f"-d {pod.address}/32 -j {chain}")
    for caller in (FORWARD, INPUT):
        found[caller].append(f"-s {node_pods} -j {_SENDERS}")
    found[FORWARD].append(f"-d {node_pods} -j {_RECEIVERS}")
    for unknown in (_SENDERS, _RECEIVERS):
        found[unknown].append("-j DROP")
    return found


def _chain_name(address: str, direction: str) -> str:
    """At most 28 letters, the limit of iptables."""
    return f"{PREFIX}{direction.upper()}-{hashlib.sha256(address.encode()).hexdigest()[:10]}"


def _rules(connections: Sequence[Allowed], other_end: str) -> list[str]:
    found = []
    for one in connections:
        words = [] if one.network == EVERYWHERE else [other_end, one.network]
        if one.protocol:
            words += ["-p", one.protocol.lower()]
        if one.ports:
            first, last = one.ports
            words += ["--dport", str(first) if first == last else f"{first}:{last}"]
        found.append(" ".join([*words, _RETURN]))
    return found


def restore_text(wanted: Mapping[str, Sequence[str]], existing: Sequence[str]) -> str:
    """Input of `iptables-restore --noflush` that makes our chains what is wanted, in one step.

    Args:
        wanted: chain → rules.
        existing: names of the table's chains; ours that are not wanted any more are removed.
    """
    stale = sorted(chain for chain in existing if chain.startswith(PREFIX) and chain not in wanted)
    lines = ["*filter", *(f":{chain} - [0:0]" for chain in [*wanted, *stale])]
    lines += [f"-A {chain} {rule}" for chain, rules in wanted.items() for rule in rules]
    lines += [f"-X {chain}" for chain in stale]
    return "\n".join([*lines, "COMMIT", ""])
