"""Paths of the host that a container or a volume brings inside, wherever they can be written, and what they mean.

Sources: moby ``volume/mounts/linux_parser.go`` (paths are cleaned, then joined to the host's root), moby
``volume/local/local_unix.go`` (a volume's ``device`` and ``o`` go to mount(2)), mount(8).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from .resource import Resource
from .roles import CONTAINER
from .values import Node, Value, is_true

VOLUME, SERVICE = "docker:index/volume:Volume", "docker:index/service:Service"
_SYSTEM_DIRECTORIES = (
    *(
        "/boot",
        "/dev",
        "/etc",
        "/lib",
        "/lib32",
        "/lib64",
        "/libx32",
        "/proc",
        "/sys",
        "/usr",
        "/bin",
        "/sbin",
        "/root",
    ),
    *("/home", "/run", "/snap", "/opt/containerd", "/var/run", "/var/lock", "/var/log", "/var/snap", "/var/spool/cron"),
    *("/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/kubelet", "/var/lib/rancher"),
    *("/var/lib/etcd", "/var/lib/cloud", "/var/lib/dpkg", "/var/lib/rpm", "/var/lib/systemd", "/private", "/Users"),
)
_HARMLESS = ("/etc/localtime", "/etc/timezone", "/etc/ssl/certs", "/etc/ssl/certs/ca-certificates.crt")
"""Exactly these, for reading: nothing that begins so, and nothing below."""
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "fuse.sshfs", "tmpfs"})
"""File systems whose ``device`` is not on this host."""


@dataclass(frozen=True)
class HostPath:
    """A place where a path of the host is written.

    Attributes:
        node: where it is written; unknown values too.
        text: the path, "" where it is not known.
        read_only: whether the container can only read it.
    """

    node: Node
    text: str
    read_only: bool = False

    @property
    def normal(self) -> str:
        """The path that the host opens: without ``..``, ``.``, doubled and trailing slashes."""
        return normal(self.text)

    @property
    def is_system(self) -> bool:
        """Whether it is, holds, or lies in a directory of the system's own."""
        if not self.text or (self.read_only and self.normal in _HARMLESS):
            return False
        return any(_within(self.normal, each) or _within(each, self.normal) for each in _SYSTEM_DIRECTORIES)


def normal(path: str) -> str:
    """A path as the daemon cleans it. Backslashes and a drive are Windows' way to write the same."""
    text = path.strip().replace("\\", "/")
    if len(text) > 1 and text[1] == ":" and text[0].isalpha():
        text = text[2:]
    return "/" + posixpath.normpath("/" + text).lstrip("/")


def _within(path: str, directory: str) -> bool:
    return directory in ("/", path) or path.startswith(f"{directory}/")


def host_paths(resource: Resource) -> Iterator[HostPath]:
    """Every path of the host that a container, a volume or a Swarm service brings inside."""
    if resource.type == VOLUME:
        yield from _of_driver(resource.at("driverOpts"))
        return
    holder = resource.root if resource.type == CONTAINER else resource.at("taskSpec", "containerSpec")
    for volume in holder.at("volumes").each():
        read_only = is_true(_known(volume.at("readOnly")))
        yield from _written(volume.at("hostPath"), read_only=read_only)
        name = volume.at("volumeName")  # the provider joins it to the target: what begins with a slash is a path
        if is_path(name.text):
            yield HostPath(name, name.text, read_only)
    for mount in holder.at("mounts").each():
        yield from _of_mount(mount)


def _of_mount(mount: Node) -> Iterator[HostPath]:
    kind, source, read_only = mount.at("type"), mount.at("source"), is_true(_known(mount.at("readOnly")))
    if kind.unknown or kind.text.lower() in ("bind", "npipe") or is_path(source.text):
        yield from _written(source, read_only=read_only)
    options = mount.at("volumeOptions")
    yield from _of_driver(options.at("driverOptions"))
    for each in options.each():  # some versions of the provider have a list of one
        yield from _of_driver(each.at("driverOptions"))


def _of_driver(options: Node) -> Iterator[HostPath]:
    """What a volume's driver is told to mount: its device, and the directories of an overlay among its options."""
    remote = options.at("type").text.lower() in _REMOTE
    for name, node in options.entries():
        if node.unknown:
            yield HostPath(node, "")
        elif name.lower() == "o":
            for option in node.text.split(","):
                for path in option.partition("=")[2].split(":"):
                    if is_path(path):
                        yield HostPath(node, path)
        elif is_path(node.text) and not (remote and name.lower() == "device"):
            yield HostPath(node, node.text)


def _written(node: Node, *, read_only: bool) -> Iterator[HostPath]:
    if node.unknown or node.text:
        yield HostPath(node, node.text, read_only)


def is_path(text: str) -> bool:
    """Whether it is a path, not the name of a volume."""
    return text.strip().startswith(("/", "~", "\\", ".")) or text[1:3] in (":\\", ":/")


def propagation_options(resource: Resource) -> Iterator[Node]:
    """The ``o`` of volumes, which can make mounts shared too."""
    if resource.type == VOLUME:
        yield resource.at("driverOpts", "o")
    for mount in resource.at("mounts").each():
        yield mount.at("volumeOptions", "driverOptions", "o")


def _known(node: Node) -> Value:
    return None if node.unknown else node.value
