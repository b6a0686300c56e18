"""A stack on Kubernetes: what is there, what is wrong with it, and what `repair` does about it."""

from .health import node_address, unwell, wait_until_ready
from .repair import repair_cluster

__all__ = ["node_address", "repair_cluster", "unwell", "wait_until_ready"]
