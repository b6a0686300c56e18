"""Settings of the Kubernetes target, complete and checked. "" and 0 mean that something was not asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from .registries import RegistryLogin


@dataclass(frozen=True)
class Toleration:
    """A taint that pods may be scheduled in spite of; ``seconds`` None means for ever."""

    key: str
    operator: str
    value: str
    effect: str
    seconds: int | None


@dataclass(frozen=True)
class PodSettings:
    """Where pods run and what they carry besides; ``affinity`` as Kubernetes spells it."""

    node_selector: Mapping[str, str]
    tolerations: tuple[Toleration, ...]
    affinity: Mapping[str, object]
    priority_class: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class LoadBalancer:
    """A Service of type LoadBalancer."""

    https_port: int
    http_port: int
    class_name: str
    source_ranges: tuple[str, ...]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class NodePort:
    """A port of every node; ``https_port`` 0 means that Kubernetes chooses."""

    https_port: int
    http_port: int
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class Ingress:
    """An Ingress in front of the edge."""

    class_name: str
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class Gateway:
    """A route to the edge from a Gateway that exists."""

    name: str
    namespace: str
    section_name: str
    passthrough: bool


@dataclass(frozen=True)
class Expose:
    """Exactly one of the four, once the settings were checked."""

    load_balancer: LoadBalancer | None
    node_port: NodePort | None
    ingress: Ingress | None
    gateway: Gateway | None

    @property
    def http_port(self) -> int:
        """Public port for plain HTTP; 0 where there is none, or where it is the controller's affair."""
        service = self.load_balancer or self.node_port
        return service.http_port if service else 0


@dataclass(frozen=True)
class CertManager:
    """The issuer of the edge's certificate; ``ca_certificate_pem`` None means that every system trusts it."""

    name: str
    kind: str
    group: str
    ca_certificate_pem: pulumi.Output[str] | None


@dataclass(frozen=True)
class KubernetesSettings:
    """``roles`` has an entry for each role; tasks run where ``pods`` says."""

    namespace: str
    create_namespace: bool
    storage_class: str
    shared_storage_class: str
    expose: Expose
    pull_secrets: tuple[str, ...]
    registry_auth: tuple[RegistryLogin, ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    pods: PodSettings
    roles: Mapping[str, PodSettings]
    scheduling_timeout_seconds: int

    def pods_of(self, process: str) -> PodSettings:
        """The settings of a role's or a task's pods."""
        return self.roles.get(process, self.pods)
