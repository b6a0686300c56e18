"""Ends the programs that a language host started when the host itself is gone, however it went.

Neither `atexit` nor a signal handler runs when a process is killed, and Linux' parent-death signal is bound to the
thread that forked and reaches no grandchild. So a second process, forked before anything else is loaded, reads from a
pipe that only the host can write: the end of the pipe is the end of the host.
"""

import os
import signal
import time
from contextlib import suppress

_GRACE_SECONDS = 1.0
_POLL_SECONDS = 0.02


class Guard:
    """The host's side: tells which process groups are to end with the host."""

    def __init__(self, pipe: int) -> None:
        """Use `start` instead: it forks the process that reads the other end of `pipe`."""
        self._pipe = pipe

    @classmethod
    def start(cls) -> "Guard":
        """Fork the guard. Call it first of all: a process with threads must not fork and go on in Python."""
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(writer)
            _stand_guard(reader)
        os.close(reader)
        return cls(writer)

    def watch(self, group: int) -> None:
        """End this process group when the host ends."""
        os.write(self._pipe, f"+{group}\n".encode())

    def release(self, group: int) -> None:
        """Forget this process group: its leader has ended."""
        os.write(self._pipe, f"-{group}\n".encode())


def end_group(group: int, first: int, grace_seconds: float) -> None:
    """Signal a process group (0: no signal), and kill what is left of it after a grace period."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, first)
        deadline = time.monotonic() + grace_seconds
        while time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            os.killpg(group, 0)
        os.killpg(group, signal.SIGKILL)


def _stand_guard(pipe: int) -> None:
    """Read the groups until the host is gone, end those that are left, and leave. Never returns."""
    os.setsid()  # the engine signals the host's whole group; this process is not meant
    with open(os.devnull, "r+b") as nothing:
        for descriptor in (0, 1, 2):  # the engine waits until all who hold the host's output have closed it
            os.dup2(nothing.fileno(), descriptor)
    groups: set[int] = set()
    with os.fdopen(pipe, "rb") as lines:
        for line in lines:
            group = int(line[1:])
            groups.add(group) if line.startswith(b"+") else groups.discard(group)
    for group in groups:
        end_group(group, signal.SIGTERM, _GRACE_SECONDS)
    os._exit(0)
