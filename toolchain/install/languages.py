"""Language hosts beside Python's, built from Go modules when a program needs one: `toolchain/language NAME`.

`toolchain/languages/NAME/` pins what each is built from. The official toolchain brings its own.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .console import run, say
from .fingerprint import fingerprint
from .folders import SOURCES, Folders, is_complete, new_folder
from .go import Go

_BUILD_ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath -buildvcs=false -modcacherw"}


@dataclass(frozen=True)
class Program:
    """A Go program: its name, its package, and what the linker sets."""

    name: str
    package: str
    linker: str = "-s -w"


LANGUAGES: Mapping[str, tuple[Program, ...]] = {
    "yaml": (
        Program(
            "pulumi-language-yaml",
            "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
            "-s -w -X github.com/pulumi/pulumi-yaml/pkg/version.Version=v1.38.0",
        ),
    ),
    # The last tagged module that holds the host; it runs compiled programs of today's SDK, but generates none.
    "nodejs": (Program("pulumi-language-nodejs", "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"),),
    "nodejs-sdk": (Program("portus-stack-nodejs-sdk", "."),),
}
"""Name → the programs that it consists of."""


def install_language(folders: Folders, name: str) -> Path:
    """Build what is missing of a language; the folder returned holds its programs. Call it with the tool folder locked.

    Raises:
        InstallError: Go is missing and cannot be installed, or the build failed.
    """
    sources, programs = SOURCES / "languages" / name, LANGUAGES[name]
    target = folders.tools / f"language-{name}-{fingerprint(*sorted(sources.iterdir()), repr(programs))}"
    if is_complete(target):
        return target / "bin"
    go = Go.find_or_install(folders)
    say(f"building {' and '.join(program.name for program in programs)} from their Go modules: minutes, once")
    with new_folder(target):
        for program in programs:
            binary = target / "bin" / program.name
            build = [go.executable, "build", "-ldflags", program.linker, "-o", str(binary), program.package]
            environment = os.environ | go.environment | _BUILD_ENVIRONMENT
            run(build, cwd=sources, environment=environment, doing=f"build {program.name}")
    return target / "bin"
