"""random and tls under the real engine, with the plugins that the toolchain gives it (PROVIDERS chooses others)."""

import json
from pathlib import Path

import pytest

from tests.contract.language_host_project import Project, toolchain_environment

pytestmark = pytest.mark.engine

PROGRAM = """
    import pulumi
    import pulumi_random as random
    import pulumi_tls as tls

    config = pulumi.Config()
    length = int(config.get("length") or 24)
    password = random.RandomPassword("password", length=length, keepers={"turn": config.get("turn") or "1"})
    identity = random.RandomId("id", byte_length=4, prefix=password.result.apply(lambda text: f"{len(text)}-"))
    key = tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P256")
    ca = tls.SelfSignedCert(
        "ca",
        private_key_pem=key.private_key_pem,
        is_ca_certificate=True,
        subject={"common_name": "Test CA"},
        allowed_uses=["cert_signing"],
        validity_period_hours=24,
    )
    request = tls.CertRequest("request", private_key_pem=key.private_key_pem, dns_names=["portus.test"])
    leaf = tls.LocallySignedCert(
        "leaf",
        ca_cert_pem=ca.cert_pem,
        ca_private_key_pem=key.private_key_pem,
        cert_request_pem=request.cert_request_pem,
        allowed_uses=["server_auth"],
        validity_period_hours=10,
        early_renewal_hours=config.get_int("early") or 0,
    )
    pulumi.export("password", password.result)
    pulumi.export("hex", identity.hex)
    pulumi.export("leaf", leaf.cert_pem)
    pulumi.export("ready", leaf.ready_for_renewal)
    """
RESOURCES = 7  # with the stack

IMPORTING = """
    import pulumi
    import pulumi_random as random

    imported = random.RandomPassword("imported", length=8, opts=pulumi.ResourceOptions(import_="hunter22"))
    pulumi.export("password", imported.result)
    """


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One stack that the tests below change one after the other; each leaves it up to date."""
    environment = toolchain_environment(tmp_path_factory.mktemp("state"))
    made = Project.create(tmp_path_factory.mktemp("project"), environment, PROGRAM)
    preview = made.pulumi("preview", "--stack", "test")
    assert f"+ {RESOURCES} to create" in preview
    assert "hex" in preview and "PRIVATE KEY" not in preview
    made.pulumi("up", "--yes", "--stack", "test")
    return made


def up(project: Project, **config: str) -> str:
    """Set configuration and update."""
    for name, value in config.items():
        project.pulumi("config", "set", name, value, "--stack", "test")
    return project.pulumi("up", "--yes", "--stack", "test")


def exported(project: Project) -> list[dict[str, object]]:
    """The resources of the state as it is stored, secrets encrypted."""
    deployment = json.loads(project.pulumi("stack", "export", "--stack", "test"))
    resources: list[dict[str, object]] = deployment["deployment"]["resources"]
    return resources


def test_a_second_update_and_a_refresh_change_nothing(project: Project) -> None:
    before = project.outputs()
    project.pulumi("preview", "--expect-no-changes", "--stack", "test")
    project.pulumi("up", "--yes", "--expect-no-changes", "--stack", "test")
    project.pulumi("refresh", "--yes", "--expect-no-changes", "--stack", "test")
    assert project.outputs() == before


def test_secrets_are_encrypted_in_the_state_and_hidden_in_the_output(project: Project) -> None:
    password = project.outputs()["password"]
    assert isinstance(password, str) and len(password) == 24
    stored = json.dumps(exported(project))
    assert password not in stored and json.dumps(password)[1:-1] not in stored
    assert "PRIVATE KEY" not in stored and "$2a$10$" not in stored
    assert "BEGIN CERTIFICATE" in stored, "certificates are public"
    shown = project.pulumi("up", "--yes", "--diff", "--stack", "test")
    assert password not in shown and "PRIVATE KEY" not in shown


def test_keepers_replace_the_password_and_what_depends_on_it_is_unknown_in_the_preview(project: Project) -> None:
    before = project.outputs()
    project.pulumi("config", "set", "turn", "2", "--stack", "test")
    preview = project.pulumi("preview", "--diff", "--stack", "test")
    assert "RandomPassword" in preview and "replace" in preview and "keepers" in preview
    up(project, turn="2")
    after = project.outputs()
    assert after["password"] != before["password"]
    assert after["leaf"] == before["leaf"]
    project.pulumi("up", "--yes", "--expect-no-changes", "--stack", "test")


def test_a_wrong_input_is_found_by_the_preview(project: Project) -> None:
    project.pulumi("config", "set", "length", "0", "--stack", "test")
    refused = project.pulumi("preview", "--stack", "test", status=None)
    project.pulumi("config", "rm", "length", "--stack", "test")
    assert "Attribute length value must be at least 1, got: 0" in refused


def test_early_renewal_updates_until_it_makes_the_certificate_due(project: Project) -> None:
    before = project.outputs()["leaf"]
    assert "~ 1 updated" in up(project, early="5")
    assert project.outputs()["leaf"] == before
    replaced = up(project, early="10")
    assert "+-1 replaced" in replaced
    assert project.outputs()["leaf"] != before and project.outputs()["ready"] is True
    up(project, early="1")
    project.pulumi("up", "--yes", "--expect-no-changes", "--stack", "test")


def test_a_password_is_imported_and_then_kept(tmp_path: Path) -> None:
    importing = Project.create(tmp_path / "project", toolchain_environment(tmp_path / "state"), IMPORTING)
    assert "1 imported" in importing.pulumi("up", "--yes", "--stack", "test")
    assert importing.outputs()["password"] == "hunter22"
    importing.pulumi("up", "--yes", "--expect-no-changes", "--stack", "test")
    importing.pulumi("destroy", "--yes", "--stack", "test")


def test_destroying_removes_everything(project: Project) -> None:
    assert f"- {RESOURCES} deleted" in project.pulumi("destroy", "--yes", "--stack", "test")


OLD_CERTIFICATE = """
    import pulumi_tls as tls

    key = tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P256")
    tls.SelfSignedCert(
        "certificate",
        private_key_pem=key.private_key_pem,
        subject={"organization": "Hub"},
        allowed_uses=["server_auth"],
        validity_period_hours=24,
    )
    """
NO_LONGER_EMPTY = ("commonName", "country", "locality", "organizationalUnit", "postalCode", "province", "serialNumber")


def test_a_certificate_of_an_old_release_is_not_replaced(tmp_path: Path) -> None:
    """pulumi-tls before 5 kept what is empty of a subject, and left out what is false."""
    old = Project.create(tmp_path / "project", toolchain_environment(tmp_path / "state"), OLD_CERTIFICATE)
    old.pulumi("up", "--yes", "--stack", "test")
    state = json.loads(old.pulumi("stack", "export", "--stack", "test"))
    (certificate,) = (each for each in state["deployment"]["resources"] if each["type"].endswith(":SelfSignedCert"))
    for name in ("setSubjectKeyId", "setAuthorityKeyId", "isCaCertificate"):
        del certificate["outputs"][name]
    certificate["outputs"]["subject"] |= dict.fromkeys(NO_LONGER_EMPTY, "") | {"streetAddresses": []}
    (old.folder / "state.json").write_text(json.dumps(state))
    old.pulumi("stack", "import", "--file", "state.json", "--stack", "test")
    old.pulumi("preview", "--expect-no-changes", "--stack", "test")
    old.pulumi("destroy", "--yes", "--stack", "test")


BYTES = """
    import pulumi
    import pulumi_random as random

    key = random.RandomBytes("key", length=8)
    pulumi.export("id", key.id)
    pulumi.export("base64", pulumi.Output.unsecret(key.base64))
    """


def test_the_id_of_random_bytes_is_their_base64(tmp_path: Path) -> None:
    made = Project.create(tmp_path / "project", toolchain_environment(tmp_path / "state"), BYTES)
    made.pulumi("up", "--yes", "--stack", "test")
    outputs = made.outputs()
    assert outputs["id"] == outputs["base64"]
    made.pulumi("destroy", "--yes", "--stack", "test")
