"""Kubernetes workloads: images, resources, probes, identities."""

from __future__ import annotations

from collections.abc import Iterator

from ..kubernetes import (
    WORKLOADS,
    containers,
    is_patch,
    kind_of,
    long_running,
    pod_spec,
    tokens,
)
from ..resource import Resource, Stack
from ..roles import PORTUS, labels, role_of
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, MEDIUM, About, rule, stack_rule
from ..values import Bad, Node, Unseen, Verdicts, demand, forbid, given, is_true, number_of
from .docker_host import RUNTIME_SOCKETS

_SHORTEST_START_SECONDS = 90
_DEFAULT_PERIOD, _DEFAULT_FAILURES = 10, 3
_RECOMMENDED_LABELS = ("name", "instance", "part-of", "managed-by")
_LABELLED = tokens("apps/v1:Deployment", "apps/v1:StatefulSet", "core/v1:Service")
_OLD_VERSIONS = ("alpha", "beta")


@rule(
    *("K20", "k8s-read-only-root", "read-only root filesystem", MANDATORY, MEDIUM),
    reason="an attacker who can write cannot be got rid of by a restart",
    fix="`readOnlyRootFilesystem: true`, and emptyDir volumes for what must be writable",
    source="NSA C-0017; NIST SP 800-190 4.4.4; CKV_K8S_22",
    types=WORKLOADS,
)
def read_only_root(workload: Resource) -> Verdicts:
    for container in containers(workload):
        node = container.at("securityContext", "readOnlyRootFilesystem")
        if not (is_patch(workload) and node.missing):
            yield from demand(node, is_true)


@rule(
    *("K21", "k8s-resources", "memory limited, CPU requested", MANDATORY, MEDIUM),
    reason="a container without a limit can take the node's memory, one without a request starves first",
    fix="`resources: {requests: {cpu, memory}, limits: {memory}}`",
    source="NSA C-0270, C-0271; CKV_K8S_10-13",
    types=WORKLOADS,
)
def resources(workload: Resource) -> Verdicts:
    for container in containers(workload):
        if is_patch(workload) or ".ephemeralContainers" in container.path:
            continue
        for place in (("requests", "memory"), ("limits", "memory"), ("requests", "cpu")):
            yield from demand(container.at("resources", *place), given)


@rule(
    *("K21a", "k8s-resources-advised", "CPU and scratch space limited, memory guaranteed", ADVISORY, LOW),
    reason="what is limited cannot disturb its neighbours; what is guaranteed is not evicted first",
    fix="`limits.cpu`, `limits.ephemeral-storage`, and `requests.memory` equal to `limits.memory`",
    source="kube-score container-resources",
    types=WORKLOADS,
)
def resources_advised(workload: Resource) -> Verdicts:
    for container in containers(workload):
        if is_patch(workload) or ".ephemeralContainers" in container.path:
            continue
        given_resources = container.at("resources")
        for name in ("cpu", "ephemeral-storage"):
            yield from demand(given_resources.at("limits", name), given)
        request, limit = given_resources.at("requests", "memory"), given_resources.at("limits", "memory")
        if not (request.unknown or limit.unknown or limit.missing):
            yield from demand(request, lambda value: value == limit.value)


@rule(
    *("K25", "k8s-probes", "liveness and readiness are probed", MANDATORY, MEDIUM),
    reason="without probes traffic goes to pods that hang, and nobody restarts them",
    fix="a `livenessProbe` and another `readinessProbe`; for Portus a `startupProbe` that allows 90 s",
    source="CKV_K8S_8, CKV_K8S_9; kube-score pod-probes",
    types=WORKLOADS,
)
def probes(workload: Resource) -> Verdicts:
    if not long_running(workload) or is_patch(workload):
        return
    for container in pod_spec(workload).at("containers").each():
        live, ready = container.at("livenessProbe"), container.at("readinessProbe")
        ports = {port.at("containerPort").number for port in container.at("ports").each()}
        names = {port.at("name").text for port in container.at("ports").each()}
        for probe in (live, ready):
            yield from demand(probe, given)
            for kind in ("httpGet", "tcpSocket", "grpc"):
                port = probe.at(kind, "port")
                if not port.missing and ports and None not in ports:
                    yield from demand(
                        port,
                        lambda value: number_of(value) in ports or value in names,
                        "not a port of the container",
                    )
        if not live.unknown and live.value and live.value == ready.value:
            yield Bad(ready.path, "the same as the liveness probe")
    if role_of(workload) == PORTUS:
        for container in pod_spec(workload).at("containers").each():
            yield from demand(
                container.at("startupProbe"), lambda value: _budget(Node(value)) >= _SHORTEST_START_SECONDS
            )


def _budget(probe: Node) -> float:
    if probe.missing:
        return 0
    delay = probe.at("initialDelaySeconds").number or 0
    period = probe.at("periodSeconds").number or _DEFAULT_PERIOD
    return delay + period * (probe.at("failureThreshold").number or _DEFAULT_FAILURES)


@rule(
    *("K28", "k8s-no-runtime-socket", "no container runtime's socket inside", MANDATORY, CRITICAL),
    reason="whoever can talk to the runtime can start a privileged container: root on the node",
    fix="leave the socket out",
    source="CKV_K8S_27; OWASP Docker rule 1",
    types=WORKLOADS,
)
def no_runtime_socket(workload: Resource) -> Verdicts:
    places = [volume.at("hostPath", "path") for volume in pod_spec(workload).at("volumes").each()]
    places += [mount.at("mountPath") for each in containers(workload) for mount in each.at("volumeMounts").each()]
    for place in places:
        yield from forbid(place, lambda value: RUNTIME_SOCKETS.search(str(value or "")))


@rule(
    *("K29", "k8s-no-shared-processes", "containers do not see each other's processes", ADVISORY, LOW),
    reason="a process that is seen can be read and killed",
    fix="leave `shareProcessNamespace` out",
    source="NSA hardening guide",
    types=WORKLOADS,
)
def no_shared_processes(workload: Resource) -> Verdicts:
    yield from forbid(pod_spec(workload).at("shareProcessNamespace"), is_true)


@rule(
    *("K37", "k8s-no-service-links", "no environment from Services", MANDATORY, MEDIUM),
    reason="a Service called `portus` injects PORTUS_PORT into a program that is configured by PORTUS_*",
    fix="`enableServiceLinks: false`",
    source="observed; Kyverno disable-service-discovery",
    types=WORKLOADS,
)
def no_service_links(workload: Resource) -> Verdicts:
    node = pod_spec(workload).at("enableServiceLinks")
    if not (is_patch(workload) and node.missing):
        yield from demand(node, lambda value: value is False)


@rule(
    *("K38", "k8s-no-bare-pod", "pods belong to a controller", ADVISORY, LOW),
    reason="a bare pod is not started again when its node goes",
    fix="a Deployment, StatefulSet or Job",
    source="Kyverno prevent-bare-pods",
    types=tokens("core/v1:Pod"),
)
def no_bare_pod(pod: Resource) -> Verdicts:
    yield Bad("", "a bare pod")


@rule(
    *("K39", "k8s-no-duplicates", "variables and mounts are told once", ADVISORY, LOW),
    reason="the last one wins, silently",
    fix="one entry per variable and per mount path",
    source="kube-linter duplicate-env-var",
    types=WORKLOADS,
)
def no_duplicates(workload: Resource) -> Verdicts:
    for container in containers(workload):
        for place, key in (("env", "name"), ("volumeMounts", "mountPath")):
            seen: set[str] = set()
            for each in container.at(place).each():
                name = each.at(key)
                if name.text and name.text in seen:
                    yield Bad(name.path)
                seen.add(name.text)


@rule(
    *("K40", "k8s-scratch-limit", "scratch volumes limited", ADVISORY, LOW),
    reason="an emptyDir without a limit can fill the node's disk",
    fix="`emptyDir: {sizeLimit: …}`",
    source="Kyverno add-emptydir-sizelimit",
    types=WORKLOADS,
)
def scratch_limit(workload: Resource) -> Verdicts:
    for volume in pod_spec(workload).at("volumes").each():
        scratch = volume.at("emptyDir")
        if not scratch.missing:
            yield from demand(scratch.at("sizeLimit"), given)


@rule(
    *("K42", "k8s-api-version", "stable API versions", ADVISORY, LOW),
    reason="alpha and beta versions are removed while the stack still uses them",
    fix="the stable version of the kind",
    source="Kyverno check-deprecated-apis",
)
def api_version(resource: Resource) -> Verdicts:
    if resource.type.startswith("kubernetes:") and any(word in resource.type.split(":")[1] for word in _OLD_VERSIONS):
        yield Bad("apiVersion")


@rule(
    *("K43", "k8s-labels", "recommended labels", ADVISORY, LOW),
    reason="people and tools find what belongs together by them",
    fix="app.kubernetes.io/name, instance, part-of and managed-by",
    source="Kubernetes recommended labels",
    types=_LABELLED,
)
def recommended_labels(resource: Resource) -> Verdicts:
    if not is_patch(resource):
        found = resource.at("metadata", "labels")
        for name in _RECOMMENDED_LABELS:
            yield from demand(found.at(f"app.kubernetes.io/{name}"), given)


@rule(
    *("K44", "k8s-nothing-opaque", "nothing that the pack cannot see", MANDATORY, HIGH),
    reason="a Helm release or a List brings objects that no policy looked at",
    fix="the objects themselves; `Chart` and `ConfigGroup` show theirs",
    source="the pack itself",
)
def nothing_opaque(resource: Resource) -> Verdicts:
    kind = kind_of(resource)
    opaque = resource.type == "kubernetes:helm.sh/v3:Release" or (
        resource.type.startswith("kubernetes:") and kind.endswith("List") and kind != "List"
    )
    if resource.inside_component and opaque:
        yield Bad("", kind)


@stack_rule(
    *("K41", "k8s-availability", "replicas that survive a node", ADVISORY, LOW),
    reason="copies on one node fail together; two writers on one volume destroy it",
    fix="two replicas: PodDisruptionBudget and topology spread; one with a volume: `strategy: Recreate`, or "
    "`maxUnavailable: 1` where two writers do no harm",
    source="kube-score deployment-*",
)
def availability(stack: Stack) -> Iterator[About]:
    budgets = [
        each.at("spec", "selector", "matchLabels") for each in stack.of_type(*tokens("policy/v1:PodDisruptionBudget"))
    ]
    for workload in stack.of_type(*tokens("apps/v1:Deployment")):
        replicas = workload.at("spec", "replicas")
        if replicas.unknown:
            yield About(workload, Unseen(replicas.path))
        elif (replicas.number or 1) > 1:
            own = labels(workload)
            covered = any(all(own.get(key) == node.text for key, node in each.entries()) for each in budgets)
            pod = pod_spec(workload)
            if not covered:
                yield About(workload, Bad("spec.replicas", "no PodDisruptionBudget selects its pods"))
            if pod.at("affinity", "podAntiAffinity").missing and pod.at("topologySpreadConstraints").missing:
                yield About(workload, Bad(pod.at("affinity").path, "nothing keeps its pods on different nodes"))
        elif _has_claim(workload) and not _lets_go(workload):
            yield About(workload, Bad("spec.strategy.type", "a new pod waits for the volume of the old one for ever"))


def _lets_go(workload: Resource) -> bool:
    """Whether a pod gives its volume up, even if the next one cannot start before."""
    strategy = workload.at("spec", "strategy")
    return strategy.at("type").text == "Recreate" or strategy.at("rollingUpdate", "maxUnavailable").number == 1


def _has_claim(workload: Resource) -> bool:
    return any(not each.at("persistentVolumeClaim").missing for each in pod_spec(workload).at("volumes").each())
