"""The Pulumi engine, built from its tagged Go module.

Used where the official downloads cannot be reached but a Go module proxy can. `lab/engine/` pins the module and the
checksum of everything it is built from, together with the provider plugins (providers.py), so that what they share is
compiled once.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .console import run, say
from .fingerprint import fingerprint
from .folders import CHECKOUT, Folders, is_complete, new_folder
from .go import Go

VERSION = "3.260.0"
"""The engine's version, the same as that of the Python SDK in requirements.txt."""

SOURCES = CHECKOUT / "lab" / "engine"
"""The Go module of engine and plugins."""

TAGS = "osusergo,grpcnotrace"
"""Upstream's build tags: users are looked up without libc, and what gRPC traces with is left out."""

MODULE = tuple(SOURCES / name for name in ("go.mod", "go.sum"))
"""What pins engine and plugins, but for Kubernetes' plugin."""

_BUILD_ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath -buildvcs=false -modcacherw"}
_KEPT = "go-build"
_COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_LINKER = f"-s -w -X {_SDK}/go/common/version.Version=v{VERSION}"
_HELPERS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
"""The SDK's own scripts: the one that runs a program, the one that runs dynamic providers."""


@dataclass(frozen=True)
class Workshop:
    """Where programs of `lab/engine` are built, one after another, each from what those before it compiled."""

    folders: Folders
    objects: Path
    """What was compiled (Go's GOCACHE)."""

    @classmethod
    @contextmanager
    def opened(cls, folders: Folders, *, keep_objects: bool) -> Iterator["Workshop"]:
        """A workshop until the block ends.

        Args:
            keep_objects: keep the 2 GB of compiled packages, of which tests and `toolchain/language` can use most.
                Those of a build that failed are kept in any case, so that the next one goes on from there.
        """
        objects = folders.cache / (_KEPT if keep_objects else "go-build-engine")
        yield cls(folders, objects)
        if not keep_objects:
            shutil.rmtree(objects, ignore_errors=True)

    def build(self, module: Path, package: str, binary: Path, *, doing: str, linker: str = "-s -w") -> None:
        """Build one program.

        Args:
            module: the folder with the `go.mod` that pins what it is built from.
            package: its import path, or `./FOLDER` in there.

        Raises:
            InstallError: Go is missing and cannot be installed, or the build failed.
        """
        arguments = ("build", "-tags", TAGS, "-ldflags", linker, "-o", str(binary), package)
        self._go(module, *arguments, doing=doing)

    def sources_of(self, module: Path, required: str) -> Path:
        """Where the sources of a module are that another requires. Raises InstallError."""
        return Path(self._go(module, "list", "-m", "-f", "{{.Dir}}", required, doing=f"find {required}").strip())

    def _go(self, module: Path, *arguments: str, doing: str) -> str:
        go = Go.find_or_install(self.folders)
        environment = os.environ | go.environment | _BUILD_ENVIRONMENT | {"GOCACHE": str(self.objects)}
        return run([go.executable, *arguments], cwd=module, environment=environment, doing=doing)


def keeps_objects(folders: Folders) -> bool:
    """Whether this tool folder keeps compiled packages, as it does for tests and for the lab's cluster."""
    return (folders.cache / _KEPT).is_dir()


def engine_folder(folders: Folders) -> Path:
    """Where the engine of this checkout is, or will be, in the tool folder."""
    return folders.tools / f"engine-{fingerprint(*MODULE, TAGS, _LINKER)}"


def install_engine(workshop: Workshop) -> Path:
    """Build the engine unless it is there; the folder returned holds `bin/pulumi` and the SDK's helper scripts.

    Raises:
        InstallError: Go is missing and cannot be installed, or the build failed.
    """
    target = engine_folder(workshop.folders)
    if is_complete(target):
        return target
    say(f"building the Pulumi engine {VERSION} from its Go module: 3 minutes on two cores, once")
    with new_folder(target):
        workshop.build(SOURCES, _COMMAND, target / "bin" / "pulumi", doing="build the Pulumi engine", linker=_LINKER)
        sdk = workshop.sources_of(SOURCES, _SDK)
        for helper in _HELPERS:
            copy = target / "bin" / Path(helper).name
            shutil.copyfile(sdk / helper, copy)
            copy.chmod(0o755)
    return target
