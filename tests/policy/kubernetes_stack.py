"""A hardened registry on Kubernetes, written by hand after public examples: what no rule may object to."""

from typing import Any

from tests.policy.graphs import Entry, Graph, entry

NAMESPACE = "registry-prod"
DIGEST = "sha256:" + "a3d8aaa63ed8681a604f1dea0aa03f100d5895b6a58ace528858a7b332415373"
PROVIDER = "urn:pulumi:test::portus-stack::pulumi:providers:kubernetes::cluster"
CONFIGURATION = """\
version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: /var/lib/registry}, delete: {enabled: true}}
http:
  addr: ":5000"
  tls: {certificate: /certs/tls.crt, key: /certs/tls.key, minimumtls: tls1.2}
  headers: {X-Content-Type-Options: [nosniff]}
  debug: {addr: "127.0.0.1:5001"}
auth:
  token:
    realm: https://portus.corp.net/v2/token
    service: registry.corp.net
    issuer: portus.corp.net
    rootcertbundle: /trust/token.crt
    jwks: /trust/token.jwks
    signingalgorithms: [RS256]
notifications:
  endpoints: [{name: portus, url: "https://portus/v2/webhooks/events", timeout: 2s, backoff: 1s}]
health: {storagedriver: {enabled: true}}
"""


def meta(name: str, role: str = "", **annotations: str) -> dict[str, Any]:
    """``metadata`` with the recommended labels."""
    labels = {f"app.kubernetes.io/{key}": value for key, value in (("name", role or name), ("instance", "prod"))}
    labels |= {"app.kubernetes.io/part-of": "registry", "app.kubernetes.io/managed-by": "pulumi"}
    found: dict[str, Any] = {"name": name, "namespace": NAMESPACE, "labels": labels}
    return found | ({"annotations": annotations} if annotations else {})


def container(name: str, port: int, **more: Any) -> dict[str, Any]:
    """A container that meets everything."""
    probe = {"tcpSocket": {"port": port}, "periodSeconds": 5}
    return {
        "name": name,
        "image": f"registry.corp.net/base/{name}:1@{DIGEST}",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "main", "containerPort": port}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {
            "requests": {"cpu": "100m", "memory": "256Mi"},
            "limits": {"cpu": "1", "memory": "256Mi", "ephemeral-storage": "64Mi"},
        },
        "livenessProbe": {**probe, "failureThreshold": 6},
        "readinessProbe": probe,
        **more,
    }


def pod(role: str, one: dict[str, Any], *, init: tuple[dict[str, Any], ...] = (), **more: Any) -> dict[str, Any]:
    """A pod template."""
    return {
        "metadata": {"labels": {"app.kubernetes.io/name": role}},
        "spec": {
            "serviceAccountName": "registry",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10101,
                "runAsGroup": 10101,
                "fsGroup": 10101,
                "seccompProfile": {"type": "RuntimeDefault"},
                "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
            },
            "containers": [one],
            **({"initContainers": list(init)} if init else {}),
            "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}],
            **more,
        },
    }


def workload(kind: str, name: str, role: str, template: dict[str, Any], **spec: Any) -> Entry:
    """A workload with one pod template."""
    version = "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    selector = {} if kind == "Job" else {"selector": {"matchLabels": {"app.kubernetes.io/name": role}}}
    inputs = {"metadata": meta(name, role), "spec": {**selector, "template": template, **spec}}
    protect = kind == "StatefulSet"
    return entry(f"kubernetes:{version}:{kind}", name, inputs, protect=protect, provider=PROVIDER)


def policy(name: str, spec: dict[str, Any]) -> Entry:
    """A NetworkPolicy."""
    inputs = {"metadata": meta(name), "spec": {"policyTypes": ["Ingress", "Egress"], **spec}}
    return entry("kubernetes:networking.k8s.io/v1:NetworkPolicy", name, inputs, provider=PROVIDER)


def from_role(role: str, port: int) -> dict[str, Any]:
    """An ingress rule for the pods of a role."""
    peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": role}}}
    return {"from": [peer], "ports": [{"port": port}]}


def service(name: str, port: int, **spec: Any) -> Entry:
    """A Service for the pods of the role of that name."""
    inputs = {
        "metadata": meta(name),
        "spec": {"type": "ClusterIP", "selector": {"app.kubernetes.io/name": name}, "ports": [{"port": port}], **spec},
    }
    return entry("kubernetes:core/v1:Service", f"{name}-service", inputs, provider=PROVIDER)


def _portus() -> Entry:
    values = {
        "PORTUS_DB_HOST": "database",
        "PORTUS_DB_DATABASE": "portus",
        "PORTUS_DB_USERNAME": "portus",
        "PORTUS_MACHINE_FQDN_VALUE": "portus.corp.net",
        "PORTUS_SECRET_KEY_BASE_FILE": "/secrets/skb",
        "PORTUS_PASSWORD_FILE": "/secrets/password",
        "PORTUS_LOG_LEVEL": "info",
        "PORTUS_SIGNUP_ENABLED": "false",
    }
    mount = {"name": "secrets", "mountPath": "/secrets", "readOnly": True}
    one = container(
        "portus",
        3000,
        env=[{"name": key, "value": value} for key, value in values.items()],
        volumeMounts=[mount, {"name": "tmp", "mountPath": "/tmp"}],
        startupProbe={"tcpSocket": {"port": 3000}, "periodSeconds": 5, "failureThreshold": 60},
    )
    volumes = [
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        {"name": "secrets", "secret": {"secretName": "portus", "defaultMode": 288}},
    ]
    spread = [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}]
    init = container("wait", 1)
    for name in ("livenessProbe", "readinessProbe", "ports"):
        init.pop(name)
    template = pod("portus", one, init=(init,), volumes=volumes, topologySpreadConstraints=spread)
    return workload("Deployment", "portus", "portus", template, replicas=2)


def _database() -> Entry:
    names = {"MARIADB_USER": "portus", "MARIADB_DATABASE": "portus", "MARIADB_ROOT_HOST": "localhost"}
    names |= {"MARIADB_ROOT_PASSWORD_FILE": "/secrets/root", "MARIADB_PASSWORD_FILE": "/secrets/password"}
    probe = {"exec": {"command": ["healthcheck.sh", "--connect"]}}
    one = container(
        "mariadb",
        3306,
        env=[{"name": key, "value": value} for key, value in names.items()],
        livenessProbe={**probe, "failureThreshold": 9},
        readinessProbe=probe,
    )
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Gi"}}},
    }
    retain = {"whenDeleted": "Retain", "whenScaled": "Retain"}
    return workload(
        "StatefulSet",
        "database",
        "database",
        pod("database", one),
        replicas=1,
        volumeClaimTemplates=[claim],
        persistentVolumeClaimRetentionPolicy=retain,
    )


def _edge() -> Entry:
    return workload("Deployment", "edge", "edge", pod("edge", container("edge", 8443)), replicas=1)


def _backup() -> Entry:
    one = container("backup", 1, command=["backup", "--password-file=/secrets/password"])
    for name in ("livenessProbe", "readinessProbe", "ports"):
        one.pop(name)
    template = pod("backup", one)
    template["spec"]["restartPolicy"] = "Never"
    return workload("CronJob", "backup", "backup", {}, jobTemplate={"spec": {"template": template}}, schedule="@daily")


def stack() -> Graph:
    """The whole of it."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    namespace = {"metadata": {"name": NAMESPACE, "labels": labels}}
    account = {"metadata": meta("registry"), "automountServiceAccountToken": False}
    selectors = {
        role: {"podSelector": {"matchLabels": {"app.kubernetes.io/name": role}}}
        for role in ("portus", "database", "edge", "backup")
    }
    dns = {"to": [{"namespaceSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}]}
    ingress = {
        "metadata": meta("edge-ingress", "edge", **{"nginx.ingress.kubernetes.io/proxy-body-size": "0"}),
        "spec": {
            "rules": [{"host": "portus.corp.net", "http": {"paths": []}}],
            "tls": [{"hosts": ["portus.corp.net"], "secretName": "edge-tls"}],
        },
    }
    budget = {
        "metadata": meta("portus"),
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": "portus"}}},
    }
    claim = {
        "metadata": meta("registry-data", "registry"),
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}},
    }
    core, network = "kubernetes:core/v1", "kubernetes:networking.k8s.io/v1"
    return (
        entry("pulumi:providers:kubernetes", "cluster", {"kubeconfig": "apiVersion: v1"}),
        entry(f"{core}:Namespace", "namespace", namespace, protect=True, provider=PROVIDER),
        entry(f"{core}:ServiceAccount", "account", account, provider=PROVIDER),
        entry(
            f"{core}:ConfigMap",
            "registry-config",
            {"metadata": meta("registry-config", "registry"), "data": {"config.yml": CONFIGURATION}},
            provider=PROVIDER,
        ),
        entry(
            f"{core}:ConfigMap",
            "options",
            {"metadata": meta("options"), "data": {"log-level": "info"}},
            provider=PROVIDER,
        ),
        entry(
            f"{core}:Secret",
            "portus-secret",
            {"metadata": meta("portus"), "stringData": {"password": "Zk3vQ9mW1x7Lr5Tq"}},
            provider=PROVIDER,
        ),
        entry(f"{core}:PersistentVolumeClaim", "registry-claim", claim, protect=True, provider=PROVIDER),
        entry("kubernetes:policy/v1:PodDisruptionBudget", "budget", budget, provider=PROVIDER),
        _portus(),
        _database(),
        _edge(),
        _backup(),
        service("portus", 3000),
        service("database", 3306),
        service("edge", 443, type="LoadBalancer", externalTrafficPolicy="Local"),
        policy("deny-all", {"podSelector": {}}),
        policy("portus-policy", {**selectors["portus"], "ingress": [from_role("edge", 3000)], "egress": [dns]}),
        policy("database-policy", {**selectors["database"], "ingress": [from_role("portus", 3306)]}),
        policy("edge-policy", {**selectors["edge"], "ingress": [{"ports": [{"port": 443}]}], "egress": [dns]}),
        entry(f"{network}:Ingress", "edge-ingress", ingress, provider=PROVIDER),
    )
