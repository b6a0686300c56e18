"""Arguments of the Kubernetes target that are right; each way of exposing has a sample, as they exclude one another."""

from typing import Any

from tests.unit.portus import pems

_PODS: dict[str, Any] = {
    "node_selector": {"kubernetes.io/os": "linux"},
    "tolerations": [
        {"operator": "Exists"},
        {
            "key": "example.com/dedicated",
            "operator": "Equal",
            "value": "registry",
            "effect": "NoExecute",
            "toleration_seconds": 30,
        },
    ],
    "affinity": {"podAntiAffinity": {}},
    "priority_class": "high",
    "labels": {"example.com/team": "registry"},
    "annotations": {"example.com/note": "see the wiki: chapter 2"},
    "environment": {"TZ": "Europe/Zurich"},
}

WAYS: dict[str, dict[str, Any]] = {
    "load_balancer": {
        "https_port": 443,
        "http_port": 80,
        "class_name": "example.com/internal",
        "source_ranges": ["192.0.2.0/24", "2001:db8::/32"],
        "annotations": {"example.com/size": "small"},
    },
    "node_port": {"https_port": 30443, "http_port": 30080, "annotations": {"example.com/size": "small"}},
    "ingress": {"class_name": "nginx", "annotations": {"example.com/size": "small"}},
    "gateway": {"name": "front", "namespace": "gateways", "section_name": "tls", "passthrough": False},
}

SELF_SIGNED = pems.issued("portus.example.com", names=pems.NAMES)
CERTIFICATE = SELF_SIGNED.pem
CERT_MANAGER: dict[str, Any] = {
    "issuer": {"name": "team", "kind": "Issuer", "group": "cert-manager.io"},
    "ca_certificate_pem": CERTIFICATE,
}

GROUP: dict[str, Any] = {
    "namespace": "registry",
    "create_namespace": False,
    "storage_class": "fast",
    "shared_storage_class": "shared",
    "pull_secrets": ["mirror"],
    "registry_auth": [
        {"address": "docker.io", "username": "team", "password": "SENTINEL-hub"},
        {"address": "mirror.example.com:5000", "username": "robot$puller", "password": "SENTINEL: mirror"},
    ],
    "labels": {"example.com/owner": "team"},
    "annotations": {"example.com/contact": "team@example.com"},
    "pods": _PODS,
    "roles": {role: _PODS for role in ("database", "registry", "portus", "background", "backup", "edge")},
    "scheduling_timeout_seconds": 60,
}


def target(way: str = "node_port", **group: Any) -> dict[str, Any]:
    """What turns arguments for Docker into arguments for Kubernetes; ``group`` is added to ``kubernetes``."""
    return {"target": "kubernetes", "kubernetes": {"expose": {way: {}}, **group}}


def complete(way: str) -> dict[str, Any]:
    """Every argument of the group, exposed in one way."""
    return {"target": "kubernetes", "kubernetes": {**GROUP, "expose": {way: WAYS[way]}}}
