"""Cases on Kubernetes objects in which only the meaning is bad: who is reached, by whom, and what a volume is."""

from typing import Any

from tests.policy.cases import Case, kubernetes
from tests.policy.graphs import Added, Change, add, entry, put
from tests.policy.kubernetes_stack import container, meta, pod, workload

_POD = "spec/template/spec"
_BASE = "component on kubernetes"
_LABELS = {"org.portus-stack.name": "hub", "org.portus-stack.role": "portus"}
_REGISTRATION = "kubernetes:admissionregistration.k8s.io/v1"


def on_component(rule: str, *changes: Any, also: str = "") -> Case:
    """A case on what the component asks Kubernetes for."""
    return Case(rule, _BASE, changes, frozenset(also.split()))


def _policy(edit: Any, also: str = "") -> Case:
    return kubernetes("K52", Change("portus-policy", edit), also=also)


def _from(*peers: dict[str, Any], **more: Any) -> Any:
    return add("spec/ingress", {"from": list(peers), "ports": [{"port": 3000, **more}]})


def _to(ports: list[dict[str, Any]], *peers: dict[str, Any]) -> Any:
    return add("spec/egress", {"to": list(peers), "ports": ports})


def _blocks(*ranges: str) -> list[dict[str, Any]]:
    return [{"ipBlock": {"cidr": each}} for each in ranges]


def _projected(**token: Any) -> Change:
    volume = {"name": "api", "projected": {"sources": [{"serviceAccountToken": {"path": "token", **token}}]}}
    return Change("edge", add(f"{_POD}/volumes", volume), "Deployment")


def _volume(**spec: Any) -> Added:
    inputs = {"metadata": {"name": "disk"}, "spec": {"persistentVolumeReclaimPolicy": "Retain", **spec}}
    return Added(entry("kubernetes:core/v1:PersistentVolume", "disk", inputs))


def _webhook(kind: str, resource: str, group: str = "", **client: Any) -> Added:
    hook = {
        "name": "look.corp.net",
        "clientConfig": client or {"service": {"name": "look", "namespace": "tools"}},
        "rules": [{"apiGroups": [group], "apiVersions": ["v1"], "operations": ["*"], "resources": [resource]}],
    }
    inputs = {"metadata": {"name": "look"}, "webhooks": [hook]}
    return Added(entry(f"{_REGISTRATION}:{kind}WebhookConfiguration", "look", inputs))


def _foreign(kind: str, version: str, spec: dict[str, Any]) -> Added:
    inputs = {"metadata": {**meta("past"), "namespace": "hub"}, "spec": spec}
    return Added(entry(f"kubernetes:{version}:{kind}", "past", inputs, provider="x::y"))


def _impostor() -> Added:
    template = pod("app", container("app", 8000))
    template["metadata"]["labels"] = dict(_LABELS)
    one = workload("Deployment", "app", "app", template, replicas=1)
    one.inputs["metadata"]["namespace"] = "hub"
    return Added(one)


def _taking(volume: dict[str, Any]) -> Added:
    template = pod("app", container("app", 8000))
    template["spec"]["volumes"] = [{"name": "data", **volume}]
    one = workload("Job", "app", "app", template)
    one.inputs["metadata"]["namespace"] = "hub"
    return Added(one)


POLICIES: tuple[Case, ...] = (
    _policy(_from({"namespaceSelector": {}})),
    _policy(_from({"namespaceSelector": {}, "podSelector": {}})),
    _policy(
        _from(
            {"namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}}
        )
    ),
    _policy(_from({"namespaceSelector": {"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}})),
    _policy(_from(*_blocks("0.0.0.0/1", "128.0.0.0/1"))),
    _policy(_from(*_blocks("0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"))),
    _policy(_from(*_blocks("::/1", "8000::/1"))),
    _policy(lambda inputs: [_from(*_blocks(each))(inputs) for each in ("0.0.0.0/1", "128.0.0.0/1")]),
    _policy(_from({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "edge"}}}, endPort=65535)),
    _policy(_to([{"port": 443, "endPort": 65535}])),
    _policy(_to([{"port": 53, "endPort": 65535}], {"namespaceSelector": {}})),
    _policy(_to([{"port": 8000}], {"namespaceSelector": {}})),
    kubernetes(
        "K53",
        Change(
            "database-policy",
            put("spec/ingress/0/from/0/namespaceSelector", {}),
        ),
    ),
    on_component("K53", _impostor(), also="K25 K50 M08 P04 P05 P06 P16 P17"),
)
VOLUMES: tuple[Case, ...] = (
    kubernetes("K03", _volume(local={"path": "/"})),
    kubernetes("K03", _volume(hostPath={"path": "/var"})),
    kubernetes("K03", _volume(flexVolume={"driver": "corp/disk"})),
    kubernetes("K26", _projected()),
    kubernetes("K26", _projected(audience="https://kubernetes.default.svc")),
    kubernetes(
        "K26",
        Added(
            entry(
                "kubernetes:core/v1:Secret",
                "api",
                {"metadata": meta("api"), "type": "kubernetes.io/service-account-token"},
            )
        ),
    ),
    kubernetes("K67", Change("namespace", None, "", {"protect": False})),
)
WAYS_IN: tuple[Case, ...] = (
    kubernetes("K65", _webhook("Validating", "secrets")),
    kubernetes("K65", _webhook("Mutating", "*", "*")),
    kubernetes("K65", _webhook("Mutating", "pods/ephemeralcontainers")),
    kubernetes("K65", _webhook("Validating", "certificates", "cert-manager.io", url="https://look.example.net")),
    on_component(
        "K66",
        _foreign("Service", "core/v1", {"type": "LoadBalancer", "selector": _LABELS, "ports": [{"port": 443}]}),
        also="K56 K43",
    ),
    on_component(
        "K66",
        _foreign(
            "Service",
            "core/v1",
            {"type": "NodePort", "selector": {"app.kubernetes.io/name": "registry"}, "ports": [{"port": 443}]},
        ),
        also="K43",
    ),
    on_component(
        "K66",
        _foreign("Service", "core/v1", {"type": "ClusterIP", "selector": _LABELS, "ports": [{"port": 443}]}),
        _foreign(
            "Ingress",
            "networking.k8s.io/v1",
            {
                "rules": [{"host": "p.corp.net", "http": {"paths": [{"backend": {"service": {"name": "past"}}}]}}],
                "tls": [{"hosts": ["p.corp.net"], "secretName": "t"}],
            },
        ),
        also="K59",
    ),
)
TAKEN: tuple[Case, ...] = (
    on_component("K68", _taking({"secret": {"secretName": "hub-portus-files"}}), also="K34 K50 K51"),
    on_component(
        "K68", _taking({"projected": {"sources": [{"secret": {"name": "hub-portus-files"}}]}}), also="K34 K50 K51"
    ),
    on_component(
        "K68", _taking({"persistentVolumeClaim": {"claimName": "hub-registry-data-9bfd9a03"}}), also="K50 K51"
    ),
)
EXCEPTIONS: tuple[Case, ...] = (
    on_component(
        "K06",
        Change("hub-portus", add(f"{_POD}/containers/0/securityContext/capabilities/add", "SYS_ADMIN"), "Deployment"),
    ),
    on_component(
        "K22",
        Change("hub-portus", put(f"{_POD}/containers/0/image", "evil.example.net/portus:2.4"), "Deployment"),
        also="K24",
    ),
)
DRILLS: tuple[Case, ...] = (
    on_component("S15", Change("hub-backup-settings", put("data/backup.conf", "drill_pause=''\n"))),
)
CASES = (*DRILLS, *TAKEN, *POLICIES, *VOLUMES, *WAYS_IN, *EXCEPTIONS)
