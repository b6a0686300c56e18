"""Secrets made by the random provider: enough of them, of the right kind, one for each use."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from ..resource import Resource, Stack
from ..roles import CONTAINER
from ..rule import ADVISORY, HIGH, LOW, MANDATORY, MEDIUM, About, rule, stack_rule
from ..secret_text import known_default, secret_name, secret_text
from ..values import Bad, Node, Unseen, Verdicts, demand, forbid, number_of
from .certificates import PLAIN_SECRETS, secrets_behind

PASSWORD, BYTES = "random:index/randomPassword:RandomPassword", "random:index/randomBytes:RandomBytes"
_NOT_SECRET = tuple(
    f"random:index/random{kind}:Random{kind}" for kind in ("String", "Id", "Uuid", "Uuid4", "Uuid7", "Pet", "Integer")
)
GENERATORS = (PASSWORD, BYTES, *_NOT_SECRET)
_LEAST_BITS, _LEAST_BYTES = 128, 16
_SESSION_KEY_BITS, _SESSION_KEY_BYTES = 512, 64
_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_UNSAFE = set("'\"`$\\@/#:%& ")


def bits(password: Resource) -> float:
    """Entropy of a RandomPassword, bits."""
    special = password.at("overrideSpecial").text or _SPECIAL
    alphabet = sum(
        size
        for name, size in (("lower", 26), ("upper", 26), ("numeric", 10), ("special", len(set(special))))
        if password.at(name).value is not False and password.at(name).value != "false"
    )
    return (password.at("length").number or 0) * math.log2(max(alphabet, 1))


@rule(
    *("R01", "rnd-entropy", "secrets that cannot be guessed", MANDATORY, HIGH),
    reason="a short secret is found by trying",
    fix="`length: 40`; RandomBytes: `length: 32`",
    source="NIST SP 800-63B",
    types=(PASSWORD, BYTES),
)
def entropy(secret: Resource) -> Verdicts:
    length = secret.at("length")
    if secret.type == BYTES:
        yield from demand(length, lambda value: (number_of(value) or 0) >= _LEAST_BYTES)
    else:
        yield from forbid(length, lambda value: bits(secret) < _LEAST_BITS)


@stack_rule(
    *("R02", "rnd-secret-generators", "secrets from generators that keep them secret", MANDATORY, HIGH),
    reason="the outputs of RandomString, RandomId and the like stand in plain text in state and diffs",
    fix="RandomPassword or RandomBytes",
    source="random provider's schema",
)
def secret_generators(stack: Stack) -> Iterator[About]:
    for holder in stack.of_type(*PLAIN_SECRETS):
        for source in secrets_behind(stack, holder):
            if source.type in _NOT_SECRET and (secret_name(source.name) or holder.type != CONTAINER):
                yield About(source, Bad("", f"{holder.name} takes a secret from it"))


def _role_of_secret(name: str) -> str:
    return name.replace("_", "-").lower()


@stack_rule(
    *("R03", "rnd-session-key", "a session key of 64 bytes", MANDATORY, HIGH),
    reason="with a guessed SECRET_KEY_BASE everybody signs in as everybody",
    fix="RandomPassword of 128 letters and digits, or RandomBytes of 64",
    source="Rails `secret`",
)
def session_key(stack: Stack) -> Iterator[About]:
    for secret in stack.of_type(PASSWORD, BYTES):
        name = _role_of_secret(secret.name)
        if any(word in name for word in ("session-key", "secret-key-base", "secretkeybase")):
            length = secret.at("length")
            if length.unknown:
                yield About(secret, Unseen(length.path))
            elif (secret.type == BYTES and (length.number or 0) < _SESSION_KEY_BYTES) or (
                secret.type == PASSWORD and bits(secret) < _SESSION_KEY_BITS
            ):
                yield About(secret, Bad(length.path))


@stack_rule(
    *("R04", "rnd-distinct", "one secret, one purpose", MANDATORY, HIGH),
    reason="a secret that opens two doors is lost twice",
    fix="a generator for each secret",
    source="good practice",
)
def distinct(stack: Stack) -> Iterator[About]:
    """Seen by their bytes, which are there at `up` and in the state."""
    for holder in stack.of_type(*PLAIN_SECRETS):
        by_name = _secrets_of(holder)
        values: dict[str, list[str]] = defaultdict(list)
        for node in by_name.values():
            if node.unknown:
                yield About(holder, Unseen(node.path))
            elif node.text:
                values[node.text].append(node.path)
        for paths in values.values():
            for path in paths[1:]:
                yield About(holder, Bad(path, "the same secret as another one"))


def _secrets_of(holder: Resource) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for upload in holder.at("uploads").each():
        name = upload.at("file").text.rpartition("/")[2].rpartition(".")[0] or upload.at("file").text.rpartition("/")[2]
        if secret_name(name.replace("-", "_")):
            found[name] = upload.at("content")
    for place in ("data", "stringData"):
        for name, node in holder.at(place).entries():
            if secret_name(name.replace("-", "_").replace(".", "_")):
                found[f"{place}.{name}"] = node
    return found


@rule(
    *("R05", "rnd-keepers", "no secret among keepers", MANDATORY, HIGH),
    reason="keepers stand in plain text in the state",
    fix="a version, a date or a hash",
    source="random provider's documentation",
    types=GENERATORS,
)
def keepers(generator: Resource) -> Verdicts:
    for name, node in generator.at("keepers").entries():
        yield from forbid(
            node,
            lambda value: (
                secret_text(str(value or "")) or known_default(str(value or "")) or (secret_name(name) and value)
            ),
        )


@rule(
    *("R06", "rnd-charset", "letters that nothing has to quote", ADVISORY, LOW),
    reason="Portus pastes the password into YAML, and a connection string ends at an @",
    fix="`special: false` with a longer `length`",
    source="SUSE/Portus config/database.yml",
    types=(PASSWORD,),
)
def charset(password: Resource) -> Verdicts:
    name = _role_of_secret(password.name)
    if any(word in name for word in ("database", "mariadb", "mysql", "-db-")) and password.inside_component:
        yield from forbid(
            password.at("special"),
            lambda value: value is not False and set(password.at("overrideSpecial").text or _SPECIAL) & _UNSAFE,
        )


@stack_rule(
    *("R07", "rnd-protect", "passwords live as long as the data that they open", MANDATORY, MEDIUM),
    reason="a new password does not open an old database",
    fix="`protect: true` on passwords of the database when its volume has it",
    source="peers' experience",
)
def protect(stack: Stack) -> Iterator[About]:
    stateful = (
        "docker:index/volume:Volume",
        "kubernetes:core/v1:PersistentVolumeClaim",
        "kubernetes:apps/v1:StatefulSet",
    )
    kept = [each for each in stack.of_type(*stateful) if each.options.protect and "database" in each.name]
    for password in stack.of_type(PASSWORD):
        guarded = any(
            volume.name.partition("-database")[0] == password.name.partition("-database")[0] for volume in kept
        )
        if "database" in password.name and guarded and not password.options.protect:
            yield About(password, Bad("protect"))
