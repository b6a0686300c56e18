"""The arguments of the Kubernetes target. Raw groups (labels, affinity) have the spelling of Kubernetes itself."""

from typing import Any

import pulumi
from typing_extensions import NotRequired, TypedDict

from .image_args import RegistryAuthArgs


class TolerationArgs(TypedDict):
    """A taint that pods may be scheduled in spite of."""

    key: NotRequired[str]
    """The taint's key. Default: every key, with operator ``Exists`` only."""
    operator: NotRequired[str]
    """``Equal`` or ``Exists``. Default: ``Equal``."""
    value: NotRequired[str]
    """The taint's value, for ``Equal`` only. Default: none."""
    effect: NotRequired[str]
    """``NoSchedule``, ``PreferNoSchedule`` or ``NoExecute``. Default: every effect."""
    toleration_seconds: NotRequired[int]
    """How long a ``NoExecute`` taint is tolerated, 0 to 86400 s. Default: for ever."""


class PodArgs(TypedDict):
    """Where pods run and what they carry besides."""

    node_selector: NotRequired[dict[str, str]]
    """Labels that a node must have. Default: none."""
    tolerations: NotRequired[list[TolerationArgs]]
    """Taints that are tolerated. Default: none."""
    affinity: NotRequired[dict[str, Any]]
    """``nodeAffinity``, ``podAffinity``, ``podAntiAffinity`` as Kubernetes spells them. Default: replicas spread."""
    priority_class: NotRequired[str]
    """Name of a PriorityClass. Default: the cluster's."""
    labels: NotRequired[dict[str, str]]
    """Further labels of the pods. Default: none."""
    annotations: NotRequired[dict[str, str]]
    """Further annotations of the pods. Default: none."""
    environment: NotRequired[dict[str, str]]
    """Further environment variables, no secrets; and none that would overrule PortusStack. Default: none."""


class RolePodsArgs(TypedDict):
    """What differs for the pods of one role; a group here replaces the one of the same name in ``pods``."""

    database: NotRequired[PodArgs]
    """Of MariaDB."""
    registry: NotRequired[PodArgs]
    """Of the registry."""
    portus: NotRequired[PodArgs]
    """Of the web application."""
    background: NotRequired[PodArgs]
    """Of the background process."""
    backup: NotRequired[PodArgs]
    """Of the backup."""
    edge: NotRequired[PodArgs]
    """Of the edge."""


class LoadBalancerArgs(TypedDict):
    """A Service of type LoadBalancer."""

    https_port: NotRequired[int]
    """Port for HTTPS, 1 to 65535. Default: the public port of ``hostnames``."""
    http_port: NotRequired[int]
    """Port for plain HTTP, which only redirects, 0 to 65535; 0 for none.

    Default: 80 if the public port is 443, else none.
    """
    class_name: NotRequired[str]
    """``loadBalancerClass``. Default: the cluster's."""
    source_ranges: NotRequired[list[str]]
    """Networks (CIDR) that may connect. Default: every one."""
    annotations: NotRequired[dict[str, str]]
    """Annotations of the Service, for the cloud's own settings. Default: none."""


class NodePortArgs(TypedDict):
    """A Service of type NodePort: every node listens."""

    https_port: NotRequired[int]
    """30000 to 32767. Default: the public port of ``hostnames`` if it lies there, else Kubernetes chooses."""
    http_port: NotRequired[int]
    """Port for plain HTTP, 30000 to 32767; 0 for none. Default: none."""
    annotations: NotRequired[dict[str, str]]
    """Annotations of the Service. Default: none."""


class IngressArgs(TypedDict):
    """An Ingress. Its controller connects to the edge over TLS, or hands connections through."""

    class_name: NotRequired[str]
    """``ingressClassName``. Default: the cluster's."""
    annotations: NotRequired[dict[str, str]]
    """Annotations, over those that ingress-nginx needs to talk TLS to the edge. Default: none."""


class GatewayArgs(TypedDict):
    """A route of the Gateway API to the edge. The Gateway exists already, and so do the CRDs."""

    name: str
    """Name of the Gateway."""
    namespace: NotRequired[str]
    """Its namespace. Default: the one of this PortusStack."""
    section_name: NotRequired[str]
    """Its listener. Default: every one that fits."""
    passthrough: NotRequired[bool]
    """True: a TLSRoute, the edge ends TLS. False: the Gateway does, and verifies the edge. Default: true."""


class ExposeArgs(TypedDict):
    """How outsiders reach the edge: exactly one of the four."""

    load_balancer: NotRequired[LoadBalancerArgs]
    """A LoadBalancer."""
    node_port: NotRequired[NodePortArgs]
    """A port of every node."""
    ingress: NotRequired[IngressArgs]
    """An Ingress."""
    gateway: NotRequired[GatewayArgs]
    """A route of the Gateway API."""


class IssuerArgs(TypedDict):
    """An issuer of cert-manager that exists."""

    name: str
    """Its name."""
    kind: NotRequired[str]
    """``ClusterIssuer``, ``Issuer`` (in this PortusStack's namespace), or a kind of ``group``.

    Default: ``ClusterIssuer``.
    """
    group: NotRequired[str]
    """Its API group; another one is for external issuers. Default: ``cert-manager.io``."""


class CertManagerArgs(TypedDict):
    """cert-manager issues the edge's certificate and renews it by itself; the edge takes up the new one as it runs."""

    issuer: IssuerArgs
    """Who issues it."""
    ca_certificate_pem: NotRequired[pulumi.Input[str]]
    """The CA that clients and Portus verify it with. Default: one that every system trusts already."""


class KubernetesArgs(TypedDict):
    """The Kubernetes target."""

    namespace: NotRequired[str]
    """Default: the name of this PortusStack."""
    create_namespace: NotRequired[bool]
    """Whether the namespace is made, and removed, with the stack. False: it exists already. Default: true."""
    storage_class: NotRequired[str]
    """StorageClass of the volumes. Default: the cluster's."""
    shared_storage_class: NotRequired[str]
    """StorageClass of the volume that several registries share. Default: ``storage_class``."""
    expose: NotRequired[ExposeArgs]
    """How outsiders reach the edge. Required with target ``kubernetes``."""
    pull_secrets: NotRequired[list[str]]
    """Names of Secrets in the namespace with which images are pulled. Default: none."""
    registry_auth: NotRequired[list[RegistryAuthArgs]]
    """Logins of registries that images come from: a pull secret is made of them, and used first. Default: none."""
    labels: NotRequired[dict[str, str]]
    """Further labels of everything that is created. Default: none."""
    annotations: NotRequired[dict[str, str]]
    """Further annotations of everything that is created. Default: none."""
    pods: NotRequired[PodArgs]
    """Where all pods run."""
    roles: NotRequired[RolePodsArgs]
    """What differs for single roles."""
    scheduling_timeout_seconds: NotRequired[int]
    """How long ``up`` waits, beyond a role's start, for nodes, volumes, images, issuers, 5 to 3600 s. Default: 300."""
