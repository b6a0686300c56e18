"""Cases on Kubernetes objects, for pods in every kind of workload and for containers of every kind."""

from typing import Any

from tests.policy.cases import Case, kubernetes
from tests.policy.graphs import Added, Change, Removed, add, drop, entry, put, swap
from tests.policy.kubernetes_stack import container, meta, pod

_POD = "spec/template/spec"
_ONE = f"{_POD}/containers/0"
_CONTEXT = f"{_ONE}/securityContext"


def of(name: str, edit: Any = None, kind: str = "", **options: Any) -> Change:
    """A change of an object."""
    return Change(name, edit, kind, options)


def edge(rule: str, edit: Any, also: str = "", **settings: Any) -> Case:
    """A case on the edge's Deployment."""
    return kubernetes(rule, of("edge", edit, "Deployment"), also=also, **settings)


def _rbac() -> Added:
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]
    return Added(
        entry(
            "kubernetes:rbac.authorization.k8s.io/v1:Role",
            "reader",
            {"metadata": {"namespace": "registry-prod"}, "rules": rules},
        )
    )


CASES = (
    edge("K01", put(f"{_CONTEXT}/privileged", True)),
    kubernetes("K01", of("portus", put(f"{_POD}/initContainers/0/securityContext/privileged", True), "Deployment")),
    kubernetes(
        "K01", of("backup", put("spec/jobTemplate/spec/template/spec/containers/0/securityContext/privileged", True))
    ),
    edge("K02", put(f"{_POD}/hostPID", True)),
    edge("K03", add(f"{_POD}/volumes", {"name": "h", "hostPath": {"path": "/srv"}}), also="K16"),
    edge("K04", put(f"{_ONE}/ports/0/hostPort", 80)),
    edge("K05", put(f"{_ONE}/livenessProbe/tcpSocket/host", "10.0.0.1")),
    edge("K06", put(f"{_CONTEXT}/capabilities", {"drop": ["ALL"], "add": ["NET_RAW"]})),
    edge("K06", drop(f"{_CONTEXT}/capabilities")),
    edge("K07", put(f"{_CONTEXT}/procMount", "Unmasked")),
    edge("K08", put(f"{_POD}/securityContext/seLinuxOptions", {"type": "spc_t"})),
    edge("K09", put(f"{_POD}/securityContext/appArmorProfile", {"type": "Unconfined"})),
    edge("K10", drop(f"{_POD}/securityContext/seccompProfile")),
    edge("K11", add(f"{_POD}/securityContext/sysctls", {"name": "kernel.msgmax", "value": "1"})),
    edge("K12", put(f"{_CONTEXT}/windowsOptions", {"hostProcess": True})),
    edge("K13", drop(f"{_CONTEXT}/allowPrivilegeEscalation")),
    edge("K14", put(f"{_CONTEXT}/runAsNonRoot", False)),
    edge("K15", put(f"{_CONTEXT}/runAsUser", 0), also="K18"),
    edge("K16", add(f"{_POD}/volumes", {"name": "n", "nfs": {"server": "x", "path": "/"}})),
    edge("K17", put(f"{_POD}/securityContext/fsGroup", 0)),
    edge("K18", put(f"{_POD}/securityContext/runAsUser", 101)),
    edge("K20", put(f"{_CONTEXT}/readOnlyRootFilesystem", False)),
    edge("K21", drop(f"{_ONE}/resources/limits/memory")),
    edge("K21a", drop(f"{_ONE}/resources/limits/cpu")),
    edge("K22", put(f"{_ONE}/image", "nginx:1.27"), also="K24"),
    edge("K24", put(f"{_ONE}/imagePullPolicy", "Never")),
    edge("K25", drop(f"{_ONE}/readinessProbe")),
    kubernetes("K25", of("portus", drop(f"{_ONE}/startupProbe"), "Deployment")),
    edge("K26", drop(f"{_POD}/automountServiceAccountToken")),
    edge("K27", put(f"{_POD}/serviceAccountName", "default")),
    edge("K28", put(f"{_ONE}/volumeMounts", [{"name": "x", "mountPath": "/run/containerd/containerd.sock"}])),
    edge("K29", put(f"{_POD}/shareProcessNamespace", True)),
    edge("K30", put(f"{_ONE}/env", [{"name": "API_TOKEN", "value": "hunter2hunter2"}])),
    edge("K31", put(f"{_ONE}/env", [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}])),
    kubernetes("K32", of("options", put("data/db_password", "hunter2hunter2"))),
    kubernetes(
        "K32", of("registry-config", swap("data/config.yml", "log:", "database_password: hunter2hunter2\nlog:"))
    ),
    kubernetes("K33", of("portus-secret", put("stringData", {"tls.crt": "x", "tls.key": "y"}))),
    kubernetes("K34", of("portus", put(f"{_POD}/volumes/1/secret/defaultMode", 420), "Deployment")),
    kubernetes("K35", of("portus-secret", put("metadata/namespace", "default"))),
    kubernetes("K36", of("namespace", put("metadata/labels", {}))),
    edge("K37", drop(f"{_POD}/enableServiceLinks")),
    kubernetes(
        "K38",
        Added(
            entry(
                "kubernetes:core/v1:Pod",
                "bare",
                {**pod("edge", container("edge", 8443)), "metadata": meta("bare", "edge")},
            )
        ),
    ),
    edge("K39", put(f"{_ONE}/env", [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])),
    edge("K40", put(f"{_POD}/volumes/0/emptyDir", {})),
    kubernetes("K41", Removed("budget")),
    kubernetes("K43", of("edge-service", drop("metadata/labels"))),
    kubernetes("K50", Removed("deny-all"), also="K51"),
    kubernetes("K51", Removed("deny-all"), also="K50"),
    kubernetes("K52", of("portus-policy", add("spec/ingress", {"ports": [{"port": 3000}]}))),
    kubernetes(
        "K53",
        of(
            "database-policy",
            add("spec/ingress/0/from", {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "edge"}}}),
        ),
    ),
    kubernetes("K54", of("edge-service", add("spec/ports", {"port": 5001}))),
    kubernetes("K54", of("database-service", put("spec/type", "NodePort")), also="M01"),
    kubernetes("K55", of("portus-service", put("spec/externalIPs", ["192.0.2.1"]))),
    kubernetes("K56", of("edge-service", drop("spec/externalTrafficPolicy"))),
    kubernetes("K57", of("edge-ingress", put("spec/tls", []))),
    kubernetes(
        "K58",
        of(
            "edge-ingress",
            lambda inputs: inputs["metadata"]["annotations"].update(
                {"nginx.ingress.kubernetes.io/server-snippet": "x"}
            ),
        ),
    ),
    kubernetes("K59", of("edge-ingress", lambda inputs: inputs["metadata"].pop("annotations"))),
    kubernetes("K60", _rbac()),
    kubernetes(
        "K61", of("database", put("spec/persistentVolumeClaimRetentionPolicy/whenDeleted", "Delete"), "StatefulSet")
    ),
    kubernetes("K61", of("registry-claim", None, protect=False)),
    kubernetes("K62", of("registry-claim", drop("spec/resources"))),
    kubernetes("K63", of("cluster", put("kubeconfig", "insecure-skip-tls-verify: true"))),
    kubernetes("K64", of("edge", put("metadata/annotations", {"corp.net/password": "hunter2"}), "Deployment")),
    kubernetes(
        "K65",
        Added(
            entry(
                "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration",
                "look",
                {"webhooks": [{"rules": [{"apiGroups": [""], "resources": ["secrets"]}]}]},
            )
        ),
    ),
    kubernetes("K67", of("namespace", None, protect=False)),
    kubernetes("M11", of("database", put("spec/replicas", 3), "StatefulSet")),
)
