"""How logins of registries reach those who pull, and that nobody else sees them."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from components.portus import InvalidSettings
from tests.component.deployments import NAME, VARIANTS, deploy, kubernetes_args
from tests.component.recorder import IMAGE, MARK, SECRET, Recording, is_secret
from tests.component.test_kubernetes import pod, runners
from tests.component.test_stacks import run

Deployed = Callable[..., Recording]
PROVIDER = "pulumi:providers:docker"
LOGIN = {"address": "mirror.example.com", "username": "robot", "password": f"{MARK}-mirror"}
STACK = {
    "portus-stack:hostnames": {"portus": "p.test", "registry": "r.test"},
    "portus-stack:images": {"mirror": "mirror.example.com/hub"},
}


def logins(recording: Recording) -> list[list[dict[str, Any]]]:
    """Of each provider that is told of any."""
    found = [one.values.get("registryAuth") for one in recording.of_type(PROVIDER)]
    return [json.loads(str(each)) for each in found if each]


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
def test_every_host_gets_the_given_logins_as_a_secret(preview: bool, deployed: Deployed) -> None:
    recording = deployed("every argument", preview)
    hosts = [one for one in recording.of_type(PROVIDER) if one.name.startswith(f"{NAME}-host-")]
    assert len(hosts) == len(VARIANTS["every argument"]["docker"]["hosts"])
    for one in hosts:
        assert is_secret(one.inputs["registryAuth"])
        assert {
            "address": "mirror.example.com:5000",
            "username": "robot$puller",
            "password": "SENTINEL: mirror",
        } in json.loads(str(one.values["registryAuth"]))


def test_all_images_are_asked_for_at_the_mirror(deployed: Deployed) -> None:
    names = [str(one.values["name"]) for one in deployed("every argument").of_type(IMAGE)]
    assert names and all(name.startswith("mirror.example.com:5000/hub/") for name in names)


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
def test_the_programs_own_provider_gets_the_given_logins(preview: bool) -> None:
    recording = run("test", {**STACK, "portus-stack:docker": {"registry_auth": [LOGIN]}}, preview)
    assert logins(recording) == [[LOGIN]]
    assert all(MARK not in one.visible for one in recording)


def test_the_programs_own_provider_gets_the_machines_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert logins(run("test", STACK)) == []
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"mirror.example.com": {"auth": "U0VOVElORUw6eA=="}}}))
    assert logins(run("test", STACK)) == [[{"address": "mirror.example.com"}]]


def test_a_wrong_login_of_a_stack_file_is_told_with_whatever_else_is_wrong() -> None:
    given = {**STACK, "portus-stack:docker": {"registry_auth": [{**LOGIN, "address": "https://m"}], "https_prt": 1}}
    with pytest.raises(InvalidSettings) as caught:
        run("test", given)
    for path in ("docker.registry_auth[0].address", "docker.https_prt"):
        assert f"  {path}: " in str(caught.value)
    assert MARK not in str(caught.value)


def test_logins_become_a_pull_secret_of_every_pod(on_kubernetes: Deployed) -> None:
    recording = on_kubernetes("every argument, node_port")
    secret = recording.named(f"{NAME}-pull-secret", SECRET)
    assert secret.values["type"] == "kubernetes.io/dockerconfigjson"
    assert MARK not in secret.visible
    auths = json.loads(cast(dict[str, str], secret.values["stringData"])[".dockerconfigjson"])["auths"]
    assert set(auths) == {"https://index.docker.io/v1/", "mirror.example.com:5000"}
    entry = auths["mirror.example.com:5000"]
    assert base64.b64decode(entry["auth"]).decode() == f"{entry['username']}:{entry['password']}"
    assert entry["username"] == "robot$puller" and entry["password"] == "SENTINEL: mirror"
    for one in runners(recording):
        first, *others = [each["name"] for each in pod(one)["imagePullSecrets"]]
        assert first.startswith(f"{NAME}-pull-secret") and others == ["mirror"]
        assert any(urn == secret.urn for urn in one.request.dependencies), "it is there before the pod is"


def test_without_logins_there_is_no_pull_secret() -> None:
    recording = deploy(kubernetes_args("default"))
    assert not [one for one in recording.of_type(SECRET) if one.name == f"{NAME}-pull-secret"]
    assert all("imagePullSecrets" not in pod(one) for one in runners(recording))
