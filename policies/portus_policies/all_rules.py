"""Every rule, in the catalogue's order. Importing this module is what fills the registry."""

from __future__ import annotations

from .rule import RULES
from .rules import docker_containers, docker_hygiene, docker_network

ROOMS = (docker_containers, docker_hygiene, docker_network)
"""The files of rules."""

__all__ = ["ROOMS", "RULES"]
