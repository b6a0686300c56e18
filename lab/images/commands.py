"""Running other programs: their output goes to a log that is shown when they fail."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

#: Longest time for one command, seconds: the slowest (Go, debootstrap) takes about a minute on two idle cores.
COMMAND_TIMEOUT_SECONDS = 1800
#: How much of a failed command's output is shown.
SHOWN_LINES = 30


class BuildError(Exception):
    """An image cannot be built; the message says why and what to do."""


def run(command: Sequence[str], *, directory: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Run `command` and return its standard output. Raises BuildError with the end of both outputs when it fails."""
    try:
        done = subprocess.run(
            list(command),
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise BuildError(f"{command[0]}: no such program on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{command[0]} {command[1]}: not finished after {COMMAND_TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).splitlines()[-SHOWN_LINES:])
        raise BuildError(f"{' '.join(command[:3])} … ended with exit code {done.returncode}:\n{tail}")
    return done.stdout


def docker(*arguments: str) -> str:
    """Run the docker command."""
    return run(["docker", *arguments])
