"""A program of another image: a container that runs before the pod's own copies it into a volume of the pod."""

from pathlib import PurePosixPath

from pulumi_kubernetes import core

from ...topology import Process
from . import security

_VOLUME = "program"
_SIZE = "256Mi"
_RESOURCES = {"memory": "64Mi", "cpu": "500m", "ephemeral-storage": _SIZE}


def init_containers(process: Process) -> list[core.v1.ContainerArgs]:
    """The container that copies; none for a process without such a program."""
    program = process.program
    if program is None:
        return []
    return [
        core.v1.ContainerArgs(
            name=_VOLUME,
            image=program.image,
            image_pull_policy="IfNotPresent",
            command=["cp", program.path, str(PurePosixPath(program.directory, PurePosixPath(program.path).name))],
            resources=core.v1.ResourceRequirementsArgs(limits=_RESOURCES, requests=_RESOURCES),
            security_context=security.container_context(process),
            termination_message_policy="FallbackToLogsOnError",
            volume_mounts=[core.v1.VolumeMountArgs(name=_VOLUME, mount_path=program.directory)],
        )
    ]


def volumes(process: Process) -> list[core.v1.VolumeArgs]:
    """Where it is copied to."""
    if process.program is None:
        return []
    return [core.v1.VolumeArgs(name=_VOLUME, empty_dir=core.v1.EmptyDirVolumeSourceArgs(size_limit=_SIZE))]


def mounts(process: Process) -> list[core.v1.VolumeMountArgs]:
    """Where the process finds it."""
    if process.program is None:
        return []
    return [core.v1.VolumeMountArgs(name=_VOLUME, mount_path=process.program.directory, read_only=True)]
