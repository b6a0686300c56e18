"""A cluster by name: where its state is, which addresses are its own."""

from __future__ import annotations

import fcntl
import hashlib
import ipaddress
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.cluster.console import ClusterError, run

DEFAULT_NAME = "default"
CONTROL = "control"
"""Name of the space that etcd, the API server, the controller manager and the scheduler run in."""

API_PORT = 6443
"""Where the API server listens, on the control plane's address."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")
#: Second bytes of the 10.N.0.0/16 that clusters take. Kubernetes' usual 10.96 and the pools of the Docker tests (10.192
#: and above) are not among them.
_BLOCKS = range(100, 180)


@dataclass(frozen=True)
class Instance:
    """One cluster of this machine.

    Attributes:
        name: what the user calls it.
        folder: everything that it keeps on disk.
        block: N of its 10.N.0.0/16.
    """

    name: str
    folder: Path
    block: int

    @property
    def bridge(self) -> str:
        """The machine's end of the cluster's network."""
        return f"pscluster{self.block}"

    @property
    def machine_address(self) -> str:
        """The machine, as nodes and pods see it."""
        return f"10.{self.block}.0.1"

    @property
    def control_address(self) -> str:
        """The API server's address."""
        return f"10.{self.block}.0.2"

    @property
    def machines_cidr(self) -> str:
        """Nodes, control plane and the machine."""
        return f"10.{self.block}.0.0/24"

    @property
    def load_balancer_cidr(self) -> str:
        """Addresses for Services of type LoadBalancer."""
        return f"10.{self.block}.32.0/24"

    @property
    def services_cidr(self) -> str:
        """Cluster IPs."""
        return f"10.{self.block}.64.0/20"

    @property
    def first_service_address(self) -> str:
        """The API server, as a Service."""
        return f"10.{self.block}.64.1"

    @property
    def dns_address(self) -> str:
        """Cluster DNS, as a Service."""
        return f"10.{self.block}.64.10"

    @property
    def pods_cidr(self) -> str:
        """Pods of all nodes."""
        return f"10.{self.block}.128.0/17"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.folder / "kubeconfig"

    @property
    def certificates(self) -> Path:
        """Keys and certificates of the cluster, for root's eyes only."""
        return self.folder / "certificates"

    @property
    def volumes(self) -> Path:
        """Where the StorageClass keeps volumes: every node finds them here, as on a network storage."""
        return self.folder / "volumes"

    def log(self, space: str, process: str) -> Path:
        """What a process wrote."""
        return self.folder / "log" / f"{space}-{process}.log"

    def node(self, number: int) -> Node:
        """The node with this number, counted from 1."""
        return Node(self, number)


@dataclass(frozen=True)
class Node:
    """A node of a cluster, whether it runs or not."""

    instance: Instance
    number: int

    @property
    def name(self) -> str:
        """As `kubectl get nodes` shows it."""
        return f"node-{self.number}"

    @property
    def folder(self) -> Path:
        """What its containerd and kubelet keep."""
        return self.instance.folder / self.name

    @property
    def address(self) -> str:
        """The node's own."""
        return f"10.{self.instance.block}.0.{10 + self.number}"

    @property
    def pods_cidr(self) -> str:
        """The part of the cluster's pod addresses that it hands out."""
        return f"10.{self.instance.block}.{127 + self.number}.0/24"

    @property
    def cgroup(self) -> str:
        """Parent of its pods' control groups."""
        return f"portus-stack-{self.instance.name}-{self.name}"


def clusters_folder() -> Path:
    """`$PORTUS_STACK_CLUSTERS`, default `portus-stack-clusters` in the user's state folder.

    Not within the folder of the stacks' state, all of which is its owner's alone: pods run as many users.
    """
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(os.environ.get("PORTUS_STACK_CLUSTERS") or Path(state) / "portus-stack-clusters").absolute()


def find(name: str) -> Instance | None:
    """The instance of that name; None when nothing of it is on this machine."""
    _check(name)
    try:
        return load(clusters_folder() / name)
    except FileNotFoundError:
        return None


def chosen() -> str:
    """The name of the instance that `$KUBECONFIG` leads to, else the default's."""
    folder = Path(os.environ.get("KUBECONFIG", "")).absolute().parent
    return folder.name if folder.parent == clusters_folder() else DEFAULT_NAME


def load(folder: Path) -> Instance:
    """The instance in a folder. Raises FileNotFoundError."""
    return Instance(folder.name, folder, json.loads((folder / "instance.json").read_text(encoding="utf-8"))["block"])


def find_or_make(name: str) -> Instance:
    """The instance of that name, with a block of addresses of its own."""
    found = find(name)
    if found:
        return found
    folder = clusters_folder() / name
    for part in (folder, folder / "log", folder / "volumes"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Services' users walk through these two: a volume is reached by whoever the pod runs as.
    folder.chmod(0o711)
    (folder / "volumes").chmod(0o711)
    instance = Instance(name, folder, _free_block(name))
    (folder / "instance.json").write_text(json.dumps({"block": instance.block}), encoding="utf-8")
    return instance


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold an instance for one command at a time; a second one waits."""
    _check(name)
    clusters_folder().mkdir(mode=0o711, parents=True, exist_ok=True)
    with (clusters_folder() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ClusterError(f"{name!r} is no name of a cluster: give up to 20 small letters, digits and dashes")


def _free_block(name: str) -> int:
    """A block that no route of this machine touches, the same one every time as far as possible."""
    routes = [route["dst"] for route in json.loads(run(["ip", "-json", "-4", "route"])) if route["dst"] != "default"]
    taken = [ipaddress.ip_network(route, strict=False) for route in routes]
    taken += [ipaddress.ip_network(f"10.{block}.0.0/16") for block in _blocks_of_others()]
    start = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    for offset in range(len(_BLOCKS)):
        block = _BLOCKS[(start + offset) % len(_BLOCKS)]
        if not any(ipaddress.ip_network(f"10.{block}.0.0/16").overlaps(network) for network in taken):
            return block
    raise ClusterError("all of 10.100.0.0 to 10.179.0.0 is in use on this machine: stop a cluster that is not needed")


def _blocks_of_others() -> list[int]:
    notes = clusters_folder().glob("*/instance.json")
    return [int(json.loads(note.read_text(encoding="utf-8"))["block"]) for note in notes]
