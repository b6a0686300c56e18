"""Programs of the machine that single commands need, installed where we may: `toolchain/program`."""

import shutil

from . import apt
from .console import InstallError, say

PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "docker-compose": ("docker-compose",),
}
"""By the name of its Debian package, the commands that do."""
_PURPOSES = {
    "chromium": "open the documentation in a browser",
    "docker-compose": "measure `up` beside it",
}


def find(program: str) -> str | None:
    """The path of a command of `PROGRAMS` that is there."""
    return next(filter(None, map(shutil.which, PROGRAMS[program])), None)


def ensure_program(program: str) -> None:
    """Return when the program is there; as root on Debian it is installed.

    Raises:
        InstallError: it is missing and cannot be installed here.
    """
    if path := find(program):
        say(f"using {path}")
        return
    if not apt.can_install():
        raise InstallError(f"{program} is missing, to {_PURPOSES[program]}: install it, or run this as root on Debian")
    apt.install([program], doing=_PURPOSES[program])
    if find(program) is None:
        raise InstallError(f"the package {program} of this system brings no command {' or '.join(PROGRAMS[program])}")
