"""Packages of Debian and Ubuntu, installed where we are root on such a machine."""

import fcntl
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from .console import InstallError, run, say

_LOCKS = tuple(Path(each) for each in ("/var/lib/apt/lists/lock", "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"))
"""What `apt-get update`, `apt-get install` and dpkg lock, by `fcntl`."""
_PATIENCE_SECONDS = 900
"""A new cloud machine installs its security updates by itself; that takes minutes."""
_WAIT_TOO = f"DPkg::Lock::Timeout={_PATIENCE_SECONDS}"
"""For who comes between our look at the locks and apt's own; apt (2.6) does not wait for the first of them."""


def can_install() -> bool:
    """Whether this is a Debian or Ubuntu machine and we may install packages on it."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str], *, doing: str) -> None:
    """Install packages without their recommendations; wait for somebody else's apt, at most 900 s.

    Raises:
        InstallError: apt-get failed; its own words are on stderr. Or another apt goes on and on.
    """
    say(f"installing {', '.join(packages)} with apt-get, to {doing}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    wait_for_others()
    run(["apt-get", "-o", _WAIT_TOO, "update", "-qq"], environment=environment, doing="renew the list of packages")
    wait_for_others()
    command = ["apt-get", "-o", _WAIT_TOO, "install", "-y", "-qq", "--no-install-recommends", *packages]
    run(command, environment=environment, doing=f"install {' '.join(packages)}")


def wait_for_others(locks: Sequence[Path] = _LOCKS, seconds: float = _PATIENCE_SECONDS) -> None:
    """Return when nobody holds one of ``locks``; one that is not there is held by nobody.

    Raises:
        InstallError: somebody still holds one after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    for lock in locks:
        told = False
        while _is_held(lock):
            if time.monotonic() >= deadline:
                raise InstallError(
                    f"{lock} is still held by another apt after {seconds:.0f} s: wait for it, then repeat"
                )
            if not told:
                say(f"another apt is at work ({lock}); waiting for it, at most {seconds:.0f} s")
                told = True
            time.sleep(0.5)


def _is_held(lock: Path) -> bool:
    try:
        with lock.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
