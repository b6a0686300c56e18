"""Nodes: containerd, kubelet and kube-proxy, in a space of their own each."""

from __future__ import annotations

import errno
import functools
import json
import os
import shutil
from pathlib import Path

import yaml

from lab.cluster import control_plane, kubeconfig, network
from lab.cluster.console import last_lines, wait_for
from lab.cluster.instance import Instance, Node
from lab.cluster.programs import program
from lab.cluster.space import Space

PAUSE_IMAGE = "portus-stack.lab/pause:1"
#: Inside every node: /run is its own.
_SOCKET = "/run/containerd/containerd.sock"
_CONTROL_GROUPS = Path("/sys/fs/cgroup")


def start_containerd(instance: Instance, node: Node) -> None:
    """Make the node's space and start its containerd, unless they are there. Raises ClusterError."""
    node.folder.mkdir(mode=0o711, exist_ok=True)
    space = Space(instance, node.name)
    if space.first_process is None:
        # No pod outlived the space, so no address is taken.
        shutil.rmtree(node.folder / "addresses", ignore_errors=True)
        space.create(program("pause"))
    network.connect(instance, space, node.address)
    network.prepare_node(instance, node)
    _write_network_configuration(node)
    configuration = node.folder / "containerd.toml"
    configuration.write_text(_containerd_configuration(node), encoding="utf-8")
    space.start("containerd", ["containerd", "--config", str(configuration)])
    log = instance.log(node.name, "containerd")
    wait_for(lambda: _containerd_answers(space), f"containerd on {node.name}", explain=lambda: last_lines(log))


def start_kubelet(instance: Instance, node: Node) -> None:
    """Start the node's kubelet and kube-proxy, unless they run; the pause image has to be there."""
    space = Space(instance, node.name)
    certificates = control_plane.authority(instance)
    certificates.issue(node.name, f"system:node:{node.name}", "system:nodes", (node.name, node.address, "127.0.0.1"))
    credentials = kubeconfig.write(instance, certificates, node.name, node.folder / "kubelet.kubeconfig")
    configuration = node.folder / "kubelet.yaml"
    configuration.write_text(yaml.safe_dump(_kubelet_configuration(instance, node)), encoding="utf-8")
    _make_control_groups(node)
    kubelet = [
        str(program("kubelet")),
        f"--config={configuration}",
        f"--kubeconfig={credentials}",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
        f"--root-dir={node.folder}/kubelet",
        f"--node-labels=topology.kubernetes.io/zone=zone-{node.number}",
    ]
    space.start("kubelet", kubelet)
    proxy_credentials = kubeconfig.write(instance, certificates, "proxy", node.folder / "proxy.kubeconfig")
    proxy = [
        str(program("kube-proxy")),
        f"--kubeconfig={proxy_credentials}",
        f"--hostname-override={node.name}",
        f"--cluster-cidr={instance.pods_cidr}",
        "--proxy-mode=iptables",
        # The table of connections is the whole machine's.
        "--conntrack-max-per-core=0",
    ]
    space.start("kube-proxy", proxy)


def remove_control_groups(node: Node) -> None:
    """Remove what the kubelet made of control groups, once the node's processes have ended. Raises ClusterError."""
    for top in _control_groups(node):
        for folder, _, _ in os.walk(top, topdown=False):
            group = Path(folder)
            wait_for(
                functools.partial(_is_removed, group),
                f"the processes in {group} to end",
                explain=functools.partial(last_lines, group / "cgroup.procs"),
            )


def _is_removed(group: Path) -> bool:
    """Remove an empty control group; False while a process that was killed is still on its way out."""
    try:
        group.rmdir()
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False
    return True


def containerd_command(*arguments: str) -> list[str]:
    """The command line of containerd's own client, for use in a node's space."""
    return ["ctr", "--address", _SOCKET, "--namespace", "k8s.io", *arguments]


def _containerd_answers(space: Space) -> bool:
    # `ctr plugins` answers as soon as the socket is there; the CRI plugin loads last.
    return "cri" in space.run(
        "sh", "-c", f"{' '.join(containerd_command('plugins', 'list'))} 2>/dev/null | grep ok || :"
    )


def _make_control_groups(node: Node) -> None:
    for folder in _control_groups(node):
        folder.mkdir(exist_ok=True)
        # The first generation's cpuset is empty in a new group, and no process can then be put into it.
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (folder / setting).exists() and not (folder / setting).read_text(encoding="utf-8").strip():
                (folder / setting).write_text((folder.parent / setting).read_text(encoding="utf-8"), encoding="utf-8")


def _control_groups(node: Node) -> list[Path]:
    """The node's parent group in each hierarchy of this machine: one in the second generation."""
    if (_CONTROL_GROUPS / "cgroup.controllers").exists():
        return [_CONTROL_GROUPS / node.cgroup]
    hierarchies = {hierarchy.resolve() for hierarchy in _CONTROL_GROUPS.iterdir() if hierarchy.is_dir()}
    return [hierarchy / node.cgroup for hierarchy in sorted(hierarchies)]


def _write_network_configuration(node: Node) -> None:
    """Pods are led to, not bridged: every packet of theirs passes FORWARD, where policies are enforced."""
    folder = node.folder / "cni"
    folder.mkdir(exist_ok=True)
    addresses = {
        "type": "host-local",
        "dataDir": f"{node.folder}/addresses",
        "ranges": [[{"subnet": node.pods_cidr}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugins = [{"type": "ptp", "ipam": addresses}, {"type": "portmap", "capabilities": {"portMappings": True}}]
    content = {"cniVersion": "1.0.0", "name": "pods", "plugins": plugins}
    (folder / "10-pods.conflist").write_text(json.dumps(content, indent=1), encoding="utf-8")


def _containerd_configuration(node: Node) -> str:
    cni_plugins = next(
        (path for path in ("/usr/lib/cni", "/opt/cni/bin") if Path(path, "ptp").exists()), "/usr/lib/cni"
    )
    return f"""version = 2
root = "{node.folder}/containerd"
state = "/run/containerd"
[grpc]
  address = "{_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # Containers of this machine may not lower their score.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni_plugins}"
    conf_dir = "{node.folder}/cni"
"""


def _kubelet_configuration(instance: Instance, node: Node) -> dict[str, object]:
    folder = control_plane.authority(instance).folder
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "failSwapOn": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{node.cgroup}",
        "containerRuntimeEndpoint": f"unix://{_SOCKET}",
        "clusterDNS": [instance.dns_address],
        "clusterDomain": "cluster.local",
        "resolvConf": str(_name_servers(instance)),
        "podLogsDir": f"{node.folder}/pods",
        "maxOpenFiles": 20000,
        "authentication": {"x509": {"clientCAFile": f"{folder}/ca.crt"}, "anonymous": {"enabled": False}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{folder}/{node.name}.crt",
        "tlsPrivateKeyFile": f"{folder}/{node.name}.key",
        # The disk is the whole machine's: its fill level must neither evict pods nor remove images that were loaded.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
    }


def _name_servers(instance: Instance) -> Path:
    """The machine's name servers, for pods: systemd-resolved's real ones, none that only the machine itself reaches."""
    path = instance.folder / "resolv.conf"
    resolved = Path("/run/systemd/resolve/resolv.conf")
    lines = (resolved if resolved.exists() else Path("/etc/resolv.conf")).read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{line}\n" for line in lines if "nameserver 127." not in line), encoding="utf-8")
    return path


def programs_missing() -> list[str]:
    """Commands of Debian's packages that this machine lacks."""
    wanted = ("containerd", "ctr", "runc", "iptables", "conntrack", "nsenter", "ip")
    missing = [name for name in wanted if shutil.which(name) is None]
    return missing + ([] if any(Path(path, "ptp").exists() for path in ("/usr/lib/cni", "/opt/cni/bin")) else ["ptp"])
