"""The files of a process: immutable Secrets and ConfigMaps, so that other content has another name.

What reads them is then rolled by its own change, and what still runs keeps what it was started with.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core

from ...naming import FILES_DIRECTORY
from ...topology import File, Process, Workload
from .instance import Instance
from .security import user_of

_VOLUME = "files"
_GROUP_MODE = 0o440
"""Of a secret in a pod whose files belong to the process' group."""


@dataclass(frozen=True)
class MountedFiles:
    """A volume that holds every file of a process, and where its parts are mounted."""

    volumes: list[core.v1.VolumeArgs]
    mounts: list[core.v1.VolumeMountArgs]


def key_of(path: str) -> str:
    """The key of a file: its path, below the common directory where it can be, in the letters that a key may have."""
    return path.removeprefix(f"{FILES_DIRECTORY}/").lstrip("/").replace("/", "_")


def mode_of(file: File, process: Process) -> int:
    """A secret is for the process' group where there is one, else as the topology says."""
    return _GROUP_MODE if file.secret and user_of(process) else int(file.mode, 8)


def mount_files(instance: Instance, process: Process) -> MountedFiles:
    """Creates the objects that hold the files of a process."""
    if not process.files:
        return MountedFiles([], [])
    files = sorted(process.files, key=lambda file: file.path)
    sources = []
    secret = [file for file in files if file.secret]
    public = [file for file in files if not file.secret]
    if secret:
        made = core.v1.Secret(
            instance.resource_name(process.name, "files"),
            metadata=instance.metadata(process.name, None),
            immutable=True,
            string_data=_content(secret),
            opts=instance.options(process.name, retain_on_delete=_opens_data(instance, process) or None),
        )
        items = core.v1.SecretProjectionArgs(name=made.metadata.name, items=_items(secret, process))
        sources.append(core.v1.VolumeProjectionArgs(secret=items))
    if public:
        settings = core.v1.ConfigMap(
            instance.resource_name(process.name, "settings"),
            metadata=instance.metadata(process.name, None),
            immutable=True,
            data=_content(public),
            opts=instance.options(process.name),
        )
        entries = core.v1.ConfigMapProjectionArgs(name=settings.metadata.name, items=_items(public, process))
        sources.append(core.v1.VolumeProjectionArgs(config_map=entries))
    volume = core.v1.VolumeArgs(name=_VOLUME, projected=core.v1.ProjectedVolumeSourceArgs(sources=sources))
    return MountedFiles([volume], _mounts(files))


def _opens_data(instance: Instance, process: Process) -> bool:
    """What opens retained data is retained with it."""
    return instance.data.retain and isinstance(process, Workload) and process.data is not None


def _content(files: Iterable[File]) -> dict[str, pulumi.Input[str]]:
    return {key_of(file.path): file.content for file in files}


def _items(files: Iterable[File], process: Process) -> list[core.v1.KeyToPathArgs]:
    return [
        core.v1.KeyToPathArgs(key=key_of(file.path), path=_place(file.path), mode=mode_of(file, process))
        for file in files
    ]


def _place(path: str) -> str:
    """Inside the volume."""
    return path.removeprefix(f"{FILES_DIRECTORY}/").lstrip("/")


def _mounts(files: Iterable[File]) -> list[core.v1.VolumeMountArgs]:
    """The common directory as one, files elsewhere one by one: what else the image has beside them stays."""
    elsewhere = [file.path for file in files if not file.path.startswith(f"{FILES_DIRECTORY}/")]
    return [
        core.v1.VolumeMountArgs(name=_VOLUME, mount_path=FILES_DIRECTORY, read_only=True),
        *(
            core.v1.VolumeMountArgs(name=_VOLUME, mount_path=path, sub_path=_place(path), read_only=True)
            for path in elsewhere
        ),
    ]
