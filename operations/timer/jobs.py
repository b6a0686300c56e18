"""What runs by a schedule, and how a command is called where nobody types it."""

import os
import shlex
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..console import OperationError
from ..stack import Stack
from .when import When

_READING_MINUTES = 5
_PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE_FILE"


@dataclass(frozen=True)
class Job:
    """One thing that runs by a schedule.

    Attributes:
        name: the end of its unit's name.
        title: what it does, for people.
        when: its time; None when it was not asked for.
        steps: commands with their options, each run when the one before it succeeded.
        again: whether a failure is tried again before the next time, for example because somebody else's `up` runs.
    """

    name: str
    title: str
    when: Callable[[Namespace], When | None]
    steps: Callable[[Namespace], Sequence[Sequence[str]]]
    again: bool = True


def _readings(options: Namespace) -> When | None:
    return When(every=_READING_MINUTES) if options.metrics else None


def _reading(options: Namespace) -> Sequence[Sequence[str]]:
    return [("status", "--no-drift", *_about(options), "--metrics", os.path.abspath(options.metrics))]


def _about(options: Namespace) -> Sequence[str]:
    """Which PortusStack, where the stack has several."""
    return ("--name", options.name) if options.name else ()


JOBS: tuple[Job, ...] = (
    # The preview refuses to lose data, and judges: nobody looks at what is about to happen.
    Job("up", "what is due is renewed", lambda given: given.at, lambda _: [("preview",), ("up",)]),
    Job(
        "collect-garbage",
        "the space of deleted images is given back",
        lambda given: given.collect_garbage,
        lambda given: [("collect-garbage", *_about(given))],
    ),
    Job("metrics", "its metrics are written", _readings, _reading, again=False),
)
"""A line for each; an option of `timer` says when."""


@dataclass(frozen=True)
class Caller:
    """How the commands of one stack are called on this machine, by a program that has no shell and no terminal."""

    stack: Stack

    def words(self, step: Sequence[str]) -> list[str]:
        """The command line of a step."""
        command, *options = step
        project = self.stack.project
        if project.clone:
            # ARGS is text for make first, then for a shell.
            passed = [f"ARGS={shlex.join(options).replace('$', '$$')}"] if options else []
            make = shutil.which("make") or "/usr/bin/make"
            return [
                make,
                "--no-print-directory",
                f"--directory={project.root}",
                command,
                f"STACK={self.stack.name}",
                *passed,
            ]
        unasked = ["--", "--yes", "--skip-preview"] if command == "up" else []
        python = [sys.executable, "-m", __package__.rpartition(".")[0]]
        return [*python, command, "--stack", self.stack.name, f"--project={project.root}", *options, *unasked]

    @property
    def environment(self) -> dict[str, str]:
        """What of this environment the commands need, which is nothing secret."""
        places = list(dict.fromkeys(os.environ["PATH"].split(":")))
        state = {"PORTUS_STACK_STATE": str(self.stack.state_folder)}
        if not self.stack.project.clone:
            return {"PATH": ":".join(places), **state}
        # `make` finds the tools of its day by itself, in the same folder: PULUMI_HOME is in it (toolchain/env).
        tools = Path(os.environ["PULUMI_HOME"]).parent
        own = [each for each in places if tools not in Path(each).parents]
        return {"PATH": ":".join(own), "PORTUS_STACK_TOOLS": str(tools), **state}

    @property
    def passphrase_file(self) -> str:
        """The file with the stack's passphrase, "" where there is none; a clone finds its own in the state folder.

        Raises:
            OperationError: others may read it.
        """
        named = os.environ.get(_PASSPHRASE_FILE, "")
        if self.stack.project.clone or not named:
            return ""
        file = Path(named).expanduser().absolute()
        if file.is_file() and file.stat().st_mode & 0o077:
            raise OperationError(f"others than its owner may read {file}", f"chmod 600 {shlex.quote(str(file))}")
        return str(file)

    @property
    def unit(self) -> str:
        """The beginning of the names of this stack's units."""
        names = [
            "portus-stack",
            *([] if self.stack.project.clone else [self.stack.project.name]),
            self.stack.short_name,
        ]
        return "-".join(names)

    @property
    def environment_file(self) -> str:
        """Where more variables stand that the commands need, secret ones among them; it need not be there."""
        return f"/etc/portus-stack/{self.unit}.env"
