"""The parts of the lab's cluster that need no cluster: names, addresses, sources of programs, images, certificates."""

from __future__ import annotations

import io
import ipaddress
import json
import re
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from lab.cluster import images, instance, programs
from lab.cluster.certificates import Authority
from lab.cluster.console import ClusterError
from lab.cluster.instance import Instance

COMMAND = str(programs.MODULE.parent / "cluster")


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clusters and tools of the test."""
    monkeypatch.setenv("PORTUS_STACK_CLUSTERS", str(tmp_path / "clusters"))
    monkeypatch.setenv("PORTUS_STACK_TOOLS", str(tmp_path / "tools"))


def test_clusters_have_addresses_of_their_own_and_keep_them() -> None:
    made = [instance.find_or_make(name) for name in ("one", "two", "three")]
    assert len({cluster.block for cluster in made}) == 3
    assert instance.find("two") == instance.find_or_make("two") == made[1]
    assert instance.find("four") is None


def test_addresses_of_a_cluster_do_not_overlap(tmp_path: Path) -> None:
    cluster = Instance("one", tmp_path, 107)
    networks = [cluster.machines_cidr, cluster.load_balancer_cidr, cluster.services_cidr]
    pods = [ipaddress.ip_network(cluster.node(number).pods_cidr) for number in range(1, 10)]
    parsed = [*(ipaddress.ip_network(network) for network in networks), *pods]
    assert not any(one.overlaps(other) for one in parsed for other in parsed if one is not other)
    assert all(network.subnet_of(ipaddress.ip_network(cluster.pods_cidr)) for network in pods)  # type: ignore[arg-type]
    assert len(cluster.bridge) <= 15, "the kernel's limit"


def test_images_go_to_the_cluster_that_is_worked_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(instance.find_or_make("other").kubeconfig))
    assert instance.chosen() == "other"
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "foreign" / "kubeconfig"))
    assert instance.chosen() == "default"
    monkeypatch.delenv("KUBECONFIG")
    assert instance.chosen() == "default"


def test_clusters_are_not_within_the_stacks_private_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make up` takes from others whatever they may do there; images and volumes of nodes have many users."""
    monkeypatch.delenv("PORTUS_STACK_CLUSTERS")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert instance.clusters_folder() == tmp_path / "portus-stack-clusters"


def test_name_that_would_leave_the_folder_is_refused() -> None:
    for name in ("../x", "", "UPPER", "a" * 21, "-x"):
        with pytest.raises(ClusterError, match="no name"):
            instance.find(name)


def test_every_program_is_locked_by_checksums() -> None:
    text = (programs.MODULE / "go.mod").read_text()
    required = dict(re.findall(r"^\s*(?:require )?(\S+) (v\S+)", text, re.MULTILINE))
    replaced = dict(re.findall(r"^replace \S+ => (\S+) (v\S+)$", text, re.MULTILINE))
    sums = (programs.MODULE / "go.sum").read_text()
    assert required
    assert all(f"{path} {replaced.get(path, version)}" in sums for path, version in required.items())


def test_kubernetes_is_what_it_calls_itself() -> None:
    assert f"k8s.io/kubernetes {programs.KUBERNETES_VERSION}" in (programs.MODULE / "go.mod").read_text()


def test_changed_sources_locks_and_flags_go_into_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = programs.PARTS[0]
    before = programs.folder_of(part)
    assert programs.folder_of(replace(part, flags="-X a=b")) != before
    shutil.copytree(programs.MODULE, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(programs, "MODULE", tmp_path)
    assert programs.folder_of(part) == before
    for changed in (f"{part.name}/main.go", "go.mod", "go.sum"):
        text = (tmp_path / changed).read_text()
        (tmp_path / changed).write_text(f"{text}\n")
        assert programs.folder_of(part) != before
        (tmp_path / changed).write_text(text)


def test_failed_build_leaves_nothing_that_looks_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GO", "false")
    with pytest.raises(ClusterError, match="status 1"):
        programs.build_missing((programs.PARTS[0],))
    assert not programs.folder_of(programs.PARTS[0]).exists()


def test_image_of_one_program_holds_that_program(tmp_path: Path) -> None:
    executable = tmp_path / "coredns"
    executable.write_bytes(b"program")
    made = images.archive_of(executable, "portus-stack.lab/coredns:1")
    with tarfile.open(fileobj=io.BytesIO(made)) as archive:
        (manifest,) = json.load(archive.extractfile("manifest.json") or io.BytesIO())
        assert manifest["RepoTags"] == ["portus-stack.lab/coredns:1"]
        with tarfile.open(fileobj=archive.extractfile(manifest["Layers"][0])) as layer:
            member = layer.getmember("coredns")
            assert member.mode == 0o755 and (layer.extractfile(member) or io.BytesIO()).read() == b"program"


def test_keys_are_their_owners_only_and_certificates_are_kept(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    authority.issue("server", "kube-apiserver", None, ("kubernetes", "10.0.0.1"))
    authority.token_key()
    secret = [path for path in authority.folder.iterdir() if path.suffix == ".key"]
    assert len(secret) == 3 and all(path.stat().st_mode & 0o077 == 0 for path in secret)
    certificate = (authority.folder / "server.crt").read_bytes()
    names = x509.load_pem_x509_certificate(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == ["kubernetes"]
    Authority(authority.folder).issue("server", "kube-apiserver", None)
    assert (authority.folder / "server.crt").read_bytes() == certificate


def test_command_explains_itself_and_refuses_what_makes_no_sense() -> None:
    shown = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(word in shown for word in ("up", "down", "load", "stop-node", "restart", "CLUSTER"))
    for arguments in (["up", "--nodes", "0"], ["up", "--nodes", "ten"], ["explode"], []):
        refused = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)
        assert refused.returncode == 2 and not refused.stdout
