"""The cluster's programs: built from one Go module into the tool folder, keyed by what they are made from."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from lab.cluster.console import ClusterError, run, say

MODULE = Path(__file__).resolve().parent / "programs"
KUBERNETES_VERSION = "v1.36.3"
#: Raised when the way of building changes what comes out.
_RECIPE_VERSION = "1"
_COMPONENT_VERSION = "k8s.io/component-base/version"
_COMMANDS = "k8s.io/kubernetes/cmd"


@dataclass(frozen=True)
class Part:
    """Commands of the Go module in `programs/` that are built together. Go checks every download against its go.sum."""

    name: str
    packages: tuple[str, ...]
    """Import paths of the commands; `./NAME` for those of the module itself."""
    programs: tuple[str, ...]
    """Names of what is built from them."""
    flags: str = ""
    """More flags for the linker."""
    files: tuple[str, ...] = field(default=(), repr=False)
    """A module and a pattern below its folder: files of it that lie beside the programs; () for none."""


KUBERNETES_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
PARTS: tuple[Part, ...] = (
    *(Part(name, (f"./{name}",), (name,)) for name in ("pause", "etcd", "coredns")),
    Part(
        "kubernetes",
        tuple(f"{_COMMANDS}/{program}" for program in KUBERNETES_PROGRAMS),
        KUBERNETES_PROGRAMS,
        # As Kubernetes' own build does; without it the API server calls itself v0.0.0.
        f"-X {_COMPONENT_VERSION}.gitVersion={KUBERNETES_VERSION} -X {_COMPONENT_VERSION}.gitMajor=1"
        f" -X {_COMPONENT_VERSION}.gitMinor=36",
    ),
)
CERT_MANAGER = Part(
    "cert-manager",
    ("./cert-manager",),
    ("cert-manager",),
    files=("github.com/cert-manager/cert-manager", "deploy/crds/cert-manager.io_*.yaml"),
)
"""Not part of a cluster: for tests that ask for it."""


def tool_folder() -> Path:
    """`$PORTUS_STACK_TOOLS`, default `portus-stack` in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("PORTUS_STACK_TOOLS") or Path(cache) / "portus-stack").absolute()


def fingerprint(part: Part) -> str:
    """Hash of a part's sources, of the module's locks and of how it is built: 16 hex digits."""
    digest = hashlib.sha256(f"{_RECIPE_VERSION}\n{part}\n".encode())
    digest.update("".join(part.files).encode())
    for path in (MODULE / "go.mod", MODULE / "go.sum", *sorted((MODULE / part.name).glob("*.go"))):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def folder_of(part: Part) -> Path:
    """Where a part's programs are or will be."""
    return tool_folder() / f"cluster-{part.name}-{fingerprint(part)}"


def program(name: str) -> Path:
    """Where a program is, once it is built."""
    part = next(part for part in PARTS if name in part.programs)
    return folder_of(part) / name


def build_missing(parts: tuple[Part, ...] = PARTS) -> None:
    """Build what the tool folder does not have.

    Raises:
        ClusterError: there is no Go, or a build failed.
    """
    missing = [part for part in parts if not folder_of(part).exists()]
    if not missing:
        return
    tool_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (tool_folder() / ".cluster-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for number, part in enumerate(missing, 1):
            if folder_of(part).exists():
                continue
            say(f"[{number}/{len(missing)}] building {', '.join(part.programs)} (once)")
            started = time.monotonic()
            _build(part)
            say(f"[{number}/{len(missing)}] built in {time.monotonic() - started:.0f} s")


def _build(part: Part) -> None:
    go = os.environ.get("GO") or shutil.which("go")
    if not go:
        raise ClusterError("the cluster is built with Go: put `go` on PATH or its path into GO, or use `make cluster`")
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-trimpath -buildvcs=false"}
    with tempfile.TemporaryDirectory(prefix=".cluster-", dir=tool_folder()) as scratch:
        output = Path(scratch, "programs")
        output.mkdir()
        command = [go, "build", "-ldflags", f"-s -w {part.flags}", "-o", f"{output}/", *part.packages]
        run(command, directory=MODULE, environment=environment)
        if part.files:
            name, pattern = part.files
            locate = [go, "list", "-m", "-f", "{{.Dir}}", name]
            source = run(locate, directory=MODULE, environment=environment).strip()
            for path in sorted(Path(source).glob(pattern)):
                shutil.copyfile(path, output / path.name)
        output.rename(folder_of(part))
