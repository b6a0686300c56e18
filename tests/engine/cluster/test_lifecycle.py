"""A cluster comes, is repaired, and goes without trace, beside another one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from lab.cluster import instance
from lab.cluster.api import Api
from lab.cluster.instance import CONTROL, Instance
from lab.cluster.space import Space

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "lab.cluster"]
NAME = f"brief-{os.getpid()}"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def traces(cluster: Instance) -> list[str]:
    """What of a cluster can be seen on this machine."""
    found = []
    for listing in (["ip", "-brief", "link"], ["ip", "route"], ["iptables-save"], ["ps", "-eo", "args"]):
        lines = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
        marks = (f"{cluster.bridge} ", f"psc{cluster.block}x", f"10.{cluster.block}.", str(cluster.folder))
        found += [line for line in lines if any(mark in line for mark in (*marks, f"cluster {NAME}"))]
    for mounts in Path("/proc").glob("[0-9]*/mounts"):
        try:
            found += [line for line in mounts.read_text().splitlines() if str(cluster.folder) in line]
        except (FileNotFoundError, ProcessLookupError, OSError):
            continue
    found += [str(path) for path in Path(tempfile.gettempdir()).glob("portus-stack-cluster-*")]
    found += [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/portus-stack-{NAME}-*")]
    return found + ([str(cluster.folder)] if cluster.folder.exists() else [])


@pytest.mark.skipif(os.geteuid() != 0, reason="the lab's Kubernetes needs root")
def test_cluster_comes_is_repaired_and_goes_without_trace(lab_cluster: Instance) -> None:
    settings = {path: Path("/proc/sys", path).read_text() for path in ("kernel/panic", "vm/overcommit_memory")}
    try:
        shown = command("up", "--name", NAME)
        cluster = instance.find(NAME)
        assert cluster and shown.stdout == f"export KUBECONFIG={cluster.kubeconfig}\n"
        assert cluster.kubeconfig.stat().st_mode & 0o077 == 0
        assert cluster.block != lab_cluster.block
        assert traces(cluster)
        assert {path: Path("/proc/sys", path).read_text() for path in settings} == settings

        control, node = Space(cluster, CONTROL), Space(cluster, "node-1")
        running = {name: (control.pids(name) or node.pids(name)) for name in ("etcd", "kube-apiserver", "kubelet")}
        assert command("up", "--name", NAME).stdout == shown.stdout
        assert running == {name: (control.pids(name) or node.pids(name)) for name in running}, "it did nothing"

        for process, space in (("kube-apiserver", control), ("etcd", control), ("kubelet", node)):
            space.stop(process)
        command("up", "--name", NAME)
        assert Api(cluster).get("/api/v1/nodes/node-1")
        node.end()
        command("up", "--name", NAME)
        assert node.pids("containerd")
    finally:
        done = command("down", "--name", NAME)
    assert "gone" in done.stderr
    assert traces(cluster) == []
    assert "no cluster" in command("down", "--name", NAME).stderr
    assert Api(lab_cluster).answers()
