"""The tool folder: where it is, what is ours in it, and how a folder in it comes to be complete or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .console import InstallError, say

SOURCES = Path(__file__).resolve().parent.parent
"""The toolchain's own sources in this checkout."""

CHECKOUT = SOURCES.parent
"""The checkout, with the lock files."""

_OWNERSHIP_MARKER = ".portus-stack-tools"
_COMPLETE_MARKER = ".complete"


@dataclass(frozen=True)
class Folders:
    """Where things go on this machine."""

    tools: Path
    """The tool folder: can be removed and made again at any time, shared by every checkout of this user."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Folders":
        """`$PORTUS_STACK_TOOLS`, default `portus-stack` in the user's cache folder."""
        cache = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        return cls(Path(environment.get("PORTUS_STACK_TOOLS") or Path(cache) / "portus-stack").absolute())

    @property
    def cache(self) -> Path:
        """Downloads that only make the next installation faster."""
        return self.tools / "cache"

    def claim(self) -> None:
        """Make the tool folder, readable by its owner only, and mark it as ours.

        Raises:
            InstallError: a folder of somebody else's is in its place; we would run what that user put there.
        """
        marker = self.tools / _OWNERSHIP_MARKER
        if self.tools.exists() and self.tools.stat().st_uid != os.geteuid():
            raise InstallError(f"{self.tools} belongs to another user; set PORTUS_STACK_TOOLS to a folder of your own")
        if self.tools.exists() and not marker.exists() and any(self.tools.iterdir()):
            raise InstallError(
                f"{self.tools} exists and is not a tool folder of PortusStack; set PORTUS_STACK_TOOLS to a new folder"
            )
        self.tools.mkdir(mode=0o700, parents=True, exist_ok=True)
        marker.write_text("Tools of PortusStack. Removed by `make clean-tools`, made again when needed.\n")

    def remove(self) -> bool:
        """Remove the tool folder; false when there is none.

        Raises:
            InstallError: the folder does not carry our mark, so it is left alone.
        """
        if not self.tools.exists():
            return False
        if self.tools.is_symlink() or not (self.tools / _OWNERSHIP_MARKER).is_file():
            raise InstallError(f"{self.tools} is not a tool folder of PortusStack; it was left alone")
        with self.locked():
            shutil.rmtree(self.tools)
        return True

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the tool folder for one installation at a time; a second one waits and says so."""
        with (self.tools / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("waiting for another installation into the same tool folder")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def is_complete(folder: Path) -> bool:
    """Whether a folder of the tool folder was finished."""
    return (folder / _COMPLETE_MARKER).exists()


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a folder, empty, and mark it complete when the block ends well; what an interrupted attempt left is removed.

    Call it with the tool folder locked. Made in place, not renamed, because a virtual environment cannot be moved.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    yield
    (folder / _COMPLETE_MARKER).touch()


def link(file: str | Path, place: str | Path) -> None:
    """The same file in a second place, without a copy where the file system allows it."""
    try:
        os.link(file, place)
    except OSError:
        shutil.copy2(file, place)
