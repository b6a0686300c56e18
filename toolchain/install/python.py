"""The virtual environment that programs and our language host run in, installed from a lock file."""

import importlib.util
import re
import sys
from pathlib import Path

from . import apt
from .console import InstallError, run, say
from .fingerprint import fingerprint
from .folders import CHECKOUT, Folders, is_complete, new_folder

DEPLOY_LOCK = CHECKOUT / "requirements.txt"
TEST_LOCK = CHECKOUT / "requirements-test.txt"

_SOURCE_ONLY = ("sslyze",)
"""Packages that PyPI has no wheel of; everything else is installed without running its code."""

_BUILD_TOOLS = ("setuptools",)
"""What builds those; in the lock file as well."""


def interpreter_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    return environment / "bin" / "python"


def site_packages_of(environment: Path) -> Path:
    """Where a virtual environment that this interpreter made has its packages."""
    return environment / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def install_python(folders: Folders, lock: Path, name: str = "python") -> Path:
    """Make the virtual environment of a lock file unless it is there, every download checked against the lock's hashes.

    Raises:
        InstallError: this Python cannot make virtual environments and we may not change that, or pip failed.
    """
    target = folders.tools / f"{name}-{fingerprint(lock, sys.version)}"
    if is_complete(target):
        return target
    _require_ensurepip()
    say(f"installing the Python packages of {lock.relative_to(CHECKOUT)}")
    with new_folder(target):
        run([sys.executable, "-m", "venv", str(target)], doing="make a virtual environment")
        options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes", "--only-binary=:all:"]
        pip = [str(interpreter_of(target)), "-m", "pip", "--cache-dir", str(folders.cache / "pip"), "install", *options]
        requirements = lock.read_text()
        if any(entry_of(requirements, name) for name in _SOURCE_ONLY):
            build_tools = target / "build-tools.txt"
            build_tools.write_text("".join(entry_of(requirements, name) for name in _BUILD_TOOLS))
            run([*pip, "-r", str(build_tools)], doing="install what builds Python packages")
            # Built by what the lock file names, not by whatever version pip would fetch unchecked.
            pip += ["--no-build-isolation", *(f"--no-binary={name}" for name in _SOURCE_ONLY)]
        run([*pip, "-r", str(lock)], doing=f"install the Python packages of {lock.name}")
    return target


def compile_sources(environment: Path, folder: Path) -> None:
    """Compile our Python sources in ``folder`` for an environment, which else does it at each start where it may not
    write."""
    command = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(folder)]
    run([str(interpreter_of(environment)), *command], doing=f"compile {folder.name}")


def entry_of(requirements: str, name: str) -> str:
    """The lines of one package in a lock file, its hashes included; empty if it is not in there."""
    match = re.search(rf"^{re.escape(name)}==(?:.*\\\n)*.*\n?", requirements, re.MULTILINE)
    return match[0] if match else ""


def version_in(lock: Path, name: str) -> str:
    """The version that a lock file pins a package to."""
    match = re.match(rf"{re.escape(name)}==(\S+)", entry_of(lock.read_text(), name))
    assert match is not None, f"{lock} pins no {name}"
    return match[1]


def _require_ensurepip() -> None:
    """Debian splits `ensurepip`, without which no virtual environment has pip, off into the package python3-venv."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return
    if not apt.can_install():
        raise InstallError(
            f"{sys.executable} has no module ensurepip; install the package python3-venv (Debian: "
            "`sudo apt-get install python3-venv`) and run this again"
        )
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    apt.install([package], doing="make virtual environments")
