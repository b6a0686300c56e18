"""The Pulumi engine, built from its tagged Go module.

Used where the official downloads cannot be reached but a Go module proxy can. `toolchain/engine/` pins the module and
the checksum of everything it is built from; 3.254.0 is the newest release all of whose modules are served everywhere.
"""

import os
import shutil
from pathlib import Path

from .console import run, say
from .fingerprint import fingerprint
from .folders import SOURCES, Folders, is_complete, new_folder
from .go import Go

VERSION = "3.254.0"
"""The engine's version, the same as that of the Python SDK in requirements.txt."""

_COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_BUILD_OPTIONS = (
    "-tags",
    "osusergo,grpcnotrace",
    "-ldflags",
    f"-s -w -X {_SDK}/go/common/version.Version=v{VERSION}",
)
_BUILD_ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath -buildvcs=false -modcacherw"}
_HELPERS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
"""The SDK's own scripts: the one that runs a program, the one that runs dynamic providers."""


def engine_folder(folders: Folders) -> Path:
    """Where the engine of this checkout is, or will be, in the tool folder."""
    sources = SOURCES / "engine"
    return folders.tools / f"engine-{fingerprint(sources / 'go.mod', sources / 'go.sum', *_BUILD_OPTIONS)}"


def install_engine(folders: Folders, *, keep_objects: bool = False) -> Path:
    """Build the engine unless it is there; the folder returned holds `bin/pulumi` and the SDK's helper scripts.

    Args:
        keep_objects: keep the 1.6 GB of compiled packages, of which `toolchain/language` can use most.

    Raises:
        InstallError: Go is missing and cannot be installed, or the build failed.
    """
    target = engine_folder(folders)
    if is_complete(target):
        return target
    go = Go.find_or_install(folders)
    say(f"building the Pulumi engine {VERSION} from its Go module: 3 minutes on two cores, once")
    with new_folder(target):
        environment = os.environ | go.environment | _BUILD_ENVIRONMENT
        scratch = folders.cache / "go-build-engine"
        if not keep_objects:
            environment["GOCACHE"] = str(scratch)
        binary = target / "bin" / "pulumi"
        build = [go.executable, "build", *_BUILD_OPTIONS, "-o", str(binary), _COMMAND]
        run(build, cwd=SOURCES / "engine", environment=environment, doing="build the Pulumi engine")
        locate = [go.executable, "list", "-m", "-f", "{{.Dir}}", _SDK]
        sdk = Path(run(locate, cwd=SOURCES / "engine", environment=environment, doing="find the Pulumi SDK").strip())
        for helper in _HELPERS:
            copy = target / "bin" / Path(helper).name
            shutil.copyfile(sdk / helper, copy)
            copy.chmod(0o755)
        shutil.rmtree(scratch, ignore_errors=True)
    return target
