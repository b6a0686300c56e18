"""Outside judges of Kubernetes objects, installed when a test asks for them: `toolchain/judge`.

`toolchain/judges/` pins them: checkov and kubernetes-validate in a virtual environment of their own, kube-score built
from its Go module.
"""

import os
from pathlib import Path

from .console import run, say
from .fingerprint import fingerprint
from .folders import SOURCES, Folders, is_complete, new_folder
from .go import Go
from .python import install_python

_SOURCES = SOURCES / "judges"
_PACKAGE = "github.com/zegl/kube-score/cmd/kube-score"
_LINKER = "-s -w"
_BUILD_ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath -buildvcs=false -modcacherw"}


def install_judges(folders: Folders) -> list[Path]:
    """Install what is missing; the folders that hold the programs. Call it with the tool folder locked.

    Raises:
        InstallError: Go or a virtual environment cannot be had, or a build failed.
    """
    return [_kube_score(folders), install_python(folders, _SOURCES / "requirements.txt", name="judges") / "bin"]


def _kube_score(folders: Folders) -> Path:
    sources = _SOURCES / "kube-score"
    target = folders.tools / f"judges-{fingerprint(*sorted(sources.iterdir()), _PACKAGE, _LINKER)}"
    if is_complete(target):
        return target / "bin"
    go = Go.find_or_install(folders)
    say("building kube-score from its Go module: a minute, once")
    with new_folder(target):
        build = [go.executable, "build", "-ldflags", _LINKER, "-o", str(target / "bin" / "kube-score"), _PACKAGE]
        environment = os.environ | go.environment | _BUILD_ENVIRONMENT
        run(build, cwd=sources, environment=environment, doing="build kube-score")
    return target / "bin"
