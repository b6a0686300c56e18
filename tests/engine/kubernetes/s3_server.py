"""An S3 server in the cluster that belongs to nobody's stack: the lab's, on a volume, with one bucket."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.stream import stream

from tests.engine.kubernetes.cluster import Cluster, wait_for

IMAGE = "portus-stack.lab/s3:1.8"
_NAME = "storage"
_PORT = 7070
_BUCKET = "layers"
_ROOT = "/var/lib/s3"
_PATIENCE_SECONDS = 240
_USER = 1000


@dataclass(frozen=True)
class S3Server:
    """Where it is, and who may write to it."""

    cluster: Cluster
    access_key: str
    secret_key: str

    @property
    def storage(self) -> Mapping[str, str]:
        """`registry.storage.s3` of a stack that keeps its layers here."""
        return {
            "bucket": _BUCKET,
            "region": "lab",
            "region_endpoint": f"http://{_NAME}.{self.cluster.namespace}.svc.cluster.local:{_PORT}",
            "access_key": self.access_key,
            "secret_key": self.secret_key,
        }

    def folders(self, path: str) -> list[str]:
        """What lies in the bucket below a path."""
        pods = self.cluster.core.list_namespaced_pod(self.cluster.namespace).items
        # The stream changes its client, so it gets one of its own.
        api = client.CoreV1Api(config.new_client_from_config(str(self.cluster.kubeconfig), persist_config=False))
        listing = stream(
            api.connect_get_namespaced_pod_exec,
            pods[0].metadata.name,
            self.cluster.namespace,
            command=["ls", f"{_ROOT}/{_BUCKET}/{path}"],
            stdout=True,
            stderr=True,
            stdin=False,
            tty=False,
        )
        return str(listing).split()


@contextmanager
def s3_server(kubeconfig: Path, namespace: str) -> Iterator[S3Server]:
    """A server that answers, in a namespace of its own; both are gone afterwards."""
    server = S3Server(Cluster(kubeconfig, namespace), secrets.token_hex(10), secrets.token_hex(20))
    cluster = server.cluster
    cluster.remove_namespace()
    cluster.create_namespace({"pod-security.kubernetes.io/enforce": "restricted"})
    try:
        cluster.core.create_namespaced_persistent_volume_claim(namespace, _claim())
        cluster.core.create_namespaced_service(namespace, _service())
        cluster.apps.create_namespaced_deployment(namespace, _deployment(server))
        wait_for(
            partial(_answers, cluster), _PATIENCE_SECONDS, lambda: str(cluster.core.list_namespaced_pod(namespace))
        )
        yield server
    finally:
        cluster.remove_namespace()


def _answers(cluster: Cluster) -> bool:
    found = cluster.apps.read_namespaced_deployment(_NAME, cluster.namespace)
    return bool(found.status.ready_replicas == 1)


def _claim() -> dict[str, Any]:
    size = {"requests": {"storage": "1Gi"}}
    return {"metadata": {"name": _NAME}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": size}}


def _service() -> dict[str, Any]:
    return {"metadata": {"name": _NAME}, "spec": {"selector": {"app": _NAME}, "ports": [{"port": _PORT}]}}


def _deployment(server: S3Server) -> dict[str, Any]:
    labels = {"app": _NAME}
    mounts = [{"name": "data", "mountPath": _ROOT}]
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {"image": IMAGE, "imagePullPolicy": "IfNotPresent", "securityContext": security, "volumeMounts": mounts}
    environment = {"ROOT_ACCESS_KEY_ID": server.access_key, "ROOT_SECRET_ACCESS_KEY": server.secret_key}
    gateway = {
        **container,
        "name": "gateway",
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "readinessProbe": {"httpGet": {"path": "/health", "port": _PORT}, "periodSeconds": 1},
    }
    # To this server a bucket is a folder.
    bucket = {**container, "name": "bucket", "command": ["mkdir", "-p", f"{_ROOT}/{_BUCKET}"]}
    pod = {
        "automountServiceAccountToken": False,
        "securityContext": {
            **{"runAsNonRoot": True, "runAsUser": _USER, "fsGroup": _USER},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [bucket],
        "containers": [gateway],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": _NAME}}],
    }
    return {
        "metadata": {"name": _NAME},
        "spec": {
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
