"""The Kubernetes target: one hardened deployment on any conforming cluster."""

from .target import KubernetesTarget

__all__ = ["KubernetesTarget"]
