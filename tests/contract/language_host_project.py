"""A Pulumi project in a temporary folder, run by the real engine through the language host of this checkout."""

import json
import os
import shlex
import signal
import subprocess
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COMMAND_SECONDS = 120


def toolchain_environment(state: Path, **requested: str) -> dict[str, str]:
    """What `eval "$(toolchain/env --test)"` gives a shell, with a state folder of the test's own."""
    environment = {**os.environ, "PORTUS_STACK_STATE": str(state), **requested}
    answer = subprocess.run(
        [CHECKOUT / "toolchain" / "env", "--test"], env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    for line in answer.stdout.splitlines():
        export, assignment = shlex.split(line)
        assert export == "export", line
        name, _, value = assignment.partition("=")
        environment[name] = value
    return environment


@dataclass
class Project:
    """A project with one stack named `test`."""

    folder: Path
    environment: dict[str, str]

    @classmethod
    def create(cls, folder: Path, environment: Mapping[str, str], program: str, runtime: str = "python") -> "Project":
        """Write the project and make its stack."""
        folder.mkdir(parents=True, exist_ok=True)
        project = cls(folder, dict(environment))
        project.write("Pulumi.yaml", f"name: host-test\nruntime: {runtime}\n")
        project.write("__main__.py", program)
        project.pulumi("stack", "init", "test", "--non-interactive")
        return project

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
        return file

    def pulumi(self, *arguments: str, status: int | None = 0) -> str:
        """Run `pulumi` and return all that it printed."""
        answer = subprocess.run(
            ["pulumi", *arguments, "--color", "never"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        output = answer.stdout + answer.stderr
        assert status in (None, answer.returncode), f"status {answer.returncode}, {status} was expected:\n{output}"
        return output

    def outputs(self) -> dict[str, object]:
        """The stack's outputs, secrets in the clear."""
        shown = self.pulumi("stack", "output", "--json", "--show-secrets", "--stack", "test")
        outputs: dict[str, object] = json.loads(shown)
        return outputs

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `pulumi` in a process group of its own, as an interactive shell does."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--color", "never"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def processes(self) -> dict[int, str]:
        """Running processes that have this project's folder in their environment or arguments: id and command line."""
        return processes_with(str(self.folder))


def processes_with(text: str) -> dict[int, str]:
    """Processes with a text in their command line or environment, other than our own and zombies."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if command and text.encode() in command + b"\0" + environment:
            found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def wait_until(condition: Callable[[], bool], seconds: float, otherwise: Callable[[], object]) -> float:
    """Wait for a condition; how long it took. Fails with what `otherwise` says when it does not come true."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {otherwise()}"
        time.sleep(0.02)
    return time.monotonic() - started


def interrupt(process: "subprocess.Popen[str]") -> None:
    """What Ctrl-C in a terminal does: an interrupt for the whole foreground process group."""
    os.killpg(process.pid, signal.SIGINT)


MakeProject = Callable[..., Project]
