"""The Docker target: containers, networks and volumes on one or several Docker daemons."""

from .target import DockerTarget

__all__ = ["DockerTarget"]
