"""The tokens that a registry accepts: RS256, libtrust key id, and the access that the asker has.

Sources: SUSE/Portus lib/portus/{jwt_token,auth_scope}.rb, app/controllers/api/v2/tokens_controller.rb,
app/models/{namespace,registry}/auth_scope.rb.
"""

from __future__ import annotations

import base64
import hashlib
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

from .models import Namespace, Registry, User
from .options import Options
from .policies import may_do_everything, may_pull, may_push

_KID_BYTES = 30
_NOT_BEFORE_SECONDS = 5
_SCOPE_PARTS = 3
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
    """What the asker may do of what is asked; entries without an action left are dropped. Raises ScopeError."""
    granted: dict[tuple[str, str], Access] = {}
    for scope in scopes:
        parts = scope.split(":", _SCOPE_PARTS - 1)
        if len(parts) != _SCOPE_PARTS:
            raise ScopeError("Wrong format for scope string")
        kind, name, asked = parts[0], parts[1], parts[2].split(",")
        if kind == "repository":
            actions = _repository_actions(asker, name, asked)
        elif kind == "registry":
            actions = _registry_actions(asker.user, name, asked)
        else:
            raise ScopeError(f"Scope not handled: {kind}")
        if actions:
            entry = granted.setdefault((kind, name), Access(kind, name))
            entry.actions += [action for action in actions if action not in entry.actions]
    return list(granted.values())


def _repository_actions(asker: Asker, name: str, asked: list[str]) -> list[str]:
    query = select(Namespace).where(Namespace.registry_id == asker.registry.id)
    in_global = Namespace.is_global.is_(True)
    namespace = asker.session.scalar(
        query.where(Namespace.name == name.split("/", maxsplit=1)[0] if "/" in name else in_global)
    )
    if namespace is None:
        return []
    user, options = asker.user, asker.options
    everything = may_do_everything(user, namespace, options)
    if asked[0] == "*":
        return asked if everything else [action for action in asked if action != "*"]
    allowed = {"pull": may_pull(user, namespace), "push": may_push(user, namespace, options)}
    if options.generation > 1:
        allowed["delete"] = everything
    return [action for action in asked if allowed.get(action, False)]


def _registry_actions(user: User | None, name: str, asked: list[str]) -> list[str]:
    """The catalog is the administrators'; like Portus this filters nothing else of this kind."""
    if name == "catalog" and asked[0] == "*" and not (user and user.admin):
        return [action for action in asked if action != "*"]
    return asked


def encode(
    key: RSAPrivateKey, account: str | None, service: str | None, access: list[Access] | None, options: Options
) -> dict[str, object]:
    """The answer of the token endpoint. Without any scope asked there is no claim `access`."""
    issued_at = int(time.time())
    lifetime = options.integer("registry.jwt_expiration_time.value") * 60
    claims: dict[str, object] = {
        "iss": options.text("machine_fqdn.value"),
        "sub": account or "",
        "aud": service or "",
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
