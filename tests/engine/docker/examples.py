"""The programs of examples/, run by the real engine as somebody would run them who installed the wheel."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import yaml

from tests.engine.docker.deployment import ROOT, Finished, finish, remove_labelled
from tests.portus_image import portus_image

IMAGES: dict[str, Any] = {
    "portus": {"image": portus_image(2)},
    "registry": {"image": "portus-stack.lab/registry:2.8"},
    "database": {"image": "portus-stack.lab/mariadb:10.11"},
    "edge": {"image": "portus-stack.lab/edge:1.22"},
    "task_image": "portus-stack.lab/python:3.13",
    "data": {"protect": False},
}
"""Arguments that put the lab's images in the place of the official ones."""


def arguments(name: str, port: int, pool: str) -> dict[str, Any]:
    """Arguments of a PortusStack for this machine; ``pool`` is a /23."""
    hostnames = {"portus": f"portus.{name}.test:{port}", "registry": f"registry.{name}.test:{port}"}
    return {
        "hostnames": hostnames,
        "docker": {"bind_address": "127.0.0.1", "http_port": port + 1, "address_pool": pool},
        **IMAGES,
    }


@dataclass(frozen=True)
class Example:
    """A copy of an example's folder with a state of its own; ``name`` is its stack."""

    folder: Path
    environment: Mapping[str, str]
    name: str = "test"

    def run(self, *command: str) -> Finished:
        """Run a command in the folder; never raises for its exit code."""
        return finish(command, self.folder, self.environment)

    def must(self, *command: str) -> str:
        """Run a command and return what it printed; fails when it does."""
        done = self.run(*command)
        assert done.code == 0, f"{' '.join(command)} ended with {done.code}:\n{done.output}"
        return done.output

    def pulumi(self, command: str, *more: str) -> str:
        """Run pulumi for the stack."""
        return self.must("pulumi", "--non-interactive", *command.split(), "-s", self.name, *more)

    def up(self, *more: str) -> str:
        """Deploy."""
        return self.pulumi("up --yes --skip-preview --suppress-progress", *more)

    def configure(self, key: str, value: object) -> None:
        """Set one key of the example's own."""
        path = self.folder / f"Pulumi.{self.name}.yaml"
        document = yaml.safe_load(path.read_text()) if path.exists() else {}
        project = yaml.safe_load((self.folder / "Pulumi.yaml").read_text())["name"]
        document.setdefault("config", {})[f"{project}:{key}"] = value
        path.write_text(yaml.safe_dump(document))

    def output(self, name: str) -> Any:
        """One output, in clear."""
        return json.loads(self.pulumi("stack output --json --show-secrets"))[name]


@contextmanager
def example(
    folder: Path, which: str, wheel: Path, owners: tuple[str, ...], state: Path | None = None
) -> Iterator[Example]:
    """An example, copied, with its stack; what ``owners`` (names of PortusStacks) left on the host is removed.

    Args:
        wheel: folder in which the wheel is installed.
        state: a backend to share with another example.
    """
    project, state = folder / which, state or folder / "state"
    shutil.copytree(ROOT / "examples" / which, project)
    state.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "engine tests only",
        "PYTHONPATH": str(wheel),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
    found = Example(project, environment)
    remove(owners)
    try:
        if (project / "Pulumi.yaml").exists():
            found.must("pulumi", "--non-interactive", "stack", "init", "--no-select", found.name)
        yield found
    finally:
        remove(owners)


def remove(owners: tuple[str, ...]) -> None:
    """Remove what carries the label of one of these PortusStacks."""
    client = docker.from_env()
    for owner in owners:
        remove_labelled(client, owner)
    client.close()


def install_wheel(folder: Path) -> Path:
    """Build the wheel from a copy and install it into a folder, which is returned; nothing is downloaded."""
    source, built, installed = folder / "source", folder / "built", folder / "installed"
    source.mkdir()
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("components", "operations"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--quiet"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(built), str(source)]
    subprocess.run(build, check=True)
    (wheel,) = built.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", str(installed), str(wheel)], check=True)
    return installed
