"""Enforces NetworkPolicies on one node: watches pods and policies, and writes the node's packet filter."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lab.cluster.api import Object
from lab.cluster.controllers import packet_filter
from lab.cluster.controllers.policies import EGRESS, INGRESS, Pod, allowed, pod_of
from lab.cluster.fields import text, texts

PATHS = ("/api/v1/pods", "/api/v1/namespaces", "/apis/networking.k8s.io/v1/networkpolicies")
#: Where CNI notes every pod's network, before its containers start; the API tells the address a second later.
RESULTS = Path("/var/lib/cni/results")
_POLL_SECONDS = 0.05
#: kube-proxy may have put its rules before ours in the meantime.
_RECHECK_SECONDS = 2.0
_JUMPS = {"FORWARD": packet_filter.FORWARD, "INPUT": packet_filter.INPUT}


class Enforcer:
    """Keeps one node's packet filter as the policies say."""

    def __init__(self, node_pods: str) -> None:
        """``node_pods`` is the CIDR of the node's pods."""
        self._node_pods = node_pods
        self._written: dict[str, list[str]] | None = None

    def work(self, collections: list[list[Object]]) -> None:
        """Bring the packet filter up to date. Raises OSError when iptables fails."""
        contents, namespaces, policies = collections
        local = local_addresses(RESULTS, self._node_pods)
        pods = pods_with_addresses(contents, local)
        labels = {text(one, "metadata", "name"): texts(one, "metadata", "labels") for one in namespaces}
        known = [pod for pod in pods if (pod.namespace, pod.name) in local]
        wanted = packet_filter.chains(
            self._node_pods,
            [
                packet_filter.Access(
                    pod.address,
                    allowed(pod, INGRESS, policies, pods, labels),
                    allowed(pod, EGRESS, policies, pods, labels),
                )
                for pod in known
            ],
        )
        if wanted != self._written:
            existing = [line.split()[1] for line in _iptables("--list-rules") if line.startswith("-N ")]
            _restore(packet_filter.restore_text(wanted, existing))
            self._written = wanted
        _put_first()


def local_addresses(results: Path, node_pods: str) -> dict[tuple[str, str], str]:
    """(namespace, name) → address of the node's pods, from CNI's own notes."""
    network = ipaddress.ip_network(node_pods)
    found: dict[tuple[str, str], str] = {}
    for path in sorted(results.glob("pods-*"), key=_age):
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
            arguments = dict(note["cniArgs"])
            address = note["result"]["ips"][0]["address"].partition("/")[0]
            pod = (arguments["K8S_POD_NAMESPACE"], arguments["K8S_POD_NAME"])
        except (FileNotFoundError, ValueError, KeyError):
            # Half written or just removed: the folder changes again, and it is read again.
            continue
        if ipaddress.ip_address(address) in network:
            found[pod] = address
    return found


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def pods_with_addresses(contents: list[Object], local: Mapping[tuple[str, str], str]) -> list[Pod]:
    """The pods that have a network of their own and run, with the address that CNI or the API knows."""
    found = []
    for content in contents:
        spec = content.get("spec")
        if isinstance(spec, dict) and spec.get("hostNetwork"):
            continue
        if text(content, "status", "phase") in ("Succeeded", "Failed"):
            continue
        key = (text(content, "metadata", "namespace"), text(content, "metadata", "name"))
        address = local.get(key) or text(content, "status", "podIP")
        if address:
            found.append(pod_of(content, address))
    return found


def notice_pods(results: Path, wake: Callable[[], None]) -> None:
    """Call ``wake`` whenever CNI's notes change, and now and then, from a thread of its own."""

    def follow() -> None:
        seen: list[str] = []
        checked = 0.0
        while True:
            now = sorted(path.name for path in results.glob("pods-*"))
            if now != seen or time.monotonic() - checked > _RECHECK_SECONDS:
                seen, checked = now, time.monotonic()
                wake()
            time.sleep(_POLL_SECONDS)

    threading.Thread(target=follow, name="pods of this node", daemon=True).start()


def _put_first() -> None:
    """Make our chains the first that a packet meets: kube-proxy's accept what it forwards itself."""
    for chain, ours in _JUMPS.items():
        rules = [line for line in _iptables("--list-rules", chain) if line.startswith("-A")]
        jump = f"-A {chain} -j {ours}"
        if rules[:1] != [jump]:
            if jump in rules:
                _iptables("--delete", chain, "--jump", ours)
            _iptables("--insert", chain, "--jump", ours)


def _iptables(*arguments: str) -> list[str]:
    return _run(["iptables", "--wait", *arguments]).splitlines()


def _restore(content: str) -> None:
    _run(["iptables-restore", "--wait", "--noflush"], content)


def _run(command: list[str], content: str | None = None) -> str:
    done = subprocess.run(command, input=content, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
