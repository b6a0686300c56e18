"""The official Pulumi: the program on PATH, or what the official installer puts into the tool folder."""

import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from .choice import OFFICIAL, Choice
from .console import InstallError, run, say
from .engine import VERSION
from .folders import Folders, is_complete, new_folder
from .packages import Plugin

OLDEST = (3, 238, 0)
"""The oldest `pulumi` that runs our program."""

INSTALLER = "https://get.pulumi.com/install.sh"
_REACH_SECONDS = 10


def official_pulumi(folders: Folders, environment: Mapping[str, str] = os.environ) -> Choice:
    """An acceptable `pulumi` on PATH, else the official installer's.

    Raises:
        InstallError: neither can be had.
    """
    found = find_on_path(folders, environment)
    if found is not None:
        return found
    target = install_official(folders, environment.get("PORTUS_STACK_INSTALLER") or INSTALLER)
    return Choice(OFFICIAL, str(target / "bin" / "pulumi"), f"from the official installer, version {VERSION}")


def find_on_path(folders: Folders, environment: Mapping[str, str]) -> Choice | None:
    """The first `pulumi` on PATH outside the tool folder, if it is new enough and has its language host beside it."""
    for entry in environment.get("PATH", "").split(os.pathsep):
        if not entry or Path(entry).resolve().is_relative_to(folders.tools.resolve()):
            continue
        executable = shutil.which("pulumi", path=entry)
        if executable is None:
            continue
        version = _version_of(executable)
        if version is None or version < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            say(f"{executable} is not used: it is {_text(version)}, and {wanted} or newer is needed")
        elif not shutil.which("pulumi-language-python", path=f"{Path(executable).resolve().parent}{os.pathsep}{entry}"):
            say(f"{executable} is not used: it has no pulumi-language-python beside it")
        else:
            return Choice(OFFICIAL, executable, f"{executable} on PATH, version {_text(version)}")
    return None


def install_official(folders: Folders, installer: str) -> Path:
    """Fetch the official installer and let it put the version of our Python SDK into the tool folder.

    Raises:
        InstallError: the installer cannot be reached (tried for ten seconds) or failed.
    """
    target = folders.tools / f"official-{VERSION}"
    if is_complete(target):
        return target
    try:
        with urllib.request.urlopen(installer, timeout=_REACH_SECONDS) as answer:
            script = answer.read()
    except (urllib.error.URLError, OSError) as error:
        raise InstallError(f"{installer} cannot be reached: {getattr(error, 'reason', error)}") from error
    say(f"installing Pulumi {VERSION} with the official installer")
    with new_folder(target):
        file = target / "install.sh"
        file.write_bytes(script)
        command = ["sh", str(file), "--version", VERSION, "--install-root", str(target), "--no-edit-path"]
        run(command, doing="install Pulumi with the official installer")
        if not os.access(target / "bin" / "pulumi", os.X_OK):
            raise InstallError(f"the official installer at {installer} left no bin/pulumi")
    return target


def install_official_plugins(pulumi: str, home: Path, plugins: Sequence[Plugin]) -> None:
    """Let `pulumi plugin install` fetch the official plugins into a PULUMI_HOME.

    Raises:
        InstallError: one cannot be had.
    """
    environment = os.environ | {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    for plugin in plugins:
        say(f"installing the official provider {plugin.name} {plugin.version}")
        command = [pulumi, "plugin", "install", "resource", plugin.name, f"v{plugin.version}"]
        run(command, environment=environment, doing=f"install the official provider {plugin.name} {plugin.version}")


def _version_of(executable: str) -> tuple[int, int, int] | None:
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [executable, "version"], env=environment, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"v?(\d+)\.(\d+)\.(\d+)", answer.stdout)
    if answer.returncode != 0 or match is None:
        return None
    major, minor, patch = map(int, match.groups())
    return major, minor, patch


def _text(version: tuple[int, int, int] | None) -> str:
    return "of an unknown version" if version is None else ".".join(map(str, version))
