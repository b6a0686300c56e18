"""What NetworkPolicies allow a pod, from the objects alone (https://kubernetes.io/docs/concepts/services-networking/network-policies/).

Addresses are IPv4, as the cluster's. A name of a port is looked up in the pod that is connected to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab.cluster.api import Object
from lab.cluster.fields import names, part, parts, text, texts

INGRESS = "Ingress"
EGRESS = "Egress"
EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Pod:
    """A pod with an address."""

    namespace: str
    name: str
    address: str
    labels: Mapping[str, str]
    ports: Mapping[tuple[str, str], int]
    """(name, protocol) → number."""


@dataclass(frozen=True)
class Allowed:
    """One kind of connection that a pod may have in one direction."""

    network: str
    """The other end, as a CIDR."""
    protocol: str | None = None
    """TCP, UDP or SCTP; None for every protocol."""
    ports: tuple[int, int] | None = None
    """First and last port that is connected to; None for all."""


def pod_of(content: Object, address: str) -> Pod:
    """The pod that the API describes, at this address."""
    sidecars = [one for one in parts(content, "spec", "initContainers") if one.get("restartPolicy") == "Always"]
    ports: dict[tuple[str, str], int] = {}
    for container in [*parts(content, "spec", "containers"), *sidecars]:
        for port in parts(container, "ports"):
            if text(port, "name"):
                ports[text(port, "name"), text(port, "protocol") or "TCP"] = int(text(port, "containerPort"))
    namespace, name = text(content, "metadata", "namespace"), text(content, "metadata", "name")
    return Pod(namespace, name, address, texts(content, "metadata", "labels"), ports)


def selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a label selector, as it is written in an object, matches these labels; an empty one matches all."""
    wanted = texts(selector, "matchLabels")
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _expression_holds(expression, labels) for expression in parts(selector, "matchExpressions")
    )


def _expression_holds(expression: Object, labels: Mapping[str, str]) -> bool:
    key, operator, values = text(expression, "key"), text(expression, "operator"), names(expression, "values")
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return labels.get(key) not in values
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    raise ValueError(f"unknown operator {operator!r} in a selector")


def allowed(
    pod: Pod,
    direction: str,
    policies: Sequence[Object],
    pods: Sequence[Pod],
    namespaces: Mapping[str, Mapping[str, str]],
) -> list[Allowed] | None:
    """What a pod may do in one direction.

    Args:
        pod: whose connections.
        direction: INGRESS or EGRESS.
        policies: NetworkPolicies of all namespaces.
        pods: all pods of the cluster.
        namespaces: name → labels.

    Returns:
        None when no policy isolates the pod in this direction: everything is allowed.
    """
    applying = [policy for policy in policies if _applies(policy, pod, direction)]
    if not applying:
        return None
    found: dict[Allowed, None] = {}
    for policy in applying:
        for rule in parts(policy, "spec", direction.lower()):
            peers = parts(rule, "from" if direction == INGRESS else "to")
            namespace = text(policy, "metadata", "namespace")
            for one in _rule(peers, parts(rule, "ports"), _Setting(pod, direction, namespace, pods, namespaces)):
                found[one] = None
    return list(found)


def _applies(policy: Object, pod: Pod, direction: str) -> bool:
    spec = part(policy, "spec")
    directions = names(spec, "policyTypes") or [INGRESS, *([EGRESS] if "egress" in spec else [])]
    same_namespace = text(policy, "metadata", "namespace") == pod.namespace
    return same_namespace and direction in directions and selects(part(spec, "podSelector"), pod.labels)


@dataclass(frozen=True)
class _Setting:
    """What a rule is read against."""

    pod: Pod
    direction: str
    namespace: str
    pods: Sequence[Pod]
    namespaces: Mapping[str, Mapping[str, str]]


def _rule(peers: Sequence[Object], ports: Sequence[Object], setting: _Setting) -> Iterator[Allowed]:
    """Everything that one rule allows: each of its peers on each of its ports; no peers are all, no ports are all."""
    if not peers:
        yield from _on_ports(EVERYWHERE, ports, setting, None)
    for peer in peers:
        if "ipBlock" in peer:
            for network in _networks(part(peer, "ipBlock")):
                yield from _on_ports(network, ports, setting, None)
        else:
            for other in setting.pods:
                if _is_peer(peer, other, setting):
                    yield from _on_ports(f"{other.address}/32", ports, setting, other)


def _is_peer(peer: Object, other: Pod, setting: _Setting) -> bool:
    if "namespaceSelector" not in peer:
        here = other.namespace == setting.namespace
    else:
        here = selects(part(peer, "namespaceSelector"), setting.namespaces.get(other.namespace, {}))
    return here and selects(part(peer, "podSelector"), other.labels)


def _networks(block: Object) -> list[str]:
    """The block without its exceptions, as CIDRs; none for IPv6."""
    whole = ipaddress.ip_network(text(block, "cidr"), strict=False)
    if not isinstance(whole, ipaddress.IPv4Network):
        return []
    rest = [whole]
    for exception in names(block, "except"):
        hole = ipaddress.IPv4Network(exception, strict=False)
        rest = [piece for network in rest for piece in _without(network, hole)]
    return [str(network) for network in sorted(rest)]


def _without(network: ipaddress.IPv4Network, hole: ipaddress.IPv4Network) -> list[ipaddress.IPv4Network]:
    if network.subnet_of(hole):
        return []
    return list(network.address_exclude(hole)) if hole.subnet_of(network) else [network]


def _on_ports(network: str, ports: Sequence[Object], setting: _Setting, other: Pod | None) -> Iterator[Allowed]:
    if not ports:
        yield Allowed(network)
    for port in ports:
        protocol, number = text(port, "protocol") or "TCP", text(port, "port")
        if not number:
            yield Allowed(network, protocol)
        elif number.isdecimal():
            yield Allowed(network, protocol, (int(number), int(text(port, "endPort") or number)))
        else:
            yield from _on_named_port(network, (number, protocol), setting, other)


def _on_named_port(network: str, port: tuple[str, str], setting: _Setting, other: Pod | None) -> Iterator[Allowed]:
    if setting.direction == INGRESS:
        targets = [(network, setting.pod)]
    elif other:
        targets = [(network, other)]
    else:
        # Addresses have no names for ports; pods at these addresses do.
        whole = ipaddress.IPv4Network(network)
        inside = [pod for pod in setting.pods if ipaddress.IPv4Address(pod.address) in whole]
        targets = [(f"{pod.address}/32", pod) for pod in inside]
    for address, target in targets:
        if port in target.ports:
            yield Allowed(address, port[1], (target.ports[port], target.ports[port]))
