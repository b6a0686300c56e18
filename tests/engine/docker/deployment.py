"""A PortusStack deployed for a test: the committed program in a project folder of its own, by the real engine."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import yaml
from docker.models.containers import Container

from tests.portus_image import patience, portus_image

ROOT = Path(__file__).parents[3]
NAME_LABEL = "org.portus-stack.name"
ROLE_LABEL = "org.portus-stack.role"

Config = dict[str, Any]


def local_config(name: str, port: int, **changes: Any) -> Config:
    """The committed local stack under another name and on other ports; ``changes`` replace or (None) remove groups."""
    config: Config = yaml.safe_load((ROOT / "stacks" / "Pulumi.local.yaml").read_text())["config"]
    config["portus-stack:hostnames"] = {"portus": f"{name}.test:{port}", "registry": f"registry.{name}.test:{port}"}
    # Docker's default pools hold 31 networks, which two stacks beside a third would exhaust.
    pool = f"10.199.{port // 2 % 128 * 2}.0/23"
    config["portus-stack:portus"] |= {"image": portus_image(2)}
    config["portus-stack:docker"] = {"bind_address": "127.0.0.1", "http_port": port + 1, "address_pool": pool}
    for group, value in changes.items():
        config[f"portus-stack:{group}"] = value
    return {key: value for key, value in config.items() if value is not None}


@dataclass(frozen=True)
class Finished:
    """A command that ended: what it printed on both streams, and how."""

    code: int
    output: str


Filters = dict[str, str | list[str] | bool]


def finish(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout_seconds: float = 600
) -> Finished:
    """Run a command in a folder to its end; never raises for its exit code. The original is given more time."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_seconds * patience(),
        check=False,
    )
    return Finished(done.returncode, done.stdout)


def remove_labelled(client: docker.DockerClient, name: str) -> None:
    """Remove whatever carries the label of the PortusStack ``name``, for when destroy did not get that far."""
    labels: Filters = {"label": f"{NAME_LABEL}={name}"}
    for container in client.containers.list(all=True, ignore_removed=True, filters=labels):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters=labels):
        network.remove()
    for volume in client.volumes.list(filters=labels):
        volume.remove(force=True)


class Deployment:
    """One stack. ``folder`` holds its project, state and passphrase; nothing of the clone is written to.

    ``client`` is of the Docker host on which the stack runs, by default this machine's own.
    """

    def __init__(self, name: str, folder: Path, config: Config, client: docker.DockerClient | None = None) -> None:
        self.name, self.folder, self.project = name, folder, folder / "project"
        self.docker = client or docker.from_env()
        state = folder / "state"
        state.mkdir(parents=True, mode=0o700)
        (state / "passphrase").write_text("engine tests only")
        self.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(state / "passphrase"),
            "PORTUS_STACK_STATE": str(state),
        }
        self._make_project(config)
        self.pulumi("stack", "init", name)

    def _make_project(self, config: Config) -> None:
        self.project.mkdir()
        # Copies, so that what is edited meanwhile does not reach a running test.
        for file in ("Pulumi.yaml", "__main__.py"):
            shutil.copy(ROOT / file, self.project)
        for package in ("components", "operations"):
            shutil.copytree(ROOT / package, self.project / package, ignore=shutil.ignore_patterns("__pycache__"))
        for folder in ("toolchain", "lab"):
            (self.project / folder).symlink_to(ROOT / folder)
        (self.project / "stacks").mkdir()
        self.configure(config)

    @property
    def stack_file(self) -> Path:
        """The stack's configuration file."""
        return self.project / "stacks" / f"Pulumi.{self.name}.yaml"

    def configure(self, config: Config) -> None:
        """Write the stack file, keeping the salt that the engine put there."""
        old = yaml.safe_load(self.stack_file.read_text()) if self.stack_file.exists() else {}
        self.stack_file.write_text(yaml.safe_dump({**old, "config": config}, sort_keys=False))

    @property
    def config(self) -> Config:
        """The configuration as it stands in the stack file."""
        config: Config = yaml.safe_load(self.stack_file.read_text())["config"]
        return config

    def run(self, *arguments: str, timeout_seconds: float = 600) -> Finished:
        """Run pulumi; never raises for its exit code."""
        return self._run(["pulumi", "--non-interactive", *arguments], timeout_seconds)

    def make(self, command: str) -> str:
        """Do what `make COMMAND` does for this stack, and return what it printed; fails when the command does."""
        done = self._run([sys.executable, "-m", "operations", command, "--stack", self.name], 900)
        assert done.code == 0, f"make {command} ended with {done.code}:\n{done.output}"
        return done.output

    def operation(self, *arguments: str) -> Finished:
        """Run one of the commands around this stack; never raises for its exit code."""
        return self.operation_for(self.name, *arguments)

    def operation_for(self, stack: str, *arguments: str) -> Finished:
        """The same for another stack of the project."""
        return self._run([sys.executable, "-m", "operations", *arguments, "--stack", stack], 300)

    def _run(self, command: Sequence[str], timeout_seconds: float) -> Finished:
        return finish(command, self.project, self.environment, timeout_seconds)

    def pulumi(self, *arguments: str) -> str:
        """Run pulumi and return what it printed; an exit code other than 0 fails the test with that text."""
        done = self.run(*arguments)
        assert done.code == 0, f"pulumi {' '.join(arguments)} ended with {done.code}:\n{done.output}"
        return done.output

    def up(self, *arguments: str) -> str:
        """Deploy."""
        return self.pulumi("up", "--yes", "--skip-preview", "--suppress-progress", "-s", self.name, *arguments)

    def destroy(self) -> str:
        """Remove everything."""
        return self.pulumi("destroy", "--yes", "--skip-preview", "--suppress-progress", "-s", self.name)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start pulumi in a session of its own, to be interrupted."""
        return subprocess.Popen(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def outputs(self) -> Mapping[str, Any]:
        """The stack's outputs, secrets in clear."""
        found: Mapping[str, Any] = json.loads(
            self.pulumi("stack", "output", "--json", "--show-secrets", "-s", self.name)
        )
        return found

    def resources(self) -> list[Mapping[str, Any]]:
        """The resources in the state, secrets encrypted."""
        exported = json.loads(self.pulumi("stack", "export", "-s", self.name))
        found: list[Mapping[str, Any]] = exported["deployment"].get("resources", [])
        return found

    def containers(self, running: bool = True) -> dict[str, Container]:
        """Role or task → container; never-started carriers of files are left out."""
        labels: Filters = {"label": f"{NAME_LABEL}={self.name}"}
        found = self.docker.containers.list(all=True, ignore_removed=True, filters=labels)
        kept = [
            each
            for each in found
            if not str(each.name).endswith("-files") and (running is False or each.status == "running")
        ]
        return {each.labels[ROLE_LABEL]: each for each in kept}

    def leftovers(self) -> list[str]:
        """Names of containers, networks and volumes with this stack's label."""
        labels: Filters = {"label": f"{NAME_LABEL}={self.name}"}
        containers = self.docker.containers.list(all=True, ignore_removed=True, filters=labels)
        networks = self.docker.networks.list(filters=labels)
        volumes = self.docker.volumes.list(filters=labels)
        return sorted(str(each.attrs["Name"]).removeprefix("/") for each in (*containers, *networks, *volumes))

    def identities(self) -> dict[str, tuple[str, str]]:
        """Role or task → container id and start time: what changes when something restarts."""
        return {role: (each.id or "", each.attrs["State"]["StartedAt"]) for role, each in self.containers().items()}

    def wait_until_healthy(self, timeout_seconds: float = 180) -> None:
        """Wait for every container to run and be healthy, which for the smoke check means that it succeeded."""

        def unhealthy() -> list[str]:
            found = self.containers(running=False)
            return [f"{role}: {each.status}, {each.health}" for role, each in found.items() if each.health != "healthy"]

        wait_for(lambda: not unhealthy(), timeout_seconds, lambda: f"not healthy: {unhealthy()}\n{self.logs()}")

    def logs(self, lines: int = 15) -> str:
        """The last lines of every container."""
        found = self.containers(running=False).values()
        return "\n".join(f"--- {each.name}\n{each.logs(tail=lines).decode(errors='replace')}" for each in found)

    def remove_by_label(self) -> None:
        """Remove whatever carries this stack's label, for when destroy did not get that far."""
        remove_labelled(self.docker, self.name)


def wait_for(condition: Callable[[], bool], timeout_seconds: float, evidence: Callable[[], str]) -> None:
    """Wait until ``condition`` holds; fails with the evidence. The original of Portus is given more time."""
    timeout_seconds *= patience()
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_seconds:.0f} s in vain: {evidence()}"
        time.sleep(0.5)


@contextmanager
def deployed(
    name: str, folder: Path, config: Config, client: docker.DockerClient | None = None
) -> Iterator[Deployment]:
    """A deployment that is brought up, and removed without trace at the end."""
    with prepared(name, folder, config, client) as deployment:
        deployment.up()
        yield deployment


@contextmanager
def prepared(
    name: str, folder: Path, config: Config, client: docker.DockerClient | None = None
) -> Iterator[Deployment]:
    """A deployment whose project and stack exist, but nothing else; removed without trace at the end."""
    deployment = Deployment(name, folder, config, client)
    deployment.remove_by_label()
    try:
        yield deployment
    finally:
        deployment.remove_by_label()
        deployment.docker.close()
