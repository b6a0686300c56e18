"""What the cluster's commands say, on stderr, and how they run other programs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

#: Longest time for one command, seconds: a cold build of Kubernetes takes five to ten minutes on two cores.
COMMAND_TIMEOUT_SECONDS = 3600
#: How much of a failed command's output is shown.
SHOWN_LINES = 30


class ClusterError(Exception):
    """The cluster cannot do what was asked; the message says why and what to do next."""


def say(message: str) -> None:
    """Tell the user, on stderr, what is going on."""
    print(f"cluster: {message}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str],
    *,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    text: str | None = None,
) -> str:
    """Run a program to its end and return its stdout.

    Args:
        command: program and arguments; never a secret among them.
        directory: working directory, default the caller's.
        environment: the whole environment, default the caller's.
        text: what the program reads from stdin, default nothing.

    Raises:
        ClusterError: the program is missing, took too long or failed; with the end of its output.
    """
    try:
        done = subprocess.run(
            list(command),
            cwd=directory,
            env=environment,
            input=text or "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise ClusterError(f"{command[0]}: no such program on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise ClusterError(f"{command[0]}: not finished after {COMMAND_TIMEOUT_SECONDS} s") from error
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).splitlines()[-SHOWN_LINES:]
        raise ClusterError("\n    ".join([f"{' '.join(command[:6])} … ended with status {done.returncode}:", *lines]))
    return done.stdout


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = 60, explain: Callable[[], str]) -> None:
    """Wait until ``condition`` holds.

    Args:
        condition: asked about ten times a second.
        what: the end of "waited … s for".
        seconds: longest wait.
        explain: asked when the time is over: what the user should read, most often the end of a log.

    Raises:
        ClusterError: it did not come to hold.
    """
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise ClusterError(f"waited {seconds:.0f} s for {what}\n{explain()}")
        time.sleep(0.1)


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, indented, under its name."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        lines = ["(nothing written)"]
    return "\n    ".join([f"{log}:", *lines])
