"""The official Pulumi: the program on PATH, or the release that our SDK is of, checked, in the tool folder."""

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .choice import OFFICIAL, Choice
from .console import InstallError, run, say
from .engine import VERSION
from .folders import Folders, is_complete, new_folder
from .packages import Plugin
from .releases import Releases

OLDEST = (3, 238, 0)
"""The oldest `pulumi` that runs our program."""


def official_pulumi(folders: Folders, environment: Mapping[str, str] = os.environ) -> Choice:
    """An acceptable `pulumi` on PATH, else the official release's.

    Raises:
        InstallError: neither can be had.
    """
    found = find_on_path(folders, environment)
    if found is not None:
        return found
    target = install_official(folders, Releases.from_environment(environment))
    return Choice(OFFICIAL, str(target / "bin" / "pulumi"), f"the official release, version {VERSION}")


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


def install_official(folders: Folders, releases: Releases) -> Path:
    """Put the release of our Python SDK's version into the tool folder; its archive is checked first.

    Raises:
        InstallError: it or its checksum cannot be had (each is tried for ten seconds), or it is not what the checksum
            says.
    """
    target = folders.tools / f"official-{VERSION}"
    if is_complete(target):
        return target
    with releases.pulumi(VERSION) as archive, new_folder(target):
        say(f"installing the official Pulumi {VERSION}")
        try:
            with tarfile.open(archive) as content:
                _unpack(content, target / "bin")
        except (tarfile.TarError, OSError) as error:
            raise InstallError(f"{archive.name} cannot be unpacked: {error}") from error
        if not os.access(target / "bin" / "pulumi", os.X_OK):
            raise InstallError(f"{archive.name} has no program `pulumi`")
    return target


def _unpack(content: tarfile.TarFile, place: Path) -> None:
    """The programs of a release, which lie in its one folder; nothing else, and nowhere else."""
    place.mkdir(parents=True)
    for member in content:
        source = content.extractfile(member) if member.isfile() else None
        if source is not None:
            file = place / Path(member.name).name
            with file.open("xb") as out:
                shutil.copyfileobj(source, out)
            file.chmod(0o755)


def install_official_plugins(
    pulumi: str, home: Path, plugins: Sequence[Plugin], releases: Releases | None = None
) -> None:
    """Have `pulumi` unpack the official plugins, each checked first, into a PULUMI_HOME.

    Raises:
        InstallError: one cannot be had, or is not what its checksum says.
    """
    environment = os.environ | {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    for plugin in plugins:
        say(f"installing the official provider {plugin.name} {plugin.version}")
        with (releases or Releases.from_environment()).plugin(plugin) as archive:
            name = ["resource", plugin.name, f"v{plugin.version}"]
            command = [pulumi, "plugin", "install", *name, "--file", str(archive)]
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
