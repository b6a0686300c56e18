"""What the installer says, and how it runs other programs: progress on stderr, nothing on stdout."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_HEARTBEAT_SECONDS = 20


class InstallError(Exception):
    """Something could not be installed; the message says what, why and what to do next."""


def say(message: str) -> None:
    """Tell the user, on stderr, what is going on."""
    print(f"toolchain: {message}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str], *, doing: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run a program to its end and return its stdout; its stderr is the user's, and a long run says that it lives.

    Args:
        command: program and arguments; never a secret among them, they are visible to everyone on the machine.
        doing: what it is for, as in "could not <doing>".
        cwd: working directory, default the caller's.
        environment: the whole environment, default the caller's.

    Raises:
        InstallError: the program is missing or ended with another status than 0.
    """
    try:
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        raise InstallError(f"could not {doing}: {command[0]}: {error.strerror}") from error
    started = time.monotonic()
    with process:
        while True:
            try:
                output, _ = process.communicate(timeout=_HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                say(f"{doing}: {time.monotonic() - started:.0f} s so far")
            except BaseException:
                process.terminate()
                raise
    if process.returncode != 0:
        raise InstallError(
            f"could not {doing}: {Path(command[0]).name} ended with status {process.returncode} (see above)"
        )
    return output
