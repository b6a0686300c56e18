"""The Docker target: containers, networks and volumes on one or several Docker daemons."""

from .logins import registry_auth
from .target import DockerTarget

__all__ = ["DockerTarget", "registry_auth"]
