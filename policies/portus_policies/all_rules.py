"""Every rule, in the catalogue's order. Importing this module is what fills the registry."""

from __future__ import annotations

from .rule import RULES
from .rules import (
    certificates,
    database_settings,
    docker_containers,
    docker_host,
    docker_hygiene,
    docker_network,
    docker_ports,
    generated,
    kubernetes_identity,
    kubernetes_images,
    kubernetes_network,
    kubernetes_pods,
    kubernetes_policies,
    kubernetes_secrets,
    kubernetes_ways_in,
    kubernetes_workloads,
    portus_patches,
    portus_settings,
    portus_standing,
    provided_certificates,
    registry_settings,
    registry_trust,
    whole_stack,
)

ROOMS = (
    kubernetes_pods,
    kubernetes_images,
    kubernetes_identity,
    kubernetes_workloads,
    kubernetes_secrets,
    kubernetes_policies,
    kubernetes_network,
    kubernetes_ways_in,
    docker_containers,
    docker_host,
    docker_hygiene,
    docker_network,
    docker_ports,
    certificates,
    provided_certificates,
    generated,
    registry_settings,
    registry_trust,
    portus_settings,
    portus_standing,
    portus_patches,
    database_settings,
    whole_stack,
)
"""The files of rules."""

__all__ = ["ROOMS", "RULES"]
