"""The stand-in's tokens: key id, claims and who gets which access, on an in-memory database."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip(
    "jwt", reason="the stand-in's own requirements are not installed (lab/portus_standin/requirements.txt)"
)
pytest.importorskip("sqlalchemy", reason="the stand-in's own requirements are not installed")

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from lab.portus_standin.accounts import NewUser, create_user, find_user
from lab.portus_standin.models import Base, Namespace, Registry, Role, TeamUser, User, Visibility
from lab.portus_standin.options import Options
from lab.portus_standin.registries import RegistryFields, create
from lab.portus_standin.tokens import (
    Asker,
    ScopeError,
    TokenKeyError,
    authorized_access,
    encode,
    find_registry,
    libtrust_kid,
    load_key,
)

OPTIONS = {
    1: Options({"PORTUS_MACHINE_FQDN_VALUE": "portus.test"}, 1),
    2: Options({"PORTUS_MACHINE_FQDN_VALUE": "portus.test"}, 2),
}


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """bcrypt at its lowest cost: the tests are about who gets in, not about how long guessing takes."""
    monkeypatch.setattr("lab.portus_standin.accounts._BCRYPT_COST", 4)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@dataclass
class World:
    """A registry with users: an administrator, an owner, a viewer of the owner's namespace, and a stranger."""

    session: Session
    registry: Registry

    def access(self, username: str | None, *scopes: str, generation: int = 2) -> dict[str, list[str]]:
        user = find_user(self.session, username) if username else None
        asker = Asker(self.session, self.registry, user, OPTIONS[generation])
        return {entry.name: entry.actions for entry in authorized_access(asker, list(scopes))}

    def user(self, username: str) -> User:
        user = find_user(self.session, username)
        assert user is not None
        return user


@pytest.fixture
def world() -> Iterator[World]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        create_user(session, NewUser("boss", "boss@portus.test", "password-1", admin=True))
        fields = RegistryFields("registry", "registry:5000", True, "registry.portus.test:8443")
        registry = create(session, fields, "unused", OPTIONS[2], force=True)
        for name in ("owner", "viewer", "stranger"):
            create_user(session, NewUser(name, f"{name}@portus.test", "password-1"))
        session.flush()
        found = World(session, registry)
        namespace = session.get_one(Namespace, found.user("owner").namespace_id)
        session.add(TeamUser(team=namespace.team, user=found.user("viewer"), role=Role.viewer))
        session.flush()
        yield found
    engine.dispose()


def test_kid_is_thirty_bytes_of_the_hash_of_the_public_key(key: rsa.RSAPrivateKey) -> None:
    kid = libtrust_kid(key)
    groups = kid.split(":")
    assert [len(group) for group in groups] == [4] * 12
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert base64.b32decode("".join(groups)) == hashlib.sha256(der).digest()[:30]


@pytest.mark.parametrize("generation", [1, 2])
def test_claims(key: rsa.RSAPrivateKey, generation: int) -> None:
    answer = encode(key, "owner", "registry:5000", [], OPTIONS[generation])
    token = str(answer["token"])
    claims = jwt.decode(token, key.public_key(), algorithms=["RS256"], audience="registry:5000")
    lifetime = 300 if generation == 1 else 900
    assert answer["expires_in"] == lifetime
    assert (claims["iss"], claims["sub"], claims["access"]) == ("portus.test", "owner", [])
    assert (claims["exp"] - claims["iat"], claims["iat"] - claims["nbf"]) == (lifetime, 5)
    assert jwt.get_unverified_header(token)["kid"] == libtrust_kid(key)
    assert set(jwt.get_unverified_header(token)) <= {"alg", "kid", "typ"}


def test_without_a_scope_there_is_no_access_claim(key: rsa.RSAPrivateKey) -> None:
    token = str(encode(key, None, None, None, OPTIONS[2])["token"])
    assert "access" not in jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize("content", [b"", b"not a key", b"ec"], ids=["empty", "text", "elliptic-curve"])
def test_only_rsa_keys_load(tmp_path: Path, content: bytes) -> None:
    if content == b"ec":
        content = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(TokenKeyError):
        load_key(tmp_path / "key")
    with pytest.raises(TokenKeyError):
        load_key(tmp_path / "absent")


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_both_pem_forms_load(tmp_path: Path, key: rsa.RSAPrivateKey, form: PrivateFormat) -> None:
    (tmp_path / "key").write_bytes(key.private_bytes(Encoding.PEM, form, NoEncryption()))
    assert libtrust_kid(load_key(tmp_path / "key")) == libtrust_kid(key)


@pytest.mark.parametrize(
    ("username", "granted"),
    [("boss", ["pull", "push"]), ("owner", ["pull", "push"]), ("viewer", ["pull"]), ("stranger", []), (None, [])],
)
def test_private_namespace(world: World, username: str | None, granted: list[str]) -> None:
    assert world.access(username, "repository:owner/app:pull,push").get("owner/app", []) == granted


@pytest.mark.parametrize(
    ("visibility", "username", "granted"),
    [
        (Visibility.protected, "stranger", ["pull"]),
        (Visibility.protected, None, []),
        (Visibility.public, "stranger", ["pull"]),
        (Visibility.public, None, ["pull"]),
    ],
)
def test_visibility(world: World, visibility: Visibility, username: str | None, granted: list[str]) -> None:
    world.session.get_one(Namespace, world.user("owner").namespace_id).visibility = visibility
    assert world.access(username, "repository:owner/app:pull,push").get("owner/app", []) == granted


def test_global_namespace_is_public_and_the_administrators(world: World) -> None:
    assert world.access(None, "repository:app:pull,push") == {"app": ["pull"]}
    assert world.access("owner", "repository:app:pull,push") == {"app": ["pull"]}
    assert world.access("boss", "repository:app:pull,push") == {"app": ["pull", "push"]}


def test_unknown_namespace_and_unknown_action_give_nothing(world: World) -> None:
    assert world.access("boss", "repository:nobody/app:pull,push") == {}
    assert world.access("boss", "repository:owner/app:conquer,,pull,") == {"owner/app": ["pull"]}


def test_any_question_of_the_policy_is_an_action(world: World) -> None:
    assert world.access("owner", "repository:owner/app:owner,destroy,viewer") == {"owner/app": ["owner", "destroy"]}


@pytest.mark.parametrize("username", [None, "stranger"])
@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        ("repository:owner/app:*,pull,push,delete", {"owner/app": ["pull", "push", "delete"]}),
        ("repository:nobody/app:*,push", {"nobody/app": ["push"]}),
        ("registry:catalog:x,*", {"catalog": ["x", "*"]}),
        ("registry:other:*", {"other": ["*"]}),
        ("repository:owner/app:push,*", {}),
        ("registry:catalog:*", {}),
    ],
)
def test_widened_scopes_are_granted_unless_the_patch_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch, username: str | None, scope: str, granted: dict[str, list[str]]
) -> None:
    assert world.access(username, scope) == granted
    monkeypatch.setattr("lab.portus_standin.tokens.mended", lambda patch: patch == "widened_scopes")
    assert world.access(username, scope) == {}
    assert world.access("owner", "repository:owner/app:*,pull") == {"owner/app": ["*", "pull"]}
    assert world.access("boss", "registry:catalog:*") == {"catalog": ["*"]}


def test_everything_means_deleting_since_the_second_generation(world: World) -> None:
    assert world.access("viewer", "repository:owner/app:*") == {}
    assert world.access("owner", "repository:owner/app:*") == {"owner/app": ["*"]}
    assert world.access("owner", "repository:owner/app:delete") == {"owner/app": ["delete"]}
    assert world.access("owner", "repository:owner/app:delete", generation=1) == {}


def test_catalog_is_the_administrators(world: World) -> None:
    assert world.access("boss", "registry:catalog:*") == {"catalog": ["*"]}
    assert world.access("owner", "registry:catalog:*") == {}
    assert world.access(None, "registry:catalog:*") == {}


def test_scopes_of_one_repository_are_joined(world: World) -> None:
    granted = world.access(
        "owner", "repository:owner/app:pull", "repository:owner/app:push,pull", "repository:app:pull"
    )
    assert granted == {"owner/app": ["pull", "push"], "app": ["pull"]}


@pytest.mark.parametrize("scope", ["repository:owner/app", "plugin:a:b", ""])
def test_scopes_of_another_form_are_refused(world: World, scope: str) -> None:
    with pytest.raises(ScopeError):
        world.access("boss", scope)


def test_service_may_be_the_external_hostname_since_the_second_generation(world: World) -> None:
    assert find_registry(world.session, "registry:5000", 1) is world.registry
    assert find_registry(world.session, "registry.portus.test:8443", 2) is world.registry
    assert find_registry(world.session, "registry.portus.test:8443", 1) is None
    assert find_registry(world.session, "elsewhere", 2) is None
