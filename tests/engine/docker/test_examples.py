"""Every program of examples/ on the real engine and a real Docker host."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import docker
import pytest

from tests.contract.pages import commands
from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.deployment import ROOT
from tests.engine.docker.examples import Example, arguments, example, install_wheel

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200)]
DATABASE_PORT = 9738
DATABASE_VOLUME = "portus-stack-test-layers"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def volume() -> Iterator[str]:
    """A volume that exists before the stack does, with a layer in it."""
    client = docker.from_env()
    client.volumes.create(DATABASE_VOLUME)
    yield DATABASE_VOLUME
    client.volumes.get(DATABASE_VOLUME).remove(force=True)
    client.close()


def language(name: str, found: Example) -> Example:
    """The example with a language host in its environment."""
    command = [str(ROOT / "toolchain" / "language"), name]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=found.environment).stdout
    shown = subprocess.run(
        ["bash", "-c", f'{printed}\nprintf \'%s\\n%s\' "$PATH" "${{PULUMI_IGNORE_AMBIENT_PLUGINS-}}"'],
        capture_output=True,
        text=True,
        check=True,
        env=found.environment,
    ).stdout
    path, ambient = shown.split("\n")
    return replace(found, environment={**found.environment, "PATH": path, "PULUMI_IGNORE_AMBIENT_PLUGINS": ambient})


def edge_of(found: Example) -> Edge:
    """The edge of the platform's first team."""
    host, _, port = str(found.output("registry_url")).partition(":")
    credentials = (str(found.output("administrator_username")), str(found.output("administrator_password")))
    portus = host.replace("registry.", "portus.")
    return Edge(found, str(found.output("ca_certificate_pem")), portus, host, int(port), *credentials)  # type: ignore[arg-type]


def test_platform_and_a_colleagues_project(tmp_path: Path, wheel: Path) -> None:
    """An application runs from the new registry; another project gets the credentials through a StackReference."""
    client = docker.from_env()
    # The engine leaves the gateway out until the bridge has had a container; it is the first address.
    bridge = str(next(ip_network(client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Subnet"]).hosts()))
    teams = {
        "red": arguments("red", 9730, "10.199.200.0/23"),
        "blue": arguments("blue", 9732, "10.199.202.0/23"),
    }
    with example(tmp_path, "platform", wheel, tuple(teams)) as platform:
        platform.configure(
            "teams", {team: {k: v for k, v in each.items() if k != "database"} for team, each in teams.items()}
        )
        platform.configure("database_address", bridge)
        platform.configure("database_port", DATABASE_PORT)
        platform.configure("database_image", "portus-stack.lab/mariadb:10.11")
        try:
            platform.up()
            platform.up("--expect-no-changes")
            edge = edge_of(platform)
            with trusted(edge):
                docker_client = DockerClient(edge, tmp_path / "client")
                assert docker_client.login(edge.username, edge.password)[0] == 0
                image = f"{edge.username}/app:1"
                docker_client.must("tag", "portus-stack.lab/python:3.13", f"{edge.registry}/{image}")
                docker_client.must("push", f"{edge.registry}/{image}")
                docker_client.must("image", "rm", f"{edge.registry}/{image}")
                platform.configure("app_image", image)
                platform.up()
                app = client.containers.get(platform.output("app"))
                assert app.status == "running"
                assert app.attrs["Image"] == client.images.get(f"{edge.registry}/{image}").id
            _consumer(tmp_path, wheel, platform, edge)
        finally:
            platform.pulumi("destroy --yes --skip-preview --suppress-progress")
            client.close()


def _consumer(tmp_path: Path, wheel: Path, platform: Example, edge: Edge) -> None:
    with example(tmp_path, "consumer", wheel, (), state=tmp_path / "state") as consumer:
        consumer.configure("registry_stack", f"organization/platform/{platform.name}")
        printed = consumer.up()
        assert edge.password not in printed and "[secret]" in printed
        auths = json.loads(consumer.output("docker_config"))["auths"]
        given = base64.b64decode(auths[edge.registry]["auth"]).decode()
        assert given == f"{edge.username}:{edge.password}"


def test_transforms_aliases_protection_and_import(tmp_path: Path, wheel: Path, volume: str) -> None:
    """A stack takes over a volume, is protected, and moves into a larger component without losing a container."""
    with example(tmp_path, "adopt", wheel, ("hub",)) as adopt:
        adopt.configure("arguments", arguments("adopted", 9734, "10.199.204.0/23"))
        adopt.configure("layers_volume", volume)
        adopt.configure("protect", True)
        try:
            adopt.up()
            client = docker.from_env()
            (registry,) = client.containers.list(filters={"name": "^hub-registry$"})
            assert registry.labels["cost-centre"] == "4711"
            assert volume in {mount.get("Name") for mount in registry.attrs["Mounts"]}
            refused = adopt.run("pulumi", "--non-interactive", "destroy", "--yes", "--skip-preview", "-s", adopt.name)
            assert refused.code != 0 and "protected" in refused.output
            adopt.configure("inside", True)
            adopt.configure("protect", False)
            adopt.up()
            assert registry.id == client.containers.get("hub-registry").id, "it moved and was not replaced"
        finally:
            adopt.configure("protect", False)
            adopt.run("pulumi", "state", "unprotect", "--all", "--yes", "-s", adopt.name)
            adopt.pulumi("destroy --yes --skip-preview --suppress-progress")
        assert client.volumes.get(volume), "what was there before is there afterwards"


def test_automation_api(tmp_path: Path, wheel: Path) -> None:
    given = tmp_path / "arguments.json"
    given.write_text(json.dumps(arguments("automated", 9736, "10.199.206.0/23")))
    with example(tmp_path, "automation", wheel, ("hub",)) as automation:
        printed = automation.must("python", "deploy.py", "up", str(given))
        assert "registry: registry.automated.test:9736" in printed
        automation.must("python", "deploy.py", "destroy", str(given))


def test_yaml_program(tmp_path: Path, wheel: Path) -> None:
    with example(tmp_path, "yaml", wheel, ("hub",)) as found:
        program = language("yaml", found)
        source = program.folder / "Pulumi.yaml"
        source.write_text(re.sub(r"^packages:\n.*\n", "", source.read_text(), flags=re.MULTILINE))
        assert "Added package portus" in program.must("pulumi", "package", "add", str(ROOT / "components"))
        images = {
            "portusImage": "portus",
            "registryImage": "registry",
            "databaseImage": "database",
            "edgeImage": "edge",
        }
        lab = arguments("yaml", 9740, "")
        for key, group in images.items():
            program.configure(key, lab[group]["image"])
        program.configure("taskImage", lab["task_image"])
        for key, value in (("domain", "yaml.test"), ("port", 9740), ("httpPort", 9741), ("protect", False)):
            program.configure(key, value)
        program.configure("addressPool", "10.199.208.0/23")
        program.up()
        assert program.output("registryUrl") == "registry.yaml.test:9740"
        assert len(program.output("administratorPassword")) == 40
        program.up("--expect-no-changes")
        program.pulumi("destroy --yes --skip-preview --suppress-progress")


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is missing: TypeScript cannot be compiled")
def test_typescript_program(tmp_path: Path, wheel: Path) -> None:
    """The page's commands generate the SDK from the schema and compile the program, which then deploys."""
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("components", "operations", "pyproject.toml", "LICENSE", "toolchain"):
        (clone / name).symlink_to(ROOT / name)
    with example(clone / "examples", "typescript", wheel, ("hub",), state=tmp_path / "state") as found:
        # What `pip install` brings must not get into the tests' own Python.
        pip = {"PIP_TARGET": str(tmp_path / "packages"), "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "1"}
        reader = replace(found, folder=clone, environment={**found.environment, **pip})
        for script in commands("examples/README.md"):
            reader.must("bash", "-euo", "pipefail", "-c", script)
        assert (tmp_path / "packages" / "pulumi_portus" / "py.typed").exists()
        program = language("nodejs", found)
        _misspelt_is_refused(program)
        camel = {_camel(key): value for key, value in arguments("typescript", 9742, "10.199.210.0/23").items()}
        camel["docker"] = {_camel(key): value for key, value in camel["docker"].items()}
        program.configure("arguments", camel)
        program.up()
        assert program.output("registryUrl") == "registry.typescript.test:9742"
        program.pulumi("destroy --yes --skip-preview --suppress-progress")


def _misspelt_is_refused(program: Example) -> None:
    """What the types are for."""
    source = program.folder / "index.ts"
    source.write_text(source.read_text().replace("hub.registryUrl", "hub.registryUri"))
    refused = program.run("node_modules/.bin/tsc", "--project", ".", "--noEmit")
    assert refused.code != 0 and "registryUri" in refused.output


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
