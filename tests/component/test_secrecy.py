"""Every secret carries a mark; none may be seen outside a secret signature, anywhere."""

import json
import logging
from collections.abc import Callable
from typing import Any, cast

import pulumi
import pulumi_random as random
import pytest

from components.portus import PortusStack
from tests.component.deployments import NAME, VARIANTS, providers
from tests.component.recorder import (
    COMPONENT,
    CONTAINER,
    MARK,
    PASSWORD,
    PRIVATE_KEY,
    Recording,
    conceal,
    is_secret,
    record,
)
from tests.unit.portus import samples

Deployed = Callable[..., Recording]


def secrets_in(text: str) -> int:
    return text.count(MARK)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
def test_no_secret_is_seen_in_any_request(variant: str, preview: bool, deployed: Deployed) -> None:
    for one in deployed(variant, preview):
        assert not secrets_in(one.visible), f"{one.urn} shows a secret"


@pytest.mark.parametrize("variant", VARIANTS)
def test_marks_do_reach_the_containers(variant: str, deployed: Deployed) -> None:
    """Without this the tests around it could not fail."""
    uploads = json.dumps([one.values.get("uploads") for one in deployed(variant).of_type(CONTAINER)])
    passwords = [one.name.replace("-", "x") for one in deployed(variant).of_type(PASSWORD)]
    assert passwords
    for password in passwords:
        assert f"{MARK}x{password}" in uploads, f"{password} is generated and reaches nothing"


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_secret_but_the_administrators_leaves_and_it_leaves_as_one(variant: str, deployed: Deployed) -> None:
    recording = deployed(variant)
    outputs = recording.outputs[recording.named(NAME, COMPONENT).urn]
    assert not secrets_in(json.dumps(conceal(cast(Any, outputs))))
    assert {name for name, value in outputs.items() if secrets_in(json.dumps(value))} == {"administrator_password"}
    assert is_secret(outputs["administrator_password"])
    for urn, others in recording.outputs.items():
        assert urn.endswith(f"::{NAME}") or not others, "internal components give nothing away"


def test_every_secret_has_a_generator_of_its_own(deployed: Deployed) -> None:
    names = {one.name for one in deployed().of_type(PASSWORD)}
    assert names == {
        f"{NAME}-{kind}"
        for kind in (
            *("database-password", "database-root-password", "portus-password", "administrator-password"),
            *("smoke-check-password", "session-key", "http-secret", "webhook-secret"),
        )
    }
    keys = [one.name for one in deployed().of_type(PRIVATE_KEY)]
    assert len(keys) == len(set(keys)) == 6


def test_passwords_are_long_and_safe_in_yaml_and_shell(deployed: Deployed) -> None:
    """Portus pastes them unquoted into YAML; Devise takes 8 to 128 characters (SUSE/Portus ``devise.rb``)."""
    for one in deployed().of_type(PASSWORD):
        assert one.values["special"] is False
        assert 39 <= cast(float, one.values["length"]) <= 127


def test_token_key_never_reaches_the_registry(deployed: Deployed) -> None:
    for variant in ("default", "generation 1", "registry 3"):
        recording = deployed(variant)
        for name in (f"{NAME}-registry-files", f"{NAME}-edge-files", f"{NAME}-database-files"):
            assert f"{MARK}x{NAME}xtokenxkey" not in json.dumps(recording.named(name, CONTAINER).values)
        assert f"{MARK}x{NAME}xtokenxkey" in json.dumps(recording.named(f"{NAME}-portus", CONTAINER).values)


def test_each_process_gets_its_own_secrets_only(deployed: Deployed) -> None:
    def held(process: str) -> set[str]:
        text = json.dumps(deployed().named(f"{NAME}-{process}", CONTAINER).values)
        kinds = [one.name for one in (*deployed().of_type(PASSWORD), *deployed().of_type(PRIVATE_KEY))]
        return {kind.removeprefix(f"{NAME}-") for kind in kinds if f"{MARK}x{kind.replace('-', 'x')}" in text}

    portus = {"database-password", "portus-password", "session-key", "token-key", "portus-key", "webhook-secret"}
    assert held("database-files") == {"database-password", "database-root-password", "database-key"}
    assert held("registry-files") == {"registry-key", "http-secret", "webhook-secret"}
    assert held("portus") == portus
    assert held("background") == portus - {"portus-key"}, "it presents itself to nobody"
    assert held("edge-files") == {"edge-key"}
    assert held("bootstrap-files") == {"administrator-password", "smoke-check-password", "portus-password"}
    assert held("smoke-check-files") == {"smoke-check-password"}


def test_authority_key_reaches_no_container(deployed: Deployed) -> None:
    for one in deployed().of_type(CONTAINER):
        assert f"{MARK}x{NAME}xcaxkey" not in json.dumps(one.values)


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
def test_secrets_may_come_from_other_resources(preview: bool, caplog: pytest.LogCaptureFixture) -> None:
    """In a preview none of them is known."""
    caplog.set_level(logging.INFO)  # the SDK itself shows outputs at debug level

    def program() -> None:
        options = pulumi.ResourceOptions(providers=providers())
        word = pulumi.Output.concat("p", random.RandomPassword("elsewhere", length=20).result)
        args = samples.COMPLETE
        inputs = [path for path, kind in samples.leaves() if kind == "input"]
        for path in [path for path in inputs if not {"cert_manager", "kubernetes"} & set(path)]:
            pem = "private_key" in str(path[-1])
            public = "certificate_pem" in str(path[-1]) or str(path[-1]).endswith("ca_pem")
            value = samples.PRIVATE_KEY if pem else samples.CERTIFICATE
            given = word.apply(lambda _, value=value: value) if pem or public else word  # type: ignore[misc]
            args = samples.changed(args, path, given)
        PortusStack(NAME, args, options)  # type: ignore[arg-type]

    recording = record(program, preview=preview)
    assert recording.containers
    for one in recording:
        assert not secrets_in(one.visible), one.urn
    assert not secrets_in(caplog.text)
    uploads = recording.named(f"{NAME}-portus", CONTAINER).request.propertyDependencies["uploads"].urns
    assert any(urn.endswith("::elsewhere") for urn in uploads)


def test_invalid_secret_from_another_resource_fails_without_being_shown() -> None:
    external = {**samples.COMPLETE["database"]["external"], "password": "SENTINEL has: spaces"}

    def program() -> None:
        secret = {**external, "password": pulumi.Output.secret(external["password"])}
        args = samples.merged(samples.MINIMAL, {"database": {"external": secret}})
        PortusStack(NAME, args, pulumi.ResourceOptions(providers=providers()))  # type: ignore[arg-type]

    with pytest.raises(pulumi.RunError) as caught:
        record(program)
    assert str(caught.value).startswith("database.external.password must be 8 to 128 letters")
    assert MARK not in str(caught.value)
