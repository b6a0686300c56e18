"""The virtual environment that programs, language host and provider plugins run in, installed from a lock file."""

import importlib.util
import os
import sys
from pathlib import Path

from . import apt
from .console import InstallError, run, say
from .fingerprint import fingerprint
from .folders import CHECKOUT, Folders, is_complete, new_folder

DEPLOY_LOCK = CHECKOUT / "requirements.txt"
TEST_LOCK = CHECKOUT / "requirements-test.txt"


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
    say(f"installing Python packages of {lock.name}")
    with new_folder(target):
        run([sys.executable, "-m", "venv", str(target)], doing="make a virtual environment")
        options = ["--quiet", "--disable-pip-version-check", "--no-input", "--only-binary=:all:", "--require-hashes"]
        pip = [str(interpreter_of(target)), "-m", "pip", "--cache-dir", str(folders.cache / "pip"), "install", *options]
        environment = os.environ | {"PIP_REQUIRE_VIRTUALENV": "0"}
        run([*pip, "-r", str(lock)], environment=environment, doing=f"install the Python packages of {lock.name}")
    return target


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
