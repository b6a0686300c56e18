"""The tokens that a registry accepts: RS256, libtrust key id, and the access that the asker has.

Sources: SUSE/Portus lib/portus/{jwt_token,auth_scope}.rb, app/controllers/api/v2/tokens_controller.rb,
app/models/{namespace,registry}/auth_scope.rb.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Namespace, Registry, User, Visibility
from .options import Options
from .policies import namespace_questions
from .releases import mended

_KID_BYTES = 30
_NOT_BEFORE_SECONDS = 5
_SCOPE_PARTS = 3
_NAMESPACES_THAT_ARE_NOT = (2, 5)
#: A repository's name by the registry's grammar (distribution's reference/regexp.go).
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_JWT_ID_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_JWT_ID_LENGTH = 42


class ScopeError(Exception):
    """A scope that Portus does not handle: the request is unauthorized."""


class TokenKeyError(Exception):
    """The token key cannot be used."""


@dataclass
class Access:
    """One entry of the claim `access`."""

    type: str
    name: str
    actions: list[str] = field(default_factory=list)


def load_key(path: Path) -> RSAPrivateKey:
    """The token key. Raises TokenKeyError when it cannot be read or is not RSA."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise TokenKeyError(f"{path}: {type(error).__name__}: cannot be read as a PEM key") from error
    if not isinstance(key, RSAPrivateKey):
        raise TokenKeyError(f"{path}: not an RSA key")
    return key


def libtrust_kid(key: RSAPrivateKey) -> str:
    """The key's id as the registry of the 2.x series computes it: base32 of 30 bytes of the hash of the public key."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = base64.b32encode(hashlib.sha256(der).digest()[:_KID_BYTES]).decode()
    return ":".join(text[start : start + 4] for start in range(0, len(text), 4))


def find_registry(session: Session, service: str, generation: int) -> Registry | None:
    """The registry that a service name means: its hostname, from 2.3 on also its external hostname."""
    registry = session.scalar(select(Registry).where(Registry.hostname == service))
    if registry is None and generation > 1:
        registry = session.scalar(select(Registry).where(Registry.external_hostname == service))
    return registry


@dataclass(frozen=True)
class Asker:
    """Who asks for a token for which registry; the user is None for everybody."""

    session: Session
    registry: Registry
    user: User | None
    options: Options


def authorized_access(asker: Asker, scopes: list[str]) -> list[Access]:
    """What Portus grants of what is asked; entries without an action left are dropped. Raises ScopeError.

    Portus asks its policies about less than it grants (namespace/auth_scope.rb:26, registry/auth_scope.rb:12): with `*`
    first about `all?` only, of another registry scope than the catalog's about nothing; and a refusal takes the refused
    action away (tokens_controller.rb:82), not those that nobody asked about.
    """
    granted: dict[tuple[str, str], Access] = {}
    for scope in scopes:
        parts = scope.split(":", _SCOPE_PARTS - 1)
        if len(parts) != _SCOPE_PARTS:
            raise ScopeError("Wrong format for scope string")
        kind, name, asked = parts[0], parts[1], _split(parts[2])
        if kind not in ("repository", "registry"):
            raise ScopeError(f"Scope not handled: {kind}")
        judge = _careful if mended("widened_scopes") else _careless
        if actions := judge(asker, kind, name, asked):
            entry = granted.setdefault((kind, name), Access(kind, name))
            entry.actions += [action for action in actions if action not in entry.actions]
    return list(granted.values())


def _split(actions: str) -> list[str]:
    """Like Ruby's split: empty texts at the end do not count."""
    found = actions.split(",")
    while found and not found[-1]:
        found.pop()
    return found


def _careless(asker: Asker, kind: str, name: str, asked: list[str]) -> list[str]:
    """As Portus does it."""
    everything = asked[:1] == ["*"]
    if kind == "registry":
        judged = ["all"] if name == "catalog" and everything else []
        refused = [action for action in judged if not (asker.user and asker.user.admin)]
    else:
        judged = ["all"] if everything else asked
        namespace = _namespace(asker, name)
        questions = namespace_questions(asker.user, namespace, asker.options) if namespace else {}
        refused = [action for action in judged if not questions.get(action, False)]
    gone = {"*" if action == "all" else action for action in refused}
    return [action for action in asked if action not in gone]


def _careful(asker: Asker, kind: str, name: str, asked: list[str]) -> list[str]:
    """As the patch widened_scopes does it: every action that is granted was asked about."""
    unique = list(dict.fromkeys(asked))
    if kind == "registry":
        allowed = bool(asker.user and asker.user.admin and name == "catalog")
        return [action for action in unique if action == "*" and allowed]
    namespace = _namespace(asker, name) if _REPOSITORY.fullmatch(name) else None
    if namespace is None or ("/" in name and namespace.name != name.split("/", maxsplit=1)[0]):
        return []
    questions = namespace_questions(asker.user, namespace, asker.options)
    needed = {"pull": ["pull"], "push": ["push"], "delete": ["delete"], "*": ["pull", "push", "all"]}
    return [a for a in unique if a in needed and all(questions.get(each, False) for each in needed[a])]


def _namespace(asker: Asker, name: str) -> Namespace | None:
    """The namespace of a repository; since 2.5 one that does not exist is as good as an empty private one."""
    query = select(Namespace).where(Namespace.registry_id == asker.registry.id)
    first = name.split("/", maxsplit=1)[0] if "/" in name else ""
    if not first:
        return asker.session.scalar(query.where(Namespace.is_global.is_(True)))
    found = asker.session.scalar(query.where(Namespace.name == first))
    if found is None and asker.options.release >= _NAMESPACES_THAT_ARE_NOT:
        with asker.session.no_autoflush:
            return Namespace(name=first, is_global=False, visibility=Visibility.private, team=None)
    return found


def encode(
    key: RSAPrivateKey, account: str | None, service: str | None, access: list[Access] | None, options: Options
) -> dict[str, object]:
    """The answer of the token endpoint. Without any scope asked there is no claim `access`."""
    issued_at = int(time.time())
    lifetime = options.integer("registry.jwt_expiration_time.value") * 60
    claims: dict[str, object] = {
        "iss": options.text("machine_fqdn.value"),
        "sub": account,
        "aud": service,
        "iat": issued_at,
        "nbf": issued_at - _NOT_BEFORE_SECONDS,
        "exp": issued_at + lifetime,
        "jti": "".join(secrets.choice(_JWT_ID_ALPHABET) for _ in range(_JWT_ID_LENGTH)),
    }
    if access is not None:
        claims["access"] = [{"type": entry.type, "name": entry.name, "actions": entry.actions} for entry in access]
    token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": libtrust_kid(key)})
    issued = datetime.fromtimestamp(issued_at, timezone.utc).isoformat().replace("+00:00", "Z")
    return {"token": token, "expires_in": lifetime, "issued_at": issued}
