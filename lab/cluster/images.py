"""Images of the cluster's nodes: those of the lab and of Docker, and images made of one of our programs alone."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

from lab.cluster.console import ClusterError, say
from lab.cluster.instance import Instance, Node
from lab.cluster.nodes import PAUSE_IMAGE, containerd_command
from lab.cluster.programs import program
from lab.cluster.space import Space
from lab.images.catalogue import IMAGES, REPOSITORY_PREFIX

DNS_IMAGE = f"{REPOSITORY_PREFIX}/coredns:1"


_PROGRAM_IMAGES = {PAUSE_IMAGE: "pause", DNS_IMAGE: "coredns"}


def write_program_archives(instance: Instance) -> None:
    """Make the images of the cluster's own pods, pause and DNS, for `load_programs`."""
    for reference, name in _PROGRAM_IMAGES.items():
        archive = instance.folder / f"{name}.tar"
        if not archive.exists():
            archive.write_bytes(archive_of(program(name), reference))


def load_programs(instance: Instance, node: Node) -> None:
    """Give a node the images of the cluster's own pods."""
    space = Space(instance, node.name)
    present = space.run(*containerd_command("images", "list", "--quiet")).splitlines()
    for reference, name in _PROGRAM_IMAGES.items():
        if reference not in present:
            space.run(*containerd_command("images", "import", str(instance.folder / f"{name}.tar")))


def lab_images() -> list[str]:
    """The lab's images that Docker has, without those that are only for building others."""
    wanted = [image.reference for image in IMAGES if image.parent is not None]
    return [reference for reference in wanted if _identity(reference)]


def load(instance: Instance, node: Node, references: Sequence[str]) -> None:
    """Copy images from Docker to a node; what it has already is not copied again.

    Raises:
        ClusterError: Docker does not have one of them.
    """
    identities = {reference: _identity(reference) for reference in references}
    unknown = [reference for reference, identity in identities.items() if not identity]
    if unknown:
        raise ClusterError(f"Docker has no image {', '.join(unknown)}: build or pull it, then try again")
    note = node.folder / "images.json"
    loaded = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
    missing = [reference for reference in references if loaded.get(reference) != identities[reference]]
    if missing:
        say(f"{node.name}: loading {len(missing)} images from Docker")
        _copy(Space(instance, node.name), missing)
        note.write_text(json.dumps(loaded | {name: identities[name] for name in missing}), encoding="utf-8")


def _identity(reference: str) -> str:
    command = ["docker", "image", "inspect", "--format", "{{.Id}}", reference]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout.strip()
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"docker does not answer, and the lab's images come from it: {error}") from error


def _copy(space: Space, references: Sequence[str]) -> None:
    with subprocess.Popen(["docker", "save", *references], stdout=subprocess.PIPE) as saved:
        command = space.command(*containerd_command("images", "import", "-"))
        done = subprocess.run(command, stdin=saved.stdout, capture_output=True, text=True, check=False)
    if saved.returncode or done.returncode:
        raise ClusterError(f"could not copy {', '.join(references)} to {space.name}: {done.stderr.strip()}")


def archive_of(executable: Path, reference: str) -> bytes:
    """An image with one static program in it, as `docker save` writes it."""
    layer = _tar([(executable.name, executable.read_bytes(), 0o755)])
    layer_digest = hashlib.sha256(layer).hexdigest()
    configuration = {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()],
        "os": "linux",
        "config": {"Entrypoint": [f"/{executable.name}"], "Env": ["PATH=/"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
    }
    encoded = json.dumps(configuration).encode()
    name = f"{hashlib.sha256(encoded).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [reference], "Layers": [f"{layer_digest}/layer.tar"]}]
    files = [(name, encoded, 0o644), (f"{layer_digest}/layer.tar", layer, 0o644)]
    return _tar([*files, ("manifest.json", json.dumps(manifest).encode(), 0o644)])


def _tar(files: Sequence[tuple[str, bytes, int]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content, mode in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
