"""Where things stand in Kubernetes objects: pods in every kind of workload, containers of every kind."""

from __future__ import annotations

from collections.abc import Iterator

from .resource import Resource
from .values import Node

_PLACES: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("ReplicationController", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"),
        ("spec", "template", "spec"),
    ),
}
_VERSIONS = {
    "core/v1": ("Pod", "ReplicationController", "PodTemplate"),
    "apps/v1": ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
    "apps/v1beta1": ("Deployment", "StatefulSet"),
    "apps/v1beta2": ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
    "extensions/v1beta1": ("Deployment", "DaemonSet", "ReplicaSet"),
    "batch/v1": ("Job", "CronJob"),
    "batch/v1beta1": ("CronJob",),
}


def tokens(*kinds: str) -> tuple[str, ...]:
    """Type tokens of ``group/version:Kind`` names, each with its ``Patch`` twin."""
    return tuple(f"kubernetes:{kind}{suffix}" for kind in kinds for suffix in ("", "Patch"))


WORKLOADS = tokens(*(f"{version}:{kind}" for version, kinds in _VERSIONS.items() for kind in kinds))
"""Everything that has pods."""
SECRET, CONFIG_MAP, SERVICE = tokens("core/v1:Secret"), tokens("core/v1:ConfigMap"), tokens("core/v1:Service")
NETWORK_POLICY = tokens("networking.k8s.io/v1:NetworkPolicy")
INGRESS = tokens("networking.k8s.io/v1:Ingress", "networking.k8s.io/v1beta1:Ingress", "extensions/v1beta1:Ingress")
CLAIM, NAMESPACE = tokens("core/v1:PersistentVolumeClaim"), tokens("core/v1:Namespace")
SERVICE_ACCOUNT, VOLUME = tokens("core/v1:ServiceAccount"), tokens("core/v1:PersistentVolume")
_CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")


def kind_of(resource: Resource) -> str:
    """The kind, without ``Patch``."""
    return resource.type.rpartition(":")[2].removesuffix("Patch")


def is_patch(resource: Resource) -> bool:
    """Whether it changes parts of an object: what it leaves out is not missing."""
    return resource.type.endswith("Patch")


def place_of_pod(resource_type: str) -> tuple[str, ...]:
    """Where a kind of workload has its pod's ``spec``."""
    return _PLACES[resource_type.rpartition(":")[2].removesuffix("Patch")]


def pod_spec(workload: Resource) -> Node:
    """The pod's ``spec``."""
    return workload.at(*_PLACES[kind_of(workload)])


def pod_labels(workload: Resource) -> Node:
    """The labels of its pods."""
    place = _PLACES[kind_of(workload)]
    return workload.at(*place[:-1], "metadata", "labels")


def containers(workload: Resource) -> Iterator[Node]:
    """Containers of every kind."""
    pod = pod_spec(workload)
    for name in _CONTAINER_LISTS:
        yield from pod.at(name).each()


def long_running(workload: Resource) -> bool:
    """Whether its pods are meant to run for ever."""
    return kind_of(workload) not in ("Job", "CronJob", "Pod", "PodTemplate")


def effective(pod: Node, container: Node, *keys: str) -> Node:
    """A security setting of a container, from the pod where the container has none."""
    own = container.at("securityContext", *keys)
    return pod.at("securityContext", *keys) if own.missing else own


def windows(pod: Node) -> bool:
    """Whether the pod says that it is for Windows nodes."""
    return pod.at("os", "name").text == "windows"


def name_of(resource: Resource) -> str:
    """``metadata.name``, else the resource's own."""
    return resource.at("metadata", "name").text or resource.name


def namespace_of(resource: Resource) -> str:
    """``metadata.namespace``, "" where there is none or it is not known."""
    return resource.at("metadata", "namespace").text
