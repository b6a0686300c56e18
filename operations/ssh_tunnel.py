"""A Docker daemon's socket on another machine, through the system's `ssh`, so that its configuration counts."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from .console import OperationError

_SOCKET = "/var/run/docker.sock"
_LIMIT_SECONDS = 30
_POLL_SECONDS = 0.05
_OPTIONS = ("-oBatchMode=yes", "-oExitOnForwardFailure=yes", "-nNT")


def ssh_command(address: str, options: Sequence[str], socket: Path) -> list[str]:
    """The command that listens on ``socket`` for ``ssh://[user@]host[:port][/path/of/docker.sock]``.

    Raises OperationError for an address that `ssh` would read as an option.
    """
    parts = urlsplit(address)
    host, user = parts.hostname or "", parts.username or ""
    if not host or host.startswith("-") or user.startswith("-"):
        raise OperationError(f"{address} is no address of a Docker host", "write ssh://user@host")
    remote = parts.path if parts.path.strip("/") else _SOCKET
    login = [*(["-l", user] if user else []), *(["-p", str(parts.port)] if parts.port else [])]
    return ["ssh", *options, *_OPTIONS, *login, "-L", f"{socket}:{remote}", "--", host]


@contextmanager
def tunnel(address: str, options: Sequence[str], socket: Path) -> Iterator[str]:
    """Yields the ``unix://`` address of the near end. Raises OperationError with what `ssh` said when it fails."""
    command = ssh_command(address, options, socket)
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _wait_until_open(process, socket, address)
            yield f"unix://{socket}"
        finally:
            process.terminate()


def _wait_until_open(process: "subprocess.Popen[str]", socket: Path, address: str) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            reason = (process.stderr.read() if process.stderr else "").strip() or f"no answer in {_LIMIT_SECONDS} s"
            raise OperationError(f"{address} cannot be reached: {reason}", "`ssh` to it by hand, then run this again")
        time.sleep(_POLL_SECONDS)
