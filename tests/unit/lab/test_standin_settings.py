"""How the stand-in reads its environment: options, the YAML hazard, mandatory variables; and which events it takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip(
    "sqlalchemy", reason="the stand-in's own requirements are not installed (lab/portus_standin/requirements.txt)"
)
pytest.importorskip("requests", reason="the stand-in's own requirements are not installed")

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from lab.portus_standin.accounts import (
    Invalid,
    NewUser,
    as_namespace_name,
    authenticate,
    create_application_token,
    create_user,
    user_of_application_token,
)
from lab.portus_standin.database import State, state
from lab.portus_standin.events import EventError, relevant
from lab.portus_standin.models import Base, User
from lab.portus_standin.options import Options, cast
from lab.portus_standin.settings import DatabaseTls, SettingsError, as_yaml, read

GENERATION_1 = {"PORTUS_STAND_IN_GENERATION": "1"}
GENERATION_2 = {
    "PORTUS_STAND_IN_GENERATION": "2",
    "PORTUS_SECRET_KEY_BASE": "base",
    "PORTUS_KEY_PATH": "/secrets/portus.key",
    "PORTUS_PASSWORD": "password",
}


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """bcrypt at its lowest cost: the tests are about who gets in, not about how long guessing takes."""
    monkeypatch.setattr("lab.portus_standin.accounts._BCRYPT_COST", 4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("'true'", "'true'"),
        ("0123", 83),
        ("0x1F", 31),
        ("1_000", 1000),
        ("08", "08"),
        ("5 minutes", "5 minutes"),
    ],
)
def test_casts_of_the_configuration_gem(text: str, value: object) -> None:
    assert cast(text) == value


def test_environment_wins_over_file_and_file_over_default(tmp_path: Path) -> None:
    file = tmp_path / "config-local.yml"
    file.write_text("signup:\n  enabled: false\nregistry:\n  jwt_expiration_time:\n    value: 7\n")
    options = Options({"PORTUS_LOCAL_CONFIG_PATH": str(file), "PORTUS_REGISTRY_JWT_EXPIRATION_TIME_VALUE": "9"}, 2)
    assert not options.enabled("signup")
    assert options.integer("registry.jwt_expiration_time.value") == 9
    assert options.integer("registry.timeout.value") == 2
    assert Options({"PORTUS_REGISTRY_JWT_EXPIRATION_TIME": "9"}, 2).integer("registry.jwt_expiration_time.value") == 15


@pytest.mark.parametrize(
    ("text", "value"), [("plain", "plain"), ("0x10", "16"), ("1e5", "1e5"), ("a #b", "a"), ("yes", "True"), ("", "")]
)
def test_yaml_changes_some_values(text: str, value: str) -> None:
    assert as_yaml("PORTUS_PASSWORD", text) == value


@pytest.mark.parametrize("text", ["&a b: c", "*x", "@x", "%x", "[x", "{x", "'x", "a: b", "- x\n- y"])
def test_yaml_breaks_on_others_and_the_message_keeps_the_secret(text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        as_yaml("PORTUS_PASSWORD", text)
    assert text not in str(raised.value)


@pytest.mark.parametrize("name", ["PORTUS_SECRET_KEY_BASE", "PORTUS_KEY_PATH", "PORTUS_PASSWORD"])
def test_mandatory_variables_of_generation_2(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read({**GENERATION_2, name: ""})


def test_renamed_database_variables_are_refused() -> None:
    with pytest.raises(SettingsError, match="PORTUS_DB_HOST"):
        read({**GENERATION_2, "PORTUS_PRODUCTION_HOST": "database"})


def test_service_link_breaks_the_port() -> None:
    with pytest.raises(SettingsError, match="PORTUS_DB_PORT"):
        read({**GENERATION_2, "PORTUS_DB_PORT": "tcp://10.0.0.1:3306"})


@pytest.mark.parametrize("address", ["Portus <portus@portus.test>", "portus", "a@b@c", "0x10"])
def test_sender_that_is_no_bare_address_does_not_start(address: str) -> None:
    with pytest.raises(SettingsError, match="from"):
        read({**GENERATION_2, "PORTUS_EMAIL_FROM": address})
    assert read({**GENERATION_1, "PORTUS_EMAIL_FROM": address})


def test_generation_1_fixes_port_and_key_and_checks_nothing() -> None:
    settings = read({**GENERATION_1, "MARIADB_SERVICE_PORT": "3307"})
    assert (settings.database_host, settings.database_port) == ("localhost", 3306)
    assert str(settings.key_path) == "/secrets/portus.key"


DATABASE = {
    "PORTUS_DB_HOST": "hub-database",
    "PORTUS_DB_PORT": "3307",
    "PORTUS_DB_USERNAME": "portus",
    "PORTUS_DB_PASSWORD": "password-1",
    "PORTUS_DB_DATABASE": "registry",
}
ENCRYPTED = "mysql2:///?sslca=/ca.crt&default_file="


def test_database_url_keeps_what_it_leaves_out() -> None:
    settings = read({**GENERATION_2, **DATABASE, "DATABASE_URL": f"{ENCRYPTED}/nowhere.cnf"})
    assert settings == replace(read({**GENERATION_2, **DATABASE}), database_tls=DatabaseTls("/ca.crt", False))


def test_database_url_wins_where_it_says_something() -> None:
    url = "mysql2://someone:else%40x@db.example.com:3308/other?sslca=/ca.crt&sslcert=/c.crt&sslkey=/c.key"
    settings = read({**GENERATION_2, **DATABASE, "DATABASE_URL": url})
    assert (settings.database_host, settings.database_port) == ("db.example.com", 3308)
    assert (settings.database_user, settings.database_password) == ("someone", "else@x")
    assert settings.database_name == "other"
    assert settings.database_tls == DatabaseTls("/ca.crt", False, "/c.crt", "/c.key")


@pytest.mark.parametrize(
    ("generation", "options", "verified"),
    [
        (GENERATION_2, "[client]\nssl-verify-server-cert=1\n", True),
        (GENERATION_2, "[client]\nssl-verify-server-cert\n", False),
        (GENERATION_2, "[mysqld]\nssl-verify-server-cert=1\n", False),
        (GENERATION_1, "[client]\nssl-verify-server-cert=1\n", False),
    ],
)
def test_only_the_client_librarys_own_option_verifies_the_name(
    generation: dict[str, str], options: str, verified: bool, tmp_path: Path
) -> None:
    file = tmp_path / "client.cnf"
    file.write_text(options)
    for more in ("", "&sslverify=true"):
        settings = read({**generation, "DATABASE_URL": f"{ENCRYPTED}{file}{more}"})
        assert settings.database_tls == DatabaseTls("/ca.crt", verified)


def test_database_url_without_a_ca_does_not_encrypt() -> None:
    assert read({**GENERATION_2, "DATABASE_URL": "mysql2:///?sslverify=true"}).database_tls is None


def test_a_ca_that_is_not_there_reads_as_down() -> None:
    settings = read({**GENERATION_2, **DATABASE, "DATABASE_URL": f"{ENCRYPTED}/nowhere.cnf"})
    assert state(settings) is State.down


def test_relative_key_path_is_below_the_application() -> None:
    assert str(read({**GENERATION_2, "PORTUS_KEY_PATH": "config/key"}).key_path) == "/srv/Portus/config/key"


def test_settings_show_no_secret() -> None:
    settings = read({**GENERATION_2, "PORTUS_DB_PASSWORD": "hidden-one"})
    assert "hidden-one" not in f"{settings} {settings!r}"


@pytest.mark.parametrize(
    ("event", "taken"),
    [
        ({"action": "push", "target": {"mediaType": "application/vnd.docker.distribution.manifest.v2+json"}}, True),
        (
            {"action": "push", "target": {"mediaType": "application/vnd.docker.distribution.manifest.list.v2+json"}},
            True,
        ),
        ({"action": "push", "target": {"mediaType": "application/vnd.oci.image.manifest.v1+json"}}, False),
        ({"action": "push", "target": {"mediaType": "application/octet-stream"}}, False),
        ({"action": "push", "target": "x"}, False),
        ({"action": "delete", "target": {}}, True),
        ({"action": "pull", "target": {"mediaType": "application/vnd.docker.distribution.manifest.v2+json"}}, False),
        ({}, False),
    ],
)
def test_which_events_are_taken(event: dict[str, object], taken: bool) -> None:
    assert relevant(event) is taken


@pytest.mark.parametrize("action", ["push", "pull", "mount"])
def test_event_without_a_media_type_breaks_portus_whatever_happened(action: str) -> None:
    with pytest.raises(EventError):
        relevant({"action": action, "target": {"digest": "sha256:00"}})


@pytest.fixture
def session() -> Session:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    return Session(engine)


def test_tenth_failure_locks_and_the_right_password_does_not_help(session: Session) -> None:
    create_user(session, NewUser("someone", "someone@portus.test", "password-1"))
    for _ in range(9):
        assert authenticate(session, "someone", "wrong", 2) == "Invalid username or password."
    assert authenticate(session, "someone", "wrong", 2) == "Your account is locked."
    assert authenticate(session, "someone", "password-1", 2) == "Your account is locked."


def test_success_resets_the_count(session: Session) -> None:
    create_user(session, NewUser("someone", "someone@portus.test", "password-1"))
    for _ in range(3):
        for _ in range(9):
            authenticate(session, "someone", "wrong", 2)
        assert isinstance(authenticate(session, "someone", "password-1", 2), User)


@pytest.mark.parametrize(
    ("username", "email", "password", "field"),
    [
        ("", "a@b.test", "password-1", "username"),
        ("---", "a@b.test", "password-1", "username"),
        ("portus", "a@b.test", "password-1", "username"),
        ("x", "nothing", "password-1", "email"),
        ("x", "a@b.test", "short", "password"),
        ("x", "a@b.test", "p" * 129, "password"),
    ],
)
def test_users_that_cannot_be(session: Session, username: str, email: str, password: str, field: str) -> None:
    create_user(session, NewUser("portus", "portus@portus.com", "p" * 128, admin=True))
    with pytest.raises(Invalid) as raised:
        create_user(session, NewUser(username, email, password))
    assert set(raised.value.errors) == {field}


def test_application_tokens_open_and_there_are_five_of_them(session: Session) -> None:
    user = create_user(session, NewUser("someone", "someone@portus.test", "password-1"))
    plain = [create_application_token(session, user, f"application {number}", user)[1] for number in range(5)]
    assert user_of_application_token(session, "someone", plain[3]) is user
    assert user_of_application_token(session, "someone", "password-1") is None
    with pytest.raises(Invalid, match="more than 5"):
        create_application_token(session, user, "one more", user)


@pytest.mark.parametrize(
    ("username", "namespace"),
    [
        ("dave", "dave"),
        ("dave-smith", "dave_smith"),
        ("Dave.Smith", "dave.smith"),
        ("-dave--smith-", "dave_smith"),
        ("dave._smith", "dave_smith"),
        ("dave\\smith", "dave\\smith"),
        ("dave^smith", None),
        ("dave smith", "dave_smith"),
        ("dävé", "d_v"),
        ("---", None),
    ],
)
def test_user_name_as_a_namespace(username: str, namespace: str | None) -> None:
    assert as_namespace_name(username) == namespace
