"""Packages of Debian and Ubuntu, installed where we are root on such a machine."""

import os
import shutil
from collections.abc import Sequence

from .console import run, say


def can_install() -> bool:
    """Whether this is a Debian or Ubuntu machine and we may install packages on it."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str], *, doing: str) -> None:
    """Install packages without their recommendations.

    Raises:
        InstallError: apt-get failed; its own words are on stderr.
    """
    say(f"installing {', '.join(packages)} with apt-get, to {doing}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], environment=environment, doing="renew the list of packages")
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    run(command, environment=environment, doing=f"install {' '.join(packages)}")
