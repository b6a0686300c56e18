"""Kubernetes: ways into a PortusStack past its edge, and whether a namespace takes its data with it."""

from __future__ import annotations

from collections.abc import Iterator

from ..kubernetes import (
    CLAIM,
    INGRESS,
    NAMESPACE,
    SECRET,
    SERVICE,
    WORKLOADS,
    containers,
    is_patch,
    name_of,
    namespace_of,
    pod_labels,
    pod_spec,
    tokens,
)
from ..resource import Resource, Stack
from ..roles import EDGE, role_of
from ..rule import HIGH, MANDATORY, About, stack_rule
from ..values import Bad, Node, written

_ROUTES = "kubernetes:gateway.networking.k8s.io"
Pods = dict[tuple[str, str, str], list[Resource]]
_STATEFUL_SET = tokens("apps/v1:StatefulSet")


@stack_rule(
    *("K66", "k8s-edge-only", "only the edge is reached from outside", MANDATORY, HIGH),
    reason="past the edge nothing limits, logs or refuses: the webhook takes events from whoever reaches it",
    fix="the component's own exposure (`kubernetes.expose`), or a Service, an Ingress or a route to the edge",
    source="SUSE/Portus app/controllers/api/v2/events_controller.rb",
)
def edge_only(stack: Stack) -> Iterator[About]:
    """What a Service selects counts, whoever made it and whatever it is called."""
    inner = _inner_pods(stack)
    reaching: dict[tuple[str, str], Resource] = {}
    for service in stack.of_type(*SERVICE):
        found = _selected(service, inner)
        if found:
            reaching[namespace_of(service), name_of(service)] = found
            if service.at("spec", "type").text in ("NodePort", "LoadBalancer"):
                yield About(service, Bad("spec.selector", f"it opens {found.name} past the edge"))
    for opening in stack.resources:
        if opening.type in INGRESS or (opening.type.startswith(_ROUTES) and "Route" in opening.type):
            for backend in _backends(opening):
                behind = reaching.get((namespace_of(opening), backend.text))
                if behind:
                    yield About(opening, Bad(backend.path, f"it opens {behind.name} past the edge"))


def _inner_pods(stack: Stack) -> Pods:
    """The workloads of PortusStacks, the edges apart, by namespace and label: linear time."""
    found: Pods = {}
    for workload in stack.of_type(*WORKLOADS):
        if workload.inside_component and role_of(workload) != EDGE:
            for key, node in pod_labels(workload).entries():
                found.setdefault((namespace_of(workload), key, node.text), []).append(workload)
    return found


def _selected(service: Resource, pods: Pods) -> Resource | None:
    """One of the workloads that a Service selects: those of its rarest label are looked through."""
    wanted = {key: node.text for key, node in service.at("spec", "selector").entries()}
    listed = [pods.get((namespace_of(service), key, value), []) for key, value in wanted.items()]
    rarest = min(listed, key=len, default=[])
    return next((each for each in rarest if wanted.items() <= _labels(each).items()), None)


def _labels(workload: Resource) -> dict[str, str]:
    return {key: node.text for key, node in pod_labels(workload).entries()}


def _backends(opening: Resource) -> Iterator[Node]:
    """The names of the Services that an Ingress or a route leads to."""
    spec = opening.at("spec")
    yield spec.at("defaultBackend", "service", "name")
    for entry in spec.at("rules").each():
        yield from (each.at("name") for each in entry.at("backendRefs").each())
        for path in entry.at("http", "paths").each():
            yield path.at("backend", "service", "name")
            yield path.at("backend", "serviceName")


@stack_rule(
    *("K68", "k8s-own-data", "a PortusStack's Secrets and claims are its own", MANDATORY, HIGH),
    reason="they hold keys, passwords and every layer: whoever mounts them needs no network",
    fix="Secrets and claims of its own; an exception for what makes backups",
    source="NIST SP 800-190 4.4",
)
def own_data(stack: Stack) -> Iterator[About]:
    owned = {
        (namespace_of(each), "claim" if each.type in CLAIM else "secret", name_of(each))
        for each in stack.of_type(*SECRET, *CLAIM)
        if each.inside_component
    }
    for workload in stack.of_type(*WORKLOADS):
        if not workload.inside_component:
            for kind, node in _taken(workload):
                if (namespace_of(workload), kind, node.text) in owned:
                    yield About(workload, Bad(node.path, f"the {kind} is a PortusStack's own"))


def _taken(workload: Resource) -> Iterator[tuple[str, Node]]:
    """Every Secret and claim that a workload's pods are given."""
    for volume in pod_spec(workload).at("volumes").each():
        yield "secret", volume.at("secret", "secretName")
        yield "claim", volume.at("persistentVolumeClaim", "claimName")
        for source in volume.at("projected", "sources").each():
            yield "secret", source.at("secret", "name")
    for container in containers(workload):
        for variable in container.at("env").each():
            yield "secret", variable.at("valueFrom", "secretKeyRef", "name")
        for source in container.at("envFrom").each():
            yield "secret", source.at("secretRef", "name")


@stack_rule(
    *("K67", "k8s-namespace-protected", "a namespace with data in it is protected", MANDATORY, HIGH),
    reason="whoever deletes a namespace deletes every claim in it",
    fix="`protect: true` on the Namespace (`ephemeral` in the settings for trials)",
    source="Kubernetes namespaces; NIST SP 800-190 4.4",
)
def namespace_protected(stack: Stack) -> Iterator[About]:
    if stack.settings.ephemeral:
        return
    holders = [*stack.of_type(*CLAIM)]
    holders += [each for each in stack.of_type(*_STATEFUL_SET) if written(each.at("spec", "volumeClaimTemplates"))]
    names = {namespace_of(each) for each in holders} - {""}
    made_in = {source.urn for each in holders for source in stack.sources(each, "metadata")}
    for namespace in stack.of_type(*NAMESPACE):
        holds = name_of(namespace) in names or namespace.urn in made_in
        if holds and not namespace.options.protect and not is_patch(namespace):
            yield About(namespace, Bad("protect", "claims are in it"))
