"""A cluster as a whole: up, down, and what it consists of."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from lab.cluster import addons, control_plane, images, instance, network, nodes
from lab.cluster.api import Api, ApiError
from lab.cluster.console import ClusterError, last_lines, run, say, wait_for
from lab.cluster.instance import CONTROL, Instance, Node
from lab.cluster.programs import build_missing
from lab.cluster.space import Space, spaces

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("containerd", "runc", "containernetworking-plugins", "iptables", "conntrack", "iproute2")


def up(name: str, count: int = 1, extra_images: Sequence[str] = ()) -> Instance:
    """Start a cluster, or what is missing of one that runs.

    Args:
        name: the instance.
        count: number of nodes; nodes that run beyond it are left alone.
        extra_images: images of Docker to load beside the lab's.

    Raises:
        ClusterError: something cannot be built or started.
    """
    began = time.monotonic()
    _require_root()
    _install_packages()
    build_missing()
    with instance.locked(name):
        cluster = instance.find_or_make(name)
        wanted = [cluster.node(number) for number in range(1, count + 1)]
        network.create_bridge(cluster)
        images.write_program_archives(cluster)
        with ThreadPoolExecutor() as pool:
            runtimes = [pool.submit(_start_runtime, cluster, node) for node in wanted]
            api = control_plane.start(cluster)
            _finish(runtimes)
            # From here on Docker and the disk have to do with images while Kubernetes comes up.
            references = [*images.lab_images(), *extra_images]
            copies = [pool.submit(images.load, cluster, node, references) for node in wanted]
            for node in wanted:
                nodes.start_kubelet(cluster, node)
            network.route(cluster, wanted)
            _apply_addons(api, cluster)
            start_controllers(cluster, wanted)
            _wait_until_ready(api, cluster, wanted)
            _finish(copies)
    say(f"{name} is ready, after {time.monotonic() - began:.0f} s")
    return cluster


def _finish(futures: Sequence[Future[None]]) -> None:
    """Wait for all of them, then raise what the first that failed raised."""
    wait(futures)
    for future in futures:
        future.result()


def down(name: str) -> bool:
    """End a cluster and remove everything of it from this machine; false when there is none. Raises ClusterError."""
    _require_root()
    with instance.locked(name):
        cluster = instance.find(name)
        if cluster is None:
            return False
        for space in spaces(cluster):
            space.end()
        for folder in cluster.folder.glob("node-*"):
            _clean_up(cluster, cluster.node(int(folder.name.removeprefix("node-"))))
        network.disconnect(cluster, cluster.control_address)
        network.remove_bridge(cluster)
        shutil.rmtree(cluster.folder)
    return True


def start_controllers(cluster: Instance, wanted: Sequence[Node]) -> None:
    """Start what enforces policies on every node, and what provisions volumes and load balancers."""
    for name in (CONTROL, *(node.name for node in wanted)):
        command = [sys.executable, "-m", "lab.cluster.controllers", str(cluster.folder), name]
        Space(cluster, name).start("controllers", command, PYTHONPATH=str(_ROOT), PYTHONDONTWRITEBYTECODE="1")


def load(name: str, references: Sequence[str]) -> None:
    """Copy images from Docker to every node of a cluster that runs. Raises ClusterError."""
    with instance.locked(name):
        cluster = _existing(name)
        for node in running_nodes(cluster):
            images.load(cluster, node, references)


def stop_node(name: str, number: int) -> None:
    """Take a node away as a power cut does; `up` brings it back with what was on its disk. Raises ClusterError."""
    with instance.locked(name):
        cluster = _existing(name)
        Space(cluster, cluster.node(number).name).end()
        _clean_up(cluster, cluster.node(number))


def _clean_up(cluster: Instance, node: Node) -> None:
    """Remove what a node that ended leaves on this machine, but for its disk."""
    nodes.remove_control_groups(node)
    network.disconnect(cluster, node.address)


def restart(name: str, space: str, process: str) -> None:
    """End one process of a cluster and start it again; the pods of a node live on.

    Args:
        name: the instance.
        space: a node, or "control".
        process: for example kubelet, containerd or kube-apiserver.

    Raises:
        ClusterError: there is no such process.
    """
    with instance.locked(name):
        cluster = _existing(name)
        place = Space(cluster, space)
        place.stop(process)
        if space == CONTROL:
            control_plane.start(cluster)
        else:
            node = cluster.node(int(space.removeprefix("node-")))
            nodes.start_containerd(cluster, node)
            nodes.start_kubelet(cluster, node)
        start_controllers(cluster, running_nodes(cluster))


def running_nodes(cluster: Instance) -> list[Node]:
    """The nodes that are there, in order."""
    names = [space.name for space in spaces(cluster) if space.name != CONTROL]
    return [cluster.node(number) for number in sorted(int(name.removeprefix("node-")) for name in names)]


def _existing(name: str) -> Instance:
    cluster = instance.find(name)
    if cluster is None:
        raise ClusterError(f"there is no cluster {name}: start it with `make cluster CLUSTER={name}`")
    return cluster


def _start_runtime(cluster: Instance, node: Node) -> None:
    nodes.start_containerd(cluster, node)
    images.load_programs(cluster, node)


def _apply_addons(api: Api, cluster: Instance) -> None:
    problem = ""

    def applied() -> bool:
        nonlocal problem
        try:
            addons.apply(api, cluster)
        except ApiError as error:
            # The API server makes kube-system and its own roles in its first seconds.
            problem = str(error)
            return False
        return True

    wait_for(applied, "the API server to take DNS and storage", seconds=30, explain=lambda: problem)


def _wait_until_ready(api: Api, cluster: Instance, wanted: Sequence[Node]) -> None:
    for node in wanted:
        log = cluster.log(node.name, "kubelet")
        wait_for(lambda: _is_ready(api, node), f"{node.name} to be ready", explain=lambda: last_lines(log))  # noqa: B023
    log = cluster.log(wanted[0].name, "kubelet")
    wait_for(lambda: addons.dns_is_ready(api), "cluster DNS", explain=lambda: last_lines(log))


def _is_ready(api: Api, node: Node) -> bool:
    try:
        status = api.get(f"/api/v1/nodes/{node.name}")["status"]
    except ApiError:
        return False
    assert isinstance(status, dict)
    return {"type": "Ready", "status": "True"} in [
        {key: condition[key] for key in ("type", "status")} for condition in status.get("conditions", [])
    ]


def _require_root() -> None:
    if os.geteuid() != 0:
        raise ClusterError("a cluster needs root, for its namespaces and containers: run this as root")


def _install_packages() -> None:
    missing = nodes.programs_missing()
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise ClusterError(f"{', '.join(missing)} missing on this machine: install what Debian calls {_PACKAGES}")
    say(f"installing {', '.join(_PACKAGES)} with apt-get")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], environment=environment)
    options = ["-o", "DPkg::Lock::Timeout=900", "-y", "-qq", "--no-install-recommends"]
    run(["apt-get", "install", *options, *_PACKAGES], environment=environment)
