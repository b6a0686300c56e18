"""No error repeats a secret, wherever it was put by mistake."""

from typing import Any

import pytest

from components.portus import InvalidSettings
from components.portus.settings import settings_from_args
from tests.unit.portus.samples import COMPLETE, MINIMAL, changed, leaves, merged, sample_with, spelled

SECRET = "SENTINEL hunter2"
GROUP = {"password": SECRET, "secret_key": SECRET}


def message(args: dict[str, Any]) -> str:
    """The whole error, details included."""
    with pytest.raises(InvalidSettings) as caught:
        settings_from_args("test", args)
    return f"{caught.value} {caught.value.errors!r} {caught.value!r}"


@pytest.mark.parametrize("path", [path for path, _ in leaves()], ids=spelled)
def test_group_with_a_secret_in_the_wrong_place(path: tuple[str | int, ...]) -> None:
    sample, place = sample_with(path)
    for value in (GROUP, [GROUP], [f"-oProxyCommand={SECRET}", SECRET] if "ssh_options" in path else [GROUP]):
        if path[-1] in ("annotations", "environment") and value == GROUP:
            continue  # free text is valid there
        assert SECRET not in message(changed(sample, place, value))


@pytest.mark.parametrize("path", [path for path, kind in leaves() if kind == "input"], ids=spelled)
def test_invalid_secret(path: tuple[str | int, ...]) -> None:
    sample, place = sample_with(path)
    for value in (SECRET + "\n", 5, [SECRET], {"value": SECRET}):
        text = message(changed(sample, place, value))
        assert SECRET not in text
        assert "its value is secret and not shown" in text


@pytest.mark.parametrize("group", ["portus", "registry", "database", "administrator", "docker"])
def test_text_in_place_of_a_group(group: str) -> None:
    assert SECRET not in message({**COMPLETE, group: f"mysql://portus:{SECRET}@db"})
    assert SECRET not in message({**COMPLETE, group: [GROUP]})


def test_misspelt_argument() -> None:
    external = {**COMPLETE["database"]["external"], "pasword": SECRET}
    assert SECRET not in message(merged(MINIMAL, {"database": {"external": external}}))


def test_password_in_an_address() -> None:
    hosts = [{"name": "one", "address": "ssh://root:SENTINEL@host.example.com"}]
    assert "SENTINEL" not in message(merged(MINIMAL, {"docker": {"hosts": hosts}}))
    endpoint = {"region_endpoint": "https://key:SENTINEL@s3.example.com"}
    assert "SENTINEL" not in message(merged(COMPLETE, {"registry": {"storage": {"s3": endpoint}}}))


@pytest.mark.parametrize("path", ["email.smtp.password", "ldap.authentication.password", "oauth.github.client_secret"])
def test_secret_option_of_portus(path: str) -> None:
    for value in (SECRET + "\n", [SECRET], {"value": SECRET}):
        text = message(merged(MINIMAL, {"portus": {"settings": {path: value}}}))
        assert SECRET not in text
    assert SECRET not in message(merged(MINIMAL, {"portus": {"settings": {f"{path}x": SECRET}}}))
