"""What a cluster has beside Kubernetes itself: cluster DNS, the default StorageClass, rights of its programs."""

from __future__ import annotations

from lab.cluster.api import Api, Object
from lab.cluster.images import DNS_IMAGE
from lab.cluster.instance import Instance

PROVISIONER = "portus-stack.lab/volumes"
_DNS_LABELS: Object = {"k8s-app": "kube-dns"}
_DNS = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"


def apply(api: Api, instance: Instance) -> None:
    """Put everything into the cluster, or put it right. Raises ApiError."""
    rights = "/apis/rbac.authorization.k8s.io/v1"
    for path, content in (
        (f"{rights}/clusterrolebindings/portus-stack.lab:kube-proxy", _proxy_rights()),
        ("/apis/storage.k8s.io/v1/storageclasses/standard", _storage_class()),
        ("/api/v1/namespaces/kube-system/serviceaccounts/coredns", _object("v1", "ServiceAccount")),
        (f"{rights}/clusterroles/portus-stack.lab:coredns", _dns_role()),
        (f"{rights}/clusterrolebindings/portus-stack.lab:coredns", _dns_rights()),
        ("/api/v1/namespaces/kube-system/configmaps/coredns", _dns_configuration(instance)),
        (_DNS, _dns_deployment()),
        ("/api/v1/namespaces/kube-system/services/kube-dns", _dns_service(instance)),
    ):
        api.apply(path, content)


def dns_is_ready(api: Api) -> bool:
    """Whether cluster DNS answers."""
    status = api.get(_DNS).get("status")
    return isinstance(status, dict) and status.get("availableReplicas") == 1


def _object(version: str, kind: str, **fields: object) -> Object:
    return {"apiVersion": version, "kind": kind, **fields}


def _binding(role: str, subject: Object) -> Object:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    return _object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", roleRef=reference, subjects=[subject])


def _proxy_rights() -> Object:
    user: Object = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:kube-proxy"}
    return _binding("system:node-proxier", user)


def _storage_class() -> Object:
    return _object(
        "storage.k8s.io/v1",
        "StorageClass",
        metadata={"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        provisioner=PROVISIONER,
        reclaimPolicy="Delete",
        volumeBindingMode="WaitForFirstConsumer",
        allowVolumeExpansion=True,
    )


def _dns_role() -> Object:
    verbs = ["list", "watch"]
    core = {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": verbs}
    slices = {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": verbs}
    return _object("rbac.authorization.k8s.io/v1", "ClusterRole", rules=[core, slices])


def _dns_rights() -> Object:
    account: Object = {"kind": "ServiceAccount", "name": "coredns", "namespace": "kube-system"}
    return _binding("portus-stack.lab:coredns", account)


def _dns_configuration(instance: Instance) -> Object:
    servers = (instance.folder / "resolv.conf").read_text(encoding="utf-8")
    upstream = "  forward . /etc/resolv.conf\n" if "nameserver" in servers else ""
    zones = "  kubernetes cluster.local in-addr.arpa ip6.arpa {\n    pods insecure\n  }\n"
    corefile = f".:53 {{\n  errors\n  health\n  ready\n{zones}{upstream}  cache 5\n  loop\n}}\n"
    return _object("v1", "ConfigMap", data={"Corefile": corefile})


def _dns_deployment() -> Object:
    container = {
        "name": "coredns",
        "image": DNS_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        ],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "failureThreshold": 5},
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "volumeMounts": [{"name": "configuration", "mountPath": "/etc/coredns", "readOnly": True}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "containers": [container],
        "volumes": [{"name": "configuration", "configMap": {"name": "coredns"}}],
    }
    template = {"metadata": {"labels": _DNS_LABELS}, "spec": pod}
    specification = {"replicas": 1, "selector": {"matchLabels": _DNS_LABELS}, "template": template}
    return _object("apps/v1", "Deployment", metadata={"labels": _DNS_LABELS}, spec=specification)


def _dns_service(instance: Instance) -> Object:
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": "dns"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": "dns-tcp"},
    ]
    specification = {"clusterIP": instance.dns_address, "selector": _DNS_LABELS, "ports": ports}
    return _object("v1", "Service", metadata={"labels": _DNS_LABELS}, spec=specification)
