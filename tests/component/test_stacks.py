"""The program itself, with every stack file of the project."""

import json
import runpy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.portus import OUTPUTS, InvalidSettings, PortusStackArgs
from tests.component.recorder import COMPONENT, DEPLOYMENT, MARK, Recording, record

ROOT = Path(__file__).parents[2]
PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
STACKS = sorted((ROOT / PROJECT["stackConfigDir"]).glob("Pulumi.*.yaml"))
DISABLED = "pulumi:disable-default-providers"


def text(value: object) -> str:
    """A configuration value as the engine hands it to the program."""
    return value if isinstance(value, str) else json.dumps(value)


def configuration(given: dict[str, Any]) -> dict[str, str]:
    """``given`` and the defaults of the project file."""
    defaults = {
        f"{PROJECT['name']}:{key}": one["default"] for key, one in PROJECT["config"].items() if "default" in one
    }
    return {key: text(value) for key, value in {**defaults, **given}.items()}


def run(stack: str, given: dict[str, Any], preview: bool = False, secret: Sequence[str] = ()) -> Recording:
    def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    return record(program, preview=preview, stack=stack, config=configuration(given), secret_keys=secret)


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
@pytest.mark.parametrize("file", STACKS, ids=lambda file: file.name)
def test_stack_file_deploys(file: Path, preview: bool) -> None:
    stack = file.name.split(".")[1]
    recording = run(stack, yaml.safe_load(file.read_text(encoding="utf-8"))["config"], preview)
    assert recording.named(stack, COMPONENT)
    assert set(recording.exports) == set(OUTPUTS)
    assert recording.containers.get(f"{stack}-edge") or recording.named(f"{stack}-edge", DEPLOYMENT)
    assert all(one.request.provider for one in recording if one.request.custom and not one.type.startswith("pulumi:"))


@pytest.mark.parametrize("file", STACKS, ids=lambda file: file.name)
def test_stack_file_is_strict(file: Path) -> None:
    """Only keys that the project or the component knows, no secret, no default provider."""
    stack = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert set(stack) == {"config"}
    assert stack["config"][DISABLED] == ["*"]
    for key in set(stack["config"]) - {DISABLED}:
        assert key.removeprefix(f"{PROJECT['name']}:") in {*PROJECT["config"], *PortusStackArgs.__annotations__}, key
    assert "password" not in file.read_text(encoding="utf-8").lower()


def test_only_the_local_stack_runs_on_the_stand_in() -> None:
    for file in STACKS:
        recording = run("test", yaml.safe_load(file.read_text(encoding="utf-8"))["config"])
        outputs = recording.outputs[recording.named("test", COMPONENT).urn]
        assert outputs["stand_in"] is ("local" in file.name), file.name


def test_faulty_configuration_creates_nothing() -> None:
    given = {
        "portus-stack:hostnames": {"portus": "here", "registry": "registry.test"},
        "portus-stack:portus": {"image": "opensuse/portus"},
        "portus-stack:docker": {"https_prt": 1},
    }
    with pytest.raises(InvalidSettings) as caught:
        run("test", given)
    for path in ("hostnames.portus", "portus.image", "docker.https_prt"):
        assert f"  {path}: " in str(caught.value)
    assert isinstance(caught.value, pulumi.RunError)


def test_misspelt_key_of_a_stack_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulumi hands keys that no program reads on in silence."""
    given = {"portus-stack:hostnames": {"portus": "p.test", "registry": "r.test"}, "portus-stack:databse": {}}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(configuration(given)))
    with pytest.raises(InvalidSettings, match=r"databse: is not an argument; did you mean database\?"):
        run("test", given)


def test_missing_host_names_are_told() -> None:
    with pytest.raises(InvalidSettings, match=r"hostnames.portus: is required"):
        run("test", {})


def test_docker_host_of_the_configuration_is_used() -> None:
    hosts = {"portus": "p.test", "registry": "r.test"}
    recording = run("test", {"portus-stack:hostnames": hosts, "portus-stack:docker_host": "ssh://root@h.test"})
    (provider,) = recording.of_type("pulumi:providers:docker")
    assert provider.values["host"] == "ssh://root@h.test"


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:2375", "tcp://d.test:2376", "http://10.0.0.1:2375"])
def test_docker_host_without_tls_is_refused_with_whatever_else_is_wrong(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCKER_CERT_PATH", raising=False)
    given = {"portus-stack:hostnames": {"portus": "here", "registry": "r.test"}, "portus-stack:docker_host": address}
    with pytest.raises(InvalidSettings) as caught:
        run("test", given)
    assert "  docker_host: must not be " in str(caught.value) and "gives root to everybody" in str(caught.value)
    assert "  hostnames.portus: " in str(caught.value)


def test_docker_host_with_the_certificates_of_this_machine_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CERT_PATH", "/certificates")
    hosts = {"portus": "p.test", "registry": "r.test"}
    recording = run("test", {"portus-stack:hostnames": hosts, "portus-stack:docker_host": "tcp://d.test:2376"})
    (provider,) = recording.of_type("pulumi:providers:docker")
    assert provider.values["host"] == "tcp://d.test:2376"


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
@pytest.mark.parametrize(
    ("stack", "provider", "key", "value"),
    [
        ("local-kubernetes", "pulumi:providers:kubernetes", "kubeconfig", f"users: [{{user: {{token: {MARK}}}}}]"),
        ("local-kubernetes", "pulumi:providers:kubernetes", "kube_context", MARK),
        ("local", "pulumi:providers:docker", "docker_host", f"ssh://{MARK.lower()}@build.example"),
    ],
)
def test_what_is_secure_in_the_stack_file_stays_secret(
    stack: str, provider: str, key: str, value: str, preview: bool
) -> None:
    config = yaml.safe_load((ROOT / PROJECT["stackConfigDir"] / f"Pulumi.{stack}.yaml").read_text())["config"]
    full = f"{PROJECT['name']}:{key}"
    secret = run(stack, {**config, full: value}, preview, [full])
    assert value in secret.of_type(provider)[0].values.values()
    assert [one.urn for one in secret if MARK.lower() in one.visible.lower()] == []
    plain = run(stack, {**config, full: value}, preview)
    assert [one.type for one in plain if MARK.lower() in one.visible.lower()] == [provider], "the test sees it"
