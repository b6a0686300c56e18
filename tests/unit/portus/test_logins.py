"""Which logins a Docker provider is told of."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.portus.targets.docker.failures import explain_pull
from components.portus.targets.docker.logins import configuration_file, registries_in, registry_auth
from tests.unit.portus import samples

MIRROR = {"images": {"mirror": "mirror.example.com/hub"}}
HOSTS = {"hosts": [{"name": "here", "address": "unix:///var/run/docker.sock"}]}


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a machine that nobody has signed in on."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


def told(*more: dict[str, Any]) -> list[tuple[object, object]] | None:
    """Address and user name of each login."""
    found = registry_auth(samples.settings(*more))
    return None if found is None else [(each.address, each.username) for each in found]


def test_nobody_has_signed_in(configuration: Path) -> None:
    assert told() is None
    assert told(MIRROR) is None


@pytest.mark.parametrize(
    "signed_in",
    [
        {"auths": {"mirror.example.com": {"auth": "U0VOVElORUw6eA=="}}},
        {"auths": {"https://mirror.example.com/v2/": {"auth": "U0VOVElORUw6eA=="}}},
        {"auths": {"mirror.example.com": {}}, "credsStore": "desktop"},
        {"credHelpers": {"mirror.example.com": "ecr-login"}},
    ],
    ids=["password", "with a scheme", "credential store", "credential helper"],
)
def test_the_machines_login_is_found_and_only_its_address_is_told(
    signed_in: dict[str, Any], configuration: Path
) -> None:
    configuration.write_text(json.dumps(signed_in))
    assert told(MIRROR) == [("mirror.example.com", None)]
    assert told() is None, "no image comes from there"


@pytest.mark.parametrize("name", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"])
def test_docker_hub_has_many_names(name: str, configuration: Path) -> None:
    """The provider looks for registry-1.docker.io where an image names no registry."""
    configuration.write_text(json.dumps({"auths": {name: {"auth": "eDp5"}}}))
    assert told() == [(address, None) for address in ("docker.io", "registry-1.docker.io")]
    assert told(MIRROR) is None


def test_a_given_login_comes_before_the_machines(configuration: Path) -> None:
    configuration.write_text(json.dumps({"auths": {"mirror.example.com": {"auth": "eDp5"}, "docker.io": {}}}))
    login = {"address": "mirror.example.com", "username": "robot", "password": "SENTINEL"}
    given: dict[str, Any] = {"docker": {**HOSTS, "registry_auth": [login]}}
    assert told(MIRROR, given) == [("mirror.example.com", "robot")]
    assert ("docker.io", None) in (told(given) or [])


def test_the_usual_place_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert configuration_file() == tmp_path / ".docker" / "config.json"
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text('{"auths": {"mirror.example.com": {"auth": "eDp5"}}}')
    assert told(MIRROR) == [("mirror.example.com", None)]


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": []}', '{"auths": null}', ""])
def test_a_broken_file_knows_nobody(text: str, configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    configuration.write_text(text)
    assert registries_in(configuration) == frozenset()
    assert bool(warnings) is (text in ("{", "")), "what is no JSON is told"


@pytest.mark.parametrize("words", ["no basic auth credentials", "unauthorized: wrong password", "denied: no access"])
def test_a_refused_pull_names_registry_and_login(words: str) -> None:
    text = explain_pull("mirror.example.com/hub/library/nginx:1", f"error pulling image: {words}")
    assert "`docker login mirror.example.com`" in text and "docker.registry_auth" in text
    assert "images.mirror" in text


def test_a_pull_that_failed_otherwise_is_not_taken_for_a_missing_login() -> None:
    text = explain_pull("nginx:1", "dial tcp: lookup registry-1.docker.io: no such host")
    assert "docker login" not in text and "`images-load`" in text
