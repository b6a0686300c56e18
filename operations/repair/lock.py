"""The engine's lock on a stack in a file backend: who holds it, and whether he still lives."""

import json
import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ..console import OperationError, say
from ..stack import Stack
from .backend import folder_of

_ENGINE = "pulumi"


@dataclass(frozen=True)
class Lock:
    """A lock file and what the engine wrote into it (pulumi/pulumi, pkg/backend/diy/lock.go)."""

    path: Path
    pid: int
    username: str
    hostname: str
    timestamp: str

    @classmethod
    def read(cls, path: Path) -> "Lock":
        """Raises OperationError for a file that is no lock; FileNotFoundError when it has just gone."""
        try:
            content = json.loads(path.read_text())
            return cls(
                path, int(content["pid"]), str(content["username"]), str(content["hostname"]), str(content["timestamp"])
            )
        except (ValueError, KeyError, TypeError) as error:
            raise OperationError(
                f"the lock {path} is damaged", "if no `pulumi` runs, remove the file, then run this again"
            ) from error


def locks_of(stack: Stack, backend: str) -> list[Lock]:
    """The locks of a stack; none for a backend that is no folder (those release theirs by themselves)."""
    root = folder_of(backend, stack.project)
    if root is None:
        return []
    folder = root / "locks" / "organization" / stack.project.name / stack.short_name
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(Lock.read(path))
        except FileNotFoundError:  # released meanwhile
            continue
    return found


def release_stale(locks: list[Lock]) -> bool:
    """Remove the locks whose process is dead; True when there were any.

    Raises:
        OperationError: a lock is held by a living process, or by one of another machine; then none was removed.
    """
    for lock in locks:
        if lock.hostname != socket.gethostname():
            raise OperationError(
                f"process {lock.pid} of {lock.username}@{lock.hostname} works on this stack since {lock.timestamp}",
                f"wait for it; if that process is dead, remove {lock.path}, then run this again",
            )
        if is_engine(lock.pid):
            raise OperationError(
                f"process {lock.pid} of {lock.username} works on this stack since {lock.timestamp}",
                f"wait for it, or interrupt it with `kill -INT {lock.pid}`, then run this again",
            )
    for lock in locks:
        lock.path.unlink(missing_ok=True)
        say(f"released the lock of process {lock.pid}, which is dead (locked {lock.timestamp})")
    return bool(locks)


def is_engine(pid: int) -> bool:
    """Whether a process with this number lives and is an engine: numbers are used again."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so it lives
        pass
    status = Path(f"/proc/{pid}/status")
    if Path("/proc/self").exists():
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except FileNotFoundError:
            return False
        return fields["Name"].startswith(_ENGINE) and not fields["State"].startswith("Z")
    done = subprocess.run(["ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, command = done.stdout.strip().partition(" ")
    return Path(command.strip()).name.startswith(_ENGINE) and not state.startswith("Z")
