"""Arguments become settings: frozen, validated, with every default filled in."""

from .docker import docker_host_problem
from .from_args import settings_from_args
from .model import Settings
from .problems import InvalidSettings

__all__ = ["InvalidSettings", "Settings", "docker_host_problem", "settings_from_args"]
