"""Runs `pulumi` for one stack, in its project's folder."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from .config_copy import refresh_copy
from .console import OperationError
from .display import copy_compactly
from .project import Project
from .stack import Stack
from .state import State

_OWNER_ONLY, _AS_IT_IS = 0o077, -1
"""Umasks."""
_NO_STACK = "no stack named"
_SIGNALLED = 128
_LAST_LINES_SECONDS = 5.0
_Streams = tuple[int | None, int | None, int | None]


def selected_stack(project: Project) -> str:
    """The stack that `pulumi stack select` chose in a project. Raises OperationError when there is none."""
    try:
        return _ask(project, "stack", "--show-name").strip()
    except OperationError as error:
        raise OperationError(str(error), "name a stack with --stack") from None


class Engine:
    """`pulumi` for ``stack``. In a clone, what it writes is readable by its owner only."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def backend(self) -> str:
        """The URL of the backend that is logged in to."""
        given = os.environ.get("PULUMI_BACKEND_URL")
        return given or str(json.loads(_ask(self.stack.project, "whoami", "--json"))["url"])

    def export(self, show_secrets: bool = False) -> State | None:
        """The stack's state, secrets encrypted unless asked for; None when there is no such stack."""
        arguments = ["stack", "export", *(["--show-secrets"] if show_secrets else [])]
        done = self._run(arguments)
        if done.returncode and _NO_STACK in done.stderr:
            return None
        return State.from_json(_checked(arguments, done))

    def import_state(self, text: str) -> None:
        """Put an exported state back; the engine drops its pending operations while doing so."""
        self.ask("stack", "import", stdin=text)

    def create(self) -> State:
        """Make the stack of a clone, empty, from a folder that is not the clone: the engine writes into the stack file.

        Raises:
            OperationError: it cannot be made; in other projects people make stacks themselves, as they choose who
                keeps the secrets.
        """
        if not self.stack.project.clone:
            raise OperationError(
                f"there is no stack {self.stack.name}", f"`pulumi stack init {self.stack.name}` makes it; then again"
            )
        with tempfile.TemporaryDirectory(prefix="portus-stack-") as folder:
            (Path(folder) / "Pulumi.yaml").write_text(f"name: {self.stack.project.name}\nruntime: python\n")
            if self.stack.committed_file.is_file():
                shutil.copy(self.stack.committed_file, folder)
            arguments = ["-C", folder, "stack", "init", "--no-select", "--secrets-provider", "passphrase"]
            _checked(arguments, self._run(arguments))
        state = self.export()
        if state is None:
            raise OperationError(f"the engine made no stack {self.stack.name}")
        return state

    def remove(self, remove_backups: bool) -> None:
        """Remove the stack, which must be empty."""
        backups = ["--remove-backups"] if remove_backups else []
        self.ask("stack", "rm", "--yes", "--preserve-config", *backups)

    def configured(self, state: State, command: str, *arguments: str) -> int:
        """Run a command that reads the stack file, its output shown as it comes; returns its exit code."""
        options = self._configuration(state)
        if self.stack.project.clone:
            options.append("--suppress-permalink=true")
            options += ["--suppress-outputs"] if command != "refresh" else []
        terminal = sys.stdout.isatty()
        if not terminal:
            options += ["--non-interactive", "--suppress-progress"]
        with _patient() as watch:
            process = self._start([command, *options, *arguments], (None, None if terminal else subprocess.PIPE, None))
            watch.append(process)
            code = _wait(process)
        return code if code >= 0 else _SIGNALLED - code

    def previewed(self, state: State, plan: Path | None = None) -> str:
        """The preview as JSON, secrets hidden. Raises OperationError with what the program said when it fails.

        Args:
            plan: a file for the plan, secrets shown: it has to be in a folder that nobody else reads.
        """
        planned = ["--save-plan", str(plan), "--show-secrets"] if plan else []
        return self._told(state, "preview", "--show-sames", *planned)

    def refreshed(self, state: State) -> str:
        """What a refresh would find, as JSON like a preview's; nothing is changed. Raises OperationError."""
        return self._told(state, "refresh", "--preview-only")

    def _told(self, state: State, command: str, *options: str) -> str:
        done = self._run([command, *options, "--json", *self._configuration(state)])
        if done.returncode:
            raise OperationError(f"`pulumi {command}` failed:\n{diagnostics(done.stdout) or done.stderr.strip()}")
        return done.stdout

    def _configuration(self, state: State) -> list[str]:
        """In a clone the copy of the stack file, made anew; elsewhere the engine finds the project's own."""
        if not self.stack.project.clone:
            return []
        refresh_copy(self.stack, state.salt)
        return ["--config-file", str(self.stack.config_copy)]

    def ask(self, *arguments: str, stdin: str = "") -> str:
        """Run a command that shows nothing; returns its stdout. Raises OperationError with its stderr."""
        return _checked(arguments, self._run(arguments, stdin))

    def _run(self, arguments: Sequence[str], stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return _finished(self.stack.project, [*arguments, "--stack", self.stack.name], stdin)

    def _start(self, arguments: Sequence[str], streams: _Streams) -> "subprocess.Popen[str]":
        return _started(self.stack.project, [*arguments, "--stack", self.stack.name], streams)


def _ask(project: Project, *arguments: str) -> str:
    """What a command prints that is about no certain stack. Raises OperationError with its stderr."""
    return _checked(arguments, _finished(project, arguments))


def _finished(project: Project, arguments: Sequence[str], stdin: str = "") -> "subprocess.CompletedProcess[str]":
    streams = (subprocess.PIPE, subprocess.PIPE, subprocess.PIPE)
    with _started(project, [*arguments, "--non-interactive"], streams) as process:
        stdout, stderr = process.communicate(stdin)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _started(project: Project, arguments: Sequence[str], streams: _Streams) -> "subprocess.Popen[str]":
    """``streams`` are stdin, stdout and stderr, None for ours; without a terminal there is nothing to read."""
    stdin, stdout, stderr = streams
    if stdin is None and not sys.stdin.isatty():
        stdin = subprocess.DEVNULL
    try:
        return subprocess.Popen(
            ["pulumi", *arguments],
            cwd=project.root,
            env=_environment(),
            umask=_OWNER_ONLY if project.clone else _AS_IT_IS,
            text=True,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
    except FileNotFoundError:
        way = 'run `eval "$(toolchain/env)"` first' if project.clone else "install Pulumi, or put it on PATH"
        raise OperationError("`pulumi` is not on PATH", way) from None


def _environment() -> dict[str, str]:
    """Ours, with a docker configuration.

    Docker's provider, once it was told to use the machine's login of a registry, does nothing without such a file, on
    another machine not even `destroy`. An empty one will do.
    """
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    nothing = {} if (folder / "config.json").exists() else {"DOCKER_CONFIG": os.devnull}
    return {**os.environ, **nothing}


def diagnostics(text: str) -> str:
    """The errors in a preview's JSON, "" when it holds none or is no JSON."""
    try:
        found = json.loads(text[text.index("{") :]).get("diagnostics") or []
    except ValueError:
        return ""
    return "\n".join(str(each["message"]).strip() for each in found if each.get("severity") == "error")


def _checked(arguments: Sequence[str], done: "subprocess.CompletedProcess[str]") -> str:
    if done.returncode:
        reason = done.stderr.strip().removeprefix("error: ") or f"exit code {done.returncode}"
        words = [word for word in arguments if not word.startswith(("-", "/"))]
        raise OperationError(f"`pulumi {' '.join(words)}` failed: {reason}")
    return done.stdout


def _wait(process: "subprocess.Popen[str]") -> int:
    """Its exit code, once it has ended and what it printed is shown; a plugin that outlives it is not waited for."""
    if process.stdout is None:
        return process.wait()
    reader = threading.Thread(target=copy_compactly, args=(process.stdout, sys.stdout), daemon=True)
    reader.start()
    code = process.wait()
    reader.join(_LAST_LINES_SECONDS)
    return code


@contextmanager
def _patient() -> "Iterator[list[subprocess.Popen[str]]]":
    """Stay until the engine has ended.

    An interrupt from the terminal reaches it by itself. A termination is handed on as an interrupt, with which it
    finishes what is under way.
    """
    processes: list[subprocess.Popen[str]] = []

    def wait(signal_number: int, frame: FrameType | None) -> None:
        if signal_number != signal.SIGINT:
            for process in processes:
                os.kill(process.pid, signal.SIGINT)

    before = {number: signal.signal(number, wait) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield processes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
