"""A Pulumi stack on the real Docker engine, with the plugins that `PROVIDERS` names (ours without it)."""

import json
import shutil
import subprocess
import textwrap
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[3]
_LABEL = "org.portus-stack.name"
IMAGE = "portus-stack.lab/test-busybox:1"
_TIME_LIMIT = 200  # seconds for one command
_PREAMBLE = f"""
import os
import pulumi
import pulumi_docker as docker
from pulumi import ResourceOptions

IMAGE = {IMAGE!r}
V = int(os.environ["PROGRAM_VERSION"])
LABELS = [{{"label": {_LABEL!r}, "value": os.environ["RUN_LABEL"]}}]


def container(logical_name, **arguments):
    defaults = {{"image": IMAGE, "command": ["sleep", "600"], "labels": LABELS}}
    return docker.Container(logical_name, **{{**defaults, **arguments}})
"""


def docker(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=_TIME_LIMIT)
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


@dataclass
class Stack:
    """One program and its stack. `label` marks everything that the test makes."""

    folder: Path
    environment: Mapping[str, str]
    label: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:8]}")
    version: int = 1

    def write(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(_PREAMBLE + textwrap.dedent(program))

    def run(self, *arguments: str, succeeds: bool | None = True) -> str:
        """Run a Pulumi command; returns what it printed."""
        environment = {**self.environment, "PROGRAM_VERSION": str(self.version), "RUN_LABEL": self.label}
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_TIME_LIMIT,
        )
        assert succeeds is None or (done.returncode == 0) is succeeds, f"pulumi {arguments}: {done.stdout}"
        return done.stdout

    def up(self, version: int = 1, *, succeeds: bool = True) -> str:
        self.version = version
        return self.run("up", "--yes", "--skip-preview", succeeds=succeeds)

    def refresh(self) -> str:
        return self.run("refresh", "--yes", "--skip-preview")

    def destroy(self) -> str:
        return self.run("destroy", "--yes", "--skip-preview")

    def steps(self, version: int = 1) -> dict[str, dict[str, Any]]:
        """What a preview would do: "operation name" to its step; empty when nothing changes."""
        self.version = version
        text = self.run("preview", "--json")
        steps = json.loads(text[text.index("{") :]).get("steps", [])
        ours = [step for step in steps if "::docker:index" in step["urn"] and step["op"] != "same"]
        return {f"{step['op']} {step['urn'].split('::')[-1]}": step for step in ours}

    def changes(self, version: int = 1) -> dict[str, dict[str, str]]:
        """What a preview would change: "operation name" to property path and kind."""
        return {
            name: {path: entry["kind"] for path, entry in (step.get("detailedDiff") or {}).items()}
            for name, step in self.steps(version).items()
        }

    def resource(self, name: str) -> dict[str, Any]:
        """The resource as the state has it."""
        return self.resources()[name]

    def resources(self) -> dict[str, dict[str, Any]]:
        text = self.run("stack", "export", "--show-secrets")
        resources = json.loads(text)["deployment"].get("resources", [])
        return {
            resource["urn"].split("::")[-1]: resource for resource in resources if "docker:index" in resource["type"]
        }

    def output(self, resource: str, name: str) -> Any:
        return self.resource(resource)["outputs"][name]


@pytest.fixture(scope="session")
def pulumi_environment() -> dict[str, str]:
    shell = f"eval \"$('{_ROOT}/toolchain/env')\" && env -0"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr.decode()
    return dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny image of Debian's busybox-static. It stays, for the next run."""
    if docker("image", "inspect", IMAGE, check=False) in ("", "[]"):
        _import_image(tmp_path_factory.mktemp("busybox"))
    return IMAGE


def _import_image(folder: Path) -> None:
    download = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", "busybox-static"]
    subprocess.run(download, cwd=folder, check=True, timeout=_TIME_LIMIT)
    (package,) = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", package, folder / "package"], check=True)
    (busybox,) = (folder / "package").glob("**/bin/busybox")
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    root = folder / "root"
    for place in ("bin", "tmp", "etc", "data"):
        (root / place).mkdir(parents=True)
    shutil.copy(busybox, root / "bin" / "busybox")
    for applet in applets:
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
    archive = shutil.make_archive(str(root), "tar", root)
    changes = ["ENV PATH=/bin", 'CMD ["sh"]', f"LABEL {_LABEL}=test-images"]
    docker("import", *(part for change in changes for part in ("--change", change)), archive, IMAGE)


@pytest.fixture
def stack(tmp_path: Path, pulumi_environment: dict[str, str], image: str) -> Iterator[Stack]:
    backend = tmp_path / "backend"
    backend.mkdir()
    program = tmp_path / "program"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: plugins-docker\nruntime: python\n")
    stack = Stack(program, {**pulumi_environment, "PULUMI_BACKEND_URL": f"file://{backend}"})
    stack.run("stack", "init", "test")
    yield stack
    stack.run("cancel", "--yes", "test", succeeds=None)
    stack.run("destroy", "--yes", "--skip-preview", succeeds=None)
    _sweep(stack.label)


def _sweep(label: str) -> None:
    """Remove what a failed test left."""
    by_label = ["--filter", f"label={_LABEL}={label}"]
    for kind, listing, removal in (
        ("container", ["ls", "-aq"], ["rm", "-fv"]),
        ("network", ["ls", "-q"], ["rm"]),
        ("volume", ["ls", "-q"], ["rm", "-f"]),
    ):
        for name in docker(kind, *listing, *by_label).split():
            docker(kind, *removal, name, check=False)
