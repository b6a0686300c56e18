"""The wheel in an environment of its own, without Kubernetes: the Docker target, and `portus-stack` in any project."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.engine.docker.examples import install_wheel

pytestmark = pytest.mark.timeout(600)
DEPLOYS = """
import importlib.util, sys, pulumi
from pulumi_portus import InvalidSettings, PortusStack

assert importlib.util.find_spec("pulumi_kubernetes") is None
kinds = []

class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        kinds.append(args.typ)
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args):
        return {"logsListStrings": []}

pulumi.runtime.set_mocks(Mocks(), preview=True)
arguments = {"hostnames": {"portus": "p.test", "registry": "r.test"}}

@pulumi.runtime.test
def deploy():
    return PortusStack("hub", arguments).registry_url

deploy()
assert kinds.count("docker:index/container:Container") == 12, kinds
before = len(kinds)
try:
    PortusStack("hub", {**arguments, "target": "kubernetes", "kubernetes": {"expose": {"load_balancer": {}}}})
except InvalidSettings as error:
    print(error)
assert len(kinds) == before, "nothing was registered"
"""
TWO = """
import pulumi

for name in ("hub", "depot"):
    one = pulumi.ComponentResource("portus:index:PortusStack", name)
    edge = {"name": "edge", "kind": "workload", "image": f"{name}/edge:1", "memory_mib": 64, "cpus": 1, "user": None}
    edge |= {"read_only_root": True, "data": None, "replicas": 1, "secrets": ["edge key"], "certificates": []}
    record = {"target": "docker", "portus": f"{name}.test", "registry": f"{name}.test", "certificates": {}}
    record |= {"processes": [edge], "links": []}
    inside = pulumi.ResourceOptions(parent=one)
    pulumi.ComponentResource("portus:internal:Topology", f"{name}-topology", record, inside)
    password = pulumi.Output.secret(f"{name}-hunter2")
    one.register_outputs({"registry_url": f"{name}.test", "administrator_password": password})
"""


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment with the wheel and its extras for Docker."""
    folder = tmp_path_factory.mktemp("wheel")
    install_wheel(folder)
    (wheel,) = (folder / "built").glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Most of what the SDKs bring is never imported here.
    done = subprocess.run(
        [*pip, "--no-compile", f"{wheel}[docker,operations]"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "venv" / "bin"


class Shop:
    """A project of somebody else's, with a backend of its own and two PortusStacks in its program."""

    def __init__(self, folder: Path, commands: Path) -> None:
        self.folder, self.commands = folder / "shop", commands
        (self.folder / "deep" / "down").mkdir(parents=True)
        project = {"name": "shop", "runtime": "python", "backend": {"url": f"file://{folder}"}}
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        (self.folder / "__main__.py").write_text(TWO)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PORTUS_STACK_")},
            "PULUMI_CONFIG_PASSPHRASE": "tests only",
            "PULUMI_HOME": str(folder / "home"),
            "XDG_STATE_HOME": str(folder / "state"),
        }
        for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "PYTHONDONTWRITEBYTECODE"):
            self.environment.pop(name, None)
        self.run("pulumi", "stack", "init", "dev")

    def run(self, *command: str, folder: Path | None = None, code: int = 0, **more: str) -> str:
        """What a command prints, errors before results."""
        done = subprocess.run(
            command,
            cwd=folder or self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{command} ended with {done.returncode}:\n{done.stderr}{done.stdout}"
        return done.stderr + done.stdout

    def operate(self, *arguments: str, folder: Path | None = None, code: int = 0, **more: str) -> str:
        """What `portus-stack` prints."""
        return self.run(str(self.commands / "portus-stack"), *arguments, folder=folder, code=code, **more)


@pytest.fixture
def shop(commands: Path, tmp_path: Path) -> Shop:
    return Shop(tmp_path, commands)


@pytest.fixture
def without_clients(commands: Path) -> Iterator[Path]:
    """The same environment with the package `docker` out of the way."""
    (package,) = commands.parent.glob("lib/python3*/site-packages/docker")
    hidden = package.rename(package.with_name("docker-hidden"))
    yield commands
    hidden.rename(package)


def test_the_docker_target_needs_no_package_of_kubernetes(commands: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(commands / "python"), "-c", DEPLOYS], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "target: kubernetes needs the package pulumi_kubernetes" in done.stdout
    assert "pip install 'pulumi_portus[kubernetes]'" in done.stdout


def test_commands_without_their_packages_name_the_extra(without_clients: Path, tmp_path: Path) -> None:
    command = [str(without_clients / "portus-stack"), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'pulumi_portus[operations]'" in done.stderr and "Traceback" not in done.stderr


def test_every_command_is_listed(shop: Shop, tmp_path: Path) -> None:
    told = shop.operate("--help", folder=tmp_path)
    for command in ("up", "preview", "down", "repair", "status", "diagram", "images-list", "outputs", "trust", "timer"):
        assert f"\n    {command}" in told
    assert "no Pulumi project" in shop.operate("status", folder=tmp_path, code=1)


def test_alerts_and_dashboard_come_with_the_wheel_and_without_a_project(shop: Shop, tmp_path: Path) -> None:
    written = tmp_path / "written"
    written.mkdir()
    shop.operate("monitoring", str(written), folder=tmp_path)
    (package,) = shop.commands.parent.glob("lib/python3*/site-packages/pulumi_portus/operations/monitoring")
    for name in ("alerts.yaml", "dashboard.json"):
        assert (written / name).read_text() == (package / name).read_text()


def test_what_a_timer_runs_is_there_without_the_program_on_the_path(shop: Shop, tmp_path: Path) -> None:
    units = shop.operate("timer", "--stack", "dev")
    (line,) = (line for line in units.splitlines() if line.startswith("ExecStart="))
    python, _, options = line.removeprefix("ExecStart=").partition(" ")
    assert options == f"-m pulumi_portus.operations up --stack dev --project={shop.folder} -- --yes --skip-preview"
    assert "usage: portus-stack up" in shop.run(
        python, "-m", "pulumi_portus.operations", "up", "--help", folder=tmp_path
    )


def test_a_project_of_somebody_elses_is_operated_from_up_to_down(shop: Shop, tmp_path: Path) -> None:
    assert "portus:index:PortusStack depot create" in shop.operate("preview")
    drawn = shop.operate("diagram", "--name", "depot", "--changes", "--output", "-")
    assert "depot/edge:1" in drawn and "hub" not in drawn
    assert shop.operate("images-list").endswith("depot/edge:1\nhub/edge:1\n")
    told = shop.operate("up", "--", "--yes", "--skip-preview")
    for name in ("hub", "depot"):
        assert f"docker login --username  {name}.test" in told
    assert "hunter2" not in told
    assert "2 PortusStacks" in (refused := shop.operate("outputs", code=1)) and "depot, hub" in refused
    inside = shop.operate("outputs", "--name", "hub", folder=shop.folder / "deep" / "down")
    assert json.loads(inside) == {"administrator_password": "[secret]", "registry_url": "hub.test"}
    elsewhere = shop.operate("outputs", "--name", "depot", "--project", "shop", folder=tmp_path, SHOW_SECRETS="1")
    assert json.loads(elsewhere)["administrator_password"] == "depot-hunter2"
    assert "edge is missing" in shop.operate("status", "--name", "hub", "--no-drift", code=1)
    assert "depot, hub" in shop.operate("status", "--no-drift", code=3)
    assert "nothing to repair" in shop.operate("repair", "--stack", "dev")
    assert "removed what dev deployed" in shop.operate("down", "--", "--yes", "--skip-preview")
    assert json.loads(shop.run("pulumi", "stack", "export"))["deployment"].get("resources", []) == []
    assert {path.name for path in shop.folder.iterdir()} >= {"Pulumi.yaml", "Pulumi.dev.yaml"}
    assert not (tmp_path / "state" / "portus-stack" / "projects" / "shop" / "config").exists()


def test_the_lock_of_a_dead_process_is_found_in_the_backend_of_the_project(shop: Shop, tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/true"]) as process:
        process.wait()
    locks = tmp_path / ".pulumi" / "locks" / "organization" / "shop" / "dev"
    locks.mkdir(parents=True, exist_ok=True)
    lock = {"pid": process.pid, "username": "u", "hostname": os.uname().nodename, "timestamp": "now"}
    (locks / "x.json").write_text(json.dumps(lock))
    assert f"released the lock of process {process.pid}" in shop.operate("repair")
    assert not list(locks.iterdir())


def test_elsewhere_nothing_is_done_that_was_not_asked_for(shop: Shop) -> None:
    """`pulumi` asks before it deploys or removes, and without a terminal it refuses."""
    assert "--yes" in shop.operate("up", code=1)
    assert "pulumi stack init other" in shop.operate("preview", "--stack", "other", code=1)
