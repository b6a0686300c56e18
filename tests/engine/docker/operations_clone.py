"""A clone of its own in which `make` works on one stack: what a test changes there, the checkout does not see."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import docker
import yaml

from tests.engine.docker.deployment import NAME_LABEL, ROOT, Config, Filters, Finished, finish, remove_labelled

DEPLOYMENT_LABEL = "org.portus-stack.deployment"
_LINKED = ("toolchain", "lab", "components", "requirements.txt", "requirements-test.txt")
_COPIED = ("Makefile", "Pulumi.yaml", "__main__.py")

Objects = dict[str, set[str]]
"""Kind → names."""


class Clone:
    """``name`` is the stack's. Everything that carries its label is removed by `clean`."""

    def __init__(self, folder: Path, name: str, config: Config, program: str = "") -> None:
        self.folder, self.name, self.state = folder / "clone", name, folder / "state"
        (self.folder / "stacks").mkdir(parents=True)
        for part in _LINKED:
            (self.folder / part).symlink_to(ROOT / part)
        for part in _COPIED:
            shutil.copy(ROOT / part, self.folder)
        shutil.copytree(ROOT / "operations", self.folder / "operations", ignore=shutil.ignore_patterns("__pycache__"))
        if program:
            (self.folder / "__main__.py").write_text(program)
            # It is there for its objects, not as an example: what the pack says of it stops no preview.
            (self.folder / "stacks" / f"policy.{name}.json").write_text('{"all": "advisory"}')
        self.configure(config)
        self.docker = docker.from_env()
        self.clean()

    def configure(self, config: Config) -> None:
        """Write the stack file."""
        (self.folder / "stacks" / f"Pulumi.{self.name}.yaml").write_text(yaml.safe_dump({"config": config}))

    @property
    def _environment(self) -> Mapping[str, str]:
        return {**os.environ, "PORTUS_STACK_STATE": str(self.state), "PYTHONDONTWRITEBYTECODE": "1"}

    def make(self, command: str, *variables: str) -> Finished:
        """Run `make`; never raises for its exit code."""
        process = self.start(command, *variables)
        output, _ = process.communicate(timeout=600)
        return Finished(process.returncode, output)

    def must(self, command: str, *variables: str) -> str:
        """Run `make` and return what it printed; a failure fails the test with that text."""
        done = self.make(command, *variables)
        assert done.code == 0, f"make {command} ended with {done.code}:\n{done.output}"
        return done.output

    def sh(self, script: str, **environment: str) -> str:
        """Run what a page has for the shell, as one script that ends at the first error; returns what it printed."""
        command = ["bash", "-euo", "pipefail", "-c", script]
        done = finish(command, self.folder, {**self._environment, **environment}, 900)
        assert done.code == 0, f"{script}\nended with {done.code}:\n{done.output}"
        return done.output

    def start(self, command: str, *variables: str) -> "subprocess.Popen[str]":
        """Start `make` in a process group of its own."""
        return subprocess.Popen(
            ["make", command, f"STACK={self.name}", *variables],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def interrupt(self, number: signal.Signals, moment: Callable[[], bool]) -> bool:
        """Start `make up` and send a signal to all its processes at a moment; False when it had ended before."""
        process = self.start("up")
        try:
            while not moment():
                if process.poll() is not None:
                    return False
                time.sleep(0.02)
            os.killpg(process.pid, number)
            return True
        finally:
            process.communicate(timeout=300)

    def objects(self) -> Objects:
        """What is there with this stack's label."""
        label: Filters = {"label": f"{NAME_LABEL}={self.name}"}
        containers = self.docker.containers.list(all=True, ignore_removed=True, filters=label)
        return {
            "container": {str(each.name) for each in containers},
            "network": {str(each.name) for each in self.docker.networks.list(filters=label)},
            "volume": {str(each.name) for each in self.docker.volumes.list(filters=label)},
        }

    def count(self) -> int:
        """How many objects are there."""
        return sum(len(names) for names in self.objects().values())

    def clean(self) -> None:
        """Remove whatever carries this stack's label."""
        remove_labelled(self.docker, self.name)

    def close(self) -> None:
        """Remove everything of this stack."""
        self.clean()
        self.docker.close()
