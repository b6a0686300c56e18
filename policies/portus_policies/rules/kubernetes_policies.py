"""Kubernetes: network policies, which say who reaches whom."""

from __future__ import annotations

from collections.abc import Iterator

from ..addresses import are_everywhere
from ..kubernetes import NETWORK_POLICY, WORKLOADS, is_patch, namespace_of, pod_labels
from ..links import planned_ways_out
from ..resource import NAME_LABEL, Resource, Stack
from ..roles import BACKGROUND, BACKUP, DATABASE, EDGE, PORTUS, REGISTRY, labels, selected_role
from ..rule import HIGH, MANDATORY, About, rule, stack_rule
from ..values import Bad, Node, Unseen, Verdicts, forbid, number_of, written

_TLS_AND_DNS = {443, 53}
_DNS = {53}
_EVERY_NAMESPACE = "kubernetes.io/metadata.name"
"""A label that the API server puts on every namespace."""
_MOST_PORTS = 1024
_PEERS = {
    DATABASE: {PORTUS, BACKGROUND, BACKUP, "migrate", "bootstrap"},
    REGISTRY: {EDGE, PORTUS, BACKGROUND},
}


Selection = tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str, frozenset[str]]]]


def _selection(selector: Node) -> Selection:
    """What a selector wants of labels: certain values, and expressions; an empty one wants nothing."""
    wanted = frozenset((key, node.text) for key, node in selector.at("matchLabels").entries())
    expressions = frozenset(
        (each.at("key").text, each.at("operator").text, frozenset(value.text for value in each.at("values").each()))
        for each in selector.at("matchExpressions").each()
    )
    return wanted, expressions


def _selects(selection: Selection, present: frozenset[tuple[str, str]]) -> bool:
    """Whether pods with these labels are selected. Source: the API's LabelSelector."""
    wanted, expressions = selection
    if not wanted <= present:
        return False
    found = dict(present) if expressions else {}
    for key, operator, values in expressions:
        selected = {
            "In": found.get(key) in values,
            "NotIn": found.get(key) not in values,
            "Exists": key in found,
            "DoesNotExist": key not in found,
        }
        if not selected.get(operator, False):
            return False
    return True


def _policies(stack: Stack) -> dict[str, list[Resource]]:
    """Network policies by namespace."""
    found: dict[str, list[Resource]] = {}
    for policy in stack.of_type(*NETWORK_POLICY):
        found.setdefault(namespace_of(policy), []).append(policy)
    return found


def _directions(policy: Resource) -> set[str]:
    listed = {each.text for each in policy.at("spec", "policyTypes").each()}
    return listed or ({"Ingress", "Egress"} if not policy.at("spec", "egress").missing else {"Ingress"})


@stack_rule(
    *("K50", "k8s-default-deny", "nothing is allowed by default", MANDATORY, HIGH),
    reason="without it every pod of the cluster reaches every port of the stack",
    fix="a NetworkPolicy with an empty `podSelector`, both policy types and no rules, in each namespace",
    source="CIS Kubernetes 5.3.2",
)
def default_deny(stack: Stack) -> Iterator[About]:
    policies = _policies(stack)
    for namespace, workloads in _by_namespace(stack).items():
        denied: set[str] = set()
        for policy in policies.get(namespace, ()):
            spec = policy.at("spec")
            empty = (
                not spec.at("podSelector", "matchLabels").value and not spec.at("podSelector", "matchExpressions").value
            )
            for direction in _directions(policy):
                if empty and not spec.at("podSelector").unknown and not written(spec.at(direction.lower())):
                    denied.add(direction)
        for direction in ("Ingress", "Egress"):
            if direction not in denied:
                yield About(workloads[0], Bad("metadata.namespace", f"no policy there denies all {direction.lower()}"))


def _by_namespace(stack: Stack) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for workload in stack.of_type(*WORKLOADS):
        node = workload.at("metadata", "namespace")
        if not is_patch(workload) and not node.unknown:
            found.setdefault(node.text, []).append(workload)
    return found


@stack_rule(
    *("K51", "k8s-policies-cover", "every pod has its network policy", MANDATORY, HIGH),
    reason="what no policy names is either cut off or open, and nobody decided which",
    fix="a NetworkPolicy that selects the workload's pods and lists what may come and where it may go",
    source="CKV2_K8S_6; kube-score pod-networkpolicy",
)
def policies_cover(stack: Stack) -> Iterator[About]:
    policies = _policies(stack)
    for namespace, workloads in _by_namespace(stack).items():
        there = policies.get(namespace, ())
        unseen = any(each.at("spec", "podSelector").unknown for each in there)
        # As sets, because many policies say the same: large stacks are evaluated in linear time.
        selections = {(_selection(each.at("spec", "podSelector")), frozenset(_directions(each))) for each in there}
        known: dict[frozenset[tuple[str, str]], set[str]] = {}
        for workload in workloads:
            node = pod_labels(workload)
            if node.unknown or unseen:
                yield About(workload, Unseen(node.path))
                continue
            found = frozenset((key, each.text) for key, each in node.entries())
            if found not in known:
                known[found] = {each for selection, ways in selections if _selects(selection, found) for each in ways}
            for direction in sorted({"Ingress", "Egress"} - known[found]):
                yield About(workload, Bad(node.path, f"no policy selects these pods for {direction.lower()}"))


@rule(
    *("K52", "k8s-policies-narrow", "network policies name their peers", MANDATORY, HIGH),
    reason="a rule without a peer allows everybody",
    fix="`podSelector` or `namespaceSelector`; addresses from everywhere for the edge's TLS port only",
    source="KSV-0038",
    types=NETWORK_POLICY,
)
def policies_narrow(policy: Resource) -> Verdicts:
    public = _selects_public_role(policy)
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        ranges: list[Node] = []
        for entry in policy.at("spec", direction).each():
            if entry.unknown:
                yield Unseen(entry.path)
            elif not written(entry.at(peers)) and not _may_be_anybody(direction, entry, public):
                yield Bad(entry.at(peers).path, "anybody")
            for peer in entry.at(peers).each():
                if not (direction == "ingress" and public) and not _only_tls(direction, entry):
                    ranges.append(peer.at("ipBlock", "cidr"))
                if not (direction == "ingress" and public) and not (direction == "egress" and _only(entry, _DNS)):
                    yield from forbid(peer, lambda value: _is_anybody(Node(value)), "anybody")
            yield from _wide_ports(entry)
        yield from (Unseen(each.path) for each in ranges if each.unknown)
        if are_everywhere(each.text for each in ranges):
            yield Bad(next(each.path for each in ranges if each.text), "everywhere, all ranges taken together")


def _is_anybody(peer: Node) -> bool:
    """Whether a peer is every pod of every namespace."""
    if peer.value == {}:
        return True
    namespaces, pods = peer.at("namespaceSelector"), peer.at("podSelector")
    return not namespaces.missing and selects_all(namespaces) and (pods.missing or selects_all(pods))


def selects_all(selector: Node) -> bool:
    """Whether a selector leaves nothing out: it is empty, or asks for what every object has."""
    if written(selector.at("matchLabels")):
        return False
    return all(
        each.at("operator").text in ("NotIn", "DoesNotExist")
        or (each.at("operator").text == "Exists" and each.at("key").text == _EVERY_NAMESPACE)
        for each in selector.at("matchExpressions").each()
    )


def _wide_ports(entry: Node) -> Verdicts:
    for port in entry.at("ports").each():
        first, last = port.at("port").number or 0, port.at("endPort")
        yield from forbid(last, lambda value: (number_of(value) or 0) - first >= _MOST_PORTS, "nearly every port")


def _may_be_anybody(direction: str, entry: Node, public: bool) -> bool:
    """Whoever may come to the edge; and what is outside has names only, so a way out to certain ports has no peers."""
    return public if direction == "ingress" else bool(_ports(entry)) and not _has_range(entry)


def _selects_public_role(policy: Resource) -> bool:
    values = [node.text for _, node in policy.at("spec", "podSelector", "matchLabels").entries()]
    return EDGE in values or (
        not policy.inside_component
        and any(word in value for value in values for word in ("web", "ingress", "proxy", "frontend", "gateway"))
    )


def _ports(entry: Node) -> list[float | None]:
    return [each.at("port").number for each in entry.at("ports").each()]


def _only_tls(direction: str, entry: Node) -> bool:
    """A way out to TLS servers anywhere, such as object storage; what it is for no policy can tell."""
    return direction == "egress" and _only(entry, _TLS_AND_DNS)


def _only(entry: Node, ports: set[int]) -> bool:
    """Whether an entry is about these ports alone."""
    return bool(_ports(entry)) and set(_ports(entry)) <= ports and not _has_range(entry)


def _has_range(entry: Node) -> bool:
    """Whether a port is the first of several."""
    return any(
        not each.at("endPort").missing and each.at("endPort").number != each.at("port").number
        for each in entry.at("ports").each()
    )


@stack_rule(
    *("K53", "k8s-policy-edges", "network policies follow the links between roles", MANDATORY, HIGH),
    reason="the edge has no business with the database, and nobody but the edge with the registry from outside",
    fix="rules for the links of the topology only",
    source="NIST SP 800-190 4.3.3",
)
def policy_edges(stack: Stack) -> Iterator[About]:
    ways_out = planned_ways_out(stack)
    yield from _impostors(stack)
    for policy in stack.of_type(*NETWORK_POLICY):
        target = selected_role(policy.at("spec", "podSelector"))
        for verdict in _unplanned_ways_in(policy, target):
            yield About(policy, verdict)
        out = ways_out.get(labels(policy).get(NAME_LABEL, "")) if policy.inside_component else None
        if out is not None:
            for entry in policy.at("spec", "egress").each():
                planned = {(target, port) for port in _ports(entry)} <= out and not _has_range(entry)
                if not written(entry.at("to")) and not planned:
                    yield About(policy, Bad(entry.at("to").path, "anybody, and no link leads out there"))


def _impostors(stack: Stack) -> Iterator[About]:
    """Pods outside of a PortusStack with the labels by which its policies know its own."""
    selections: dict[str, set[Selection]] = {}
    for policy in stack.of_type(*NETWORK_POLICY):
        if policy.inside_component:
            selectors = [
                peer.at("podSelector")
                for entry in policy.at("spec", "ingress").each()
                for peer in entry.at("from").each()
            ]
            named = {_selection(each) for each in (policy.at("spec", "podSelector"), *selectors) if written(each)}
            selections.setdefault(namespace_of(policy), set()).update(each for each in named if each[0])
    for workload in stack.of_type(*WORKLOADS):
        if not workload.inside_component and not is_patch(workload):
            present = frozenset((key, each.text) for key, each in pod_labels(workload).entries())
            if any(_selects(each, present) for each in selections.get(namespace_of(workload), ())):
                yield About(workload, Bad(pod_labels(workload).path, "it passes for a part of a PortusStack"))


def _unplanned_ways_in(policy: Resource, target: str) -> Verdicts:
    allowed = _PEERS.get(target)
    if allowed is None:
        return
    for entry in policy.at("spec", "ingress").each():
        for peer in entry.at("from").each():
            source = selected_role(peer.at("podSelector"))
            if peer.unknown:
                yield Unseen(peer.path)
            elif source not in allowed:
                yield Bad(peer.path, f"{source or 'something else'} may not reach {target}")
            elif not peer.at("namespaceSelector").missing and selects_all(peer.at("namespaceSelector")):
                yield Bad(peer.path, f"whoever calls himself {source}, in any namespace, reaches {target}")
