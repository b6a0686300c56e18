"""Who may do what by Portus' own documentation of its roles, and attempts on the token end point to judge by it.

Nothing here is read off Portus' code. Source: Portus' documentation, "Teams, namespaces and users" (a viewer pulls, a
contributor pulls and pushes, an owner does that and manages the team; a private namespace is its members', a protected
one can be pulled by all who are signed in, a public one by everybody) and "Removing images and tags" (owners and
administrators); Docker's token specification for the form of a scope; the registry's grammar of names.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from urllib.parse import quote

PULL, PUSH, DELETE, EVERYTHING = "pull", "push", "delete", "*"
ALL = frozenset((PULL, PUSH, DELETE))
_NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_PARTS = 3
_USUAL = 2 / 3

ROLES: dict[str, frozenset[str]] = {
    "viewer": frozenset((PULL,)),
    "contributor": frozenset((PULL, PUSH)),
    "owner": ALL,
}
CREW = {"alice": "owner", "bob": "contributor", "carol": "viewer"}
"""The members of the team that has the namespaces below."""
PERSONAL = {"alice": "alice", "bob": "bob", "carol": "carol", "dave_smith": "dave-smith"}
"""Personal namespace → whose it is."""
VISIBILITY = {"crew_private": "private", "crew_protected": "protected", "crew_public": "public"}
ADMINISTRATORS = ("admin", "portus")
NOBODY = ""
PEOPLE = ("alice", "bob", "carol", "dave-smith", "robot", "admin", NOBODY)


def rights(who: str, namespace: str | None, *, admins_make_namespaces: bool) -> frozenset[str]:
    """What somebody may do in a namespace; None is the global one, which everybody pulls from.

    ``admins_make_namespaces``: since 2.5 an administrator's push makes the namespace that is not there.
    """
    known = namespace is None or namespace in VISIBILITY or namespace in (*PERSONAL, "admin", "portus")
    if who in ADMINISTRATORS:
        return ALL if known or admins_make_namespaces else frozenset()
    if namespace is None:
        return ROLES["viewer"]
    if namespace in PERSONAL:
        return ALL if PERSONAL[namespace] == who else frozenset()
    seen = {"public": True, "protected": who != NOBODY}.get(VISIBILITY.get(namespace, ""), False)
    role = ROLES.get(CREW.get(who, ""), frozenset()) if namespace in VISIBILITY else frozenset()
    return role | (ROLES["viewer"] if seen else frozenset())


def granted(who: str, scopes: list[str], *, admins_make_namespaces: bool) -> dict[tuple[str, str], frozenset[str]]:
    """What a token may hold: (type, name) → actions. A scope in another form than Docker's has no action."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for scope in scopes:
        parts = scope.split(":", _PARTS - 1)
        if len(parts) != _PARTS:
            continue
        kind, name, asked = parts[0], parts[1], set(parts[2].split(","))
        if kind == "registry":
            allowed = asked & {EVERYTHING} if name == "catalog" and who in ADMINISTRATORS else set()
        elif kind == "repository" and _NAME.fullmatch(name):
            namespace = name.split("/")[0] if "/" in name else None
            may = rights(who, namespace, admins_make_namespaces=admins_make_namespaces)
            allowed = asked & (may | {EVERYTHING} if may == ALL else may)
        else:
            allowed = set()
        if allowed:
            found[kind, name] = found.get((kind, name), frozenset()) | allowed
    return found


@dataclass(frozen=True)
class Attempt:
    """One request for a token: who asks, by which way of signing in, and the rest of the query as it is sent."""

    who: str
    way: str
    path: str
    service: str
    account: str | None
    scopes: tuple[str, ...]
    encoding: str

    def query(self) -> str:
        """The query string."""
        parts = [f"service={quote(self.service, safe='')}"]
        parts += [f"scope={ENCODINGS[self.encoding](scope)}" for scope in self.scopes]
        if self.account is not None:
            parts.append(f"account={self.account}")
        return "&".join(parts)

    def heard(self) -> list[str]:
        """The scopes as the server reads them."""
        return [quote(scope, safe="") for scope in self.scopes] if self.encoding == "twice" else list(self.scopes)


ENCODINGS = {
    "plain": lambda scope: quote(scope, safe=":/,*"),
    "reserved": lambda scope: quote(scope, safe=""),
    "every letter": lambda scope: "".join(f"%{byte:02x}" for byte in scope.encode()),
    "twice": lambda scope: quote(quote(scope, safe=""), safe=""),
}
NAMES = (
    *("crew_private/app", "crew_protected/app", "crew_public/app", "alice/app", "dave_smith/a/b", "admin/secret"),
    *("app", "nowhere/app", "portus/app"),
    *(
        "CREW_PRIVATE/app",
        "crew_privat\u00e9/app",
        "crew_private /app",
        "/crew_private/app",
        "//app",
        "../alice/app",
        "",
    ),
)
ACTIONS = (
    *("pull", "push", "delete", "*", "pull,push", "push,pull,push", "pull,push,delete", "*,pull,push,delete"),
    *("pull,*", "delete,*,push", "*,*", "*,push", "all", "all,*", "PULL,Push", "show,owner,pull", "instance_of", ""),
    *(" pull", "pull ,push", ",,*,pull", "x,*", "pull repository:alice/app:push"),
)
CATALOG = tuple(
    f"registry:{name}:{actions}" for name in ("catalog", "other") for actions in ("*", "x,*", "*,x", "pull")
)
FORMS = ("once", "again", "each", "two names", "catalog", "another kind", "no actions")
ACCOUNTS = (None, "admin", "alice", "portus", "nobody")
WAYS = ("session", "session", "session", "password", "application token")


def _scopes(form: str, name: str, actions: str, chance: random.Random) -> tuple[str, ...]:
    scope = f"repository:{name}:{actions}"
    return {
        "once": (scope,),
        "again": (scope, scope),
        "each": tuple(f"repository:{name}:{action}" for action in actions.split(",")),
        "two names": (scope, f"repository:{chance.choice(NAMES[:7])}:{actions}"),
        "catalog": (chance.choice(CATALOG), scope),
        "another kind": (f"plugin:{name}:{actions}",),
        "no actions": (f"repository:{name}",),
    }[form]


def _usual_first(words: tuple[str, ...], chance: random.Random) -> str:
    """Two times of three one of the first eight, which are as they should be: what is refused too much is seen too."""
    return chance.choice(words[:8] if chance.random() < _USUAL else words[8:])


def attempts(count: int, services: Mapping[str, int], seed: int = 14) -> Iterator[Attempt]:
    """The same attempts every time: each action for everybody once, then by chance. ``services`` maps to weights."""
    chance = random.Random(seed)
    usual = next(iter(services))
    for who, actions in product(PEOPLE, ("*,pull,push,delete", "pull,push,delete,*")):
        yield Attempt(who, "session", "/v2/token", usual, None, (f"repository:crew_private/app:{actions}",), "plain")
    for who, scope in product((NOBODY, "alice", "admin"), CATALOG):
        yield Attempt(who, "session", "/v2/token", usual, None, (scope,), "plain")
    for _ in range(count):
        form = chance.choices(FORMS, weights=(12, 2, 2, 3, 3, 1, 1))[0]
        yield Attempt(
            chance.choice(PEOPLE),
            chance.choice(WAYS),
            chance.choices(("/v2/token", "/v2/token.json"), weights=(5, 1))[0],
            chance.choices(list(services), weights=list(services.values()))[0],
            chance.choice(ACCOUNTS),
            _scopes(form, _usual_first(NAMES, chance), _usual_first(ACTIONS, chance), chance),
            chance.choices(list(ENCODINGS), weights=(4, 2, 2, 1))[0],
        )
