"""What concerns several arguments of the Kubernetes target together."""

import re

from ..args import Target
from .kubernetes_model import KubernetesSettings, PodSettings
from .model import Settings
from .problems import Problems

_WAYS = ("load_balancer", "node_port", "ingress", "gateway")
_OURS = re.compile(r"(?:app\.kubernetes\.io|org\.portus-stack(?:\..+)?|pulumi\.com)(?:/|$|\.)")
"""Labels and annotations by which PortusStack and Pulumi find their own."""


def check_replicas(settings: Settings, problems: Problems) -> None:
    """Several of a role need a target that can run them, and storage that they can share."""
    counts = {
        "portus": settings.portus.replicas,
        "registry": settings.registry.replicas,
        "edge": settings.edge.replicas,
    }
    for role, count in counts.items():
        if count > 1 and settings.target is Target.DOCKER:
            problems.add(f"{role}.replicas", f"must be 1 with target docker, not {count}")
    registry = settings.registry
    if registry.shared and settings.target is Target.DOCKER:
        problems.add("registry.storage.filesystem.shared", "is for target kubernetes only")
    elif registry.replicas > 1 and registry.s3 is None and not registry.shared:
        problems.add(
            "registry.replicas",
            "must be 1 with layers on a volume of one: use registry.storage.s3, or set "
            "registry.storage.filesystem.shared to true with a storage class that offers ReadWriteMany",
        )


def check_certificates(settings: Settings, problems: Problems) -> None:
    """cert-manager lives in a cluster."""
    if settings.certificates.cert_manager and settings.target is Target.DOCKER:
        problems.add_first("certificates.cert_manager", "is for target kubernetes only")


def check_kubernetes(settings: Settings, problems: Problems) -> None:
    """Note every impossible combination."""
    kubernetes = settings.kubernetes
    chosen = [way for way in _WAYS if getattr(kubernetes.expose, way) is not None]
    if not chosen and not problems.concern("kubernetes.expose"):
        problems.add("kubernetes.expose", f"is required with target kubernetes: one of {', '.join(_WAYS)}")
    for way in chosen[1:]:
        problems.add(f"kubernetes.expose.{way}", f"and kubernetes.expose.{chosen[0]} exclude each other")
    groups: dict[str, KubernetesSettings | PodSettings] = {
        "kubernetes": kubernetes,
        "kubernetes.pods": kubernetes.pods,
        **{f"kubernetes.roles.{role}": pods for role, pods in kubernetes.roles.items() if pods != kubernetes.pods},
    }
    for path, group in groups.items():
        for kind, values in (("labels", group.labels), ("annotations", group.annotations)):
            for key in values:
                if _OURS.match(key):
                    problems.add_first(f"{path}.{kind}", f"must not set {key}: PortusStack or Pulumi does")
