"""Whatever is asked for, in whatever form and by whomever: granted is what Portus' documentation of its roles gives."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import product
from typing import cast

import pytest

from tests.contract.portus.rights import NOBODY, PEOPLE, PUSH, Attempt, attempts, granted
from tests.contract.portus.world import PASSWORD, PUBLIC_REGISTRY, RELEASE, Json, World, claims, source
from tests.contract.standin_settings import FQDN, REGISTRY_NAME
from tests.portus_image import is_original

pytestmark = pytest.mark.engine

COUNT = 240
SERVICES = {REGISTRY_NAME: 8, PUBLIC_REGISTRY: 2, "elsewhere:5000": 1}
_PORT = 3000
_TIMEOUT_SECONDS = 60
_SAID = {200, 400, 401}
_NO_SUBJECT = (None, "")


@dataclass
class Line:
    """Sends a query letter by letter as it is given; no cookie is kept that is not handed in."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.address = self.world.lab.address(self.world.portus)
        self.trust = ssl.create_default_context(cafile=str(self.world.lab.folder / "ca/ca.crt"))
        self.trust.check_hostname = False  # the name is portus.test, the address is the container's

    def cookie(self, who: str) -> str:
        """The cookies of somebody who signed in by the form."""
        if who not in self.cookies:
            client = self.world.client(f"cookies-of-{who}")
            self.world.sign_in(who, client=client)
            lines = (client.folder / "jar").read_text().splitlines()
            fields = [line.removeprefix("#HttpOnly_").split("\t") for line in lines]
            self.cookies[who] = "; ".join(f"{one[5]}={one[6]}" for one in fields if len(one) > 6)
        return self.cookies[who]

    def headers(self, who: str, way: str) -> dict[str, str]:
        """How somebody shows who he is."""
        if who == NOBODY:
            return {}
        if way == "session":
            return {"Cookie": self.cookie(who)}
        if way == "application token" and who not in self.tokens:
            self.tokens[who] = self.world.admin_token if who == "admin" else self.world.add_token(who).split(":")[1]
        password = self.tokens[who] if way == "application token" else PASSWORD
        return {"Authorization": "Basic " + base64.b64encode(f"{who}:{password}".encode()).decode()}

    def ask(self, method: str, target: str, headers: dict[str, str], body: object = None) -> tuple[int, bytes]:
        """Status and body."""
        sent = {"Host": f"{FQDN}:{_PORT}", **headers}
        content = None
        if body is not None:
            content = json.dumps(body)
            sent["Content-Type"] = "application/json"
        with closing(
            http.client.HTTPSConnection(self.address, _PORT, timeout=_TIMEOUT_SECONDS, context=self.trust)
        ) as connection:
            connection.request(method, target, content, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()


@pytest.fixture(scope="session")
def line(world: World) -> Line:
    """The way to the Portus of a set-up."""
    return Line(world)


Access = dict[tuple[str, str], frozenset[str]]


def answered(line: Line, attempt: Attempt) -> tuple[int, Access, object]:
    """Status, what was granted, and to whom."""
    target = f"{attempt.path}?{attempt.query()}"
    status, body = line.ask("GET", target, line.headers(attempt.who, attempt.way))
    if status != 200:
        return status, {}, None
    found = claims(str(cast(Json, json.loads(body))["token"]))
    access: Access = {}
    for entry in found.get("access") or []:
        key = (entry["type"], entry["name"])
        access[key] = access.get(key, frozenset()) | frozenset(entry["actions"])
    return status, access, found["sub"]


def expected(attempt: Attempt) -> Access:
    """What the documentation gives."""
    if attempt.service not in (REGISTRY_NAME, PUBLIC_REGISTRY):
        return {}
    return granted(attempt.who, attempt.heard(), admins_make_namespaces=RELEASE >= (2, 5))


def differences(line: Line, count: int = COUNT) -> list[tuple[Attempt, str]]:
    """Every attempt whose answer is another one than the documentation's."""
    found = []
    for attempt in attempts(count, SERVICES):
        status, access, subject = answered(line, attempt)
        wanted = expected(attempt)
        if access != wanted:
            found.append((attempt, f"{status}: {access}, not {wanted}"))
        elif status not in _SAID:
            found.append((attempt, f"{status}"))
        elif status == 200 and subject not in ((attempt.who,) if attempt.who else _NO_SUBJECT):
            found.append((attempt, f"subject {subject}"))
    return found


@source(
    "app/models/namespace/auth_scope.rb:26",
    "app/models/registry/auth_scope.rb:12",
    "app/controllers/api/v2/tokens_controller.rb:35",
)
def test_token_holds_what_the_roles_give_and_nothing_else(world: World, line: Line) -> None:
    mended = world.mended("widened_scopes") and world.mended("token_subject")
    found = differences(line, COUNT if mended else COUNT // 8)
    told = "\n".join(f"{why}: {attempt}" for attempt, why in found)
    if mended:
        assert not found, told
    else:
        wide = [attempt for attempt, why in found if attempt.who == NOBODY and f"'{PUSH}'" in why]
        assert wide, f"the attempts do not find that anybody may push\n{told}"
        assert [why for _, why in found if why.startswith("subject")], f"nor that subjects are forged\n{told}"


# Application tokens.


def _own(line: Line, who: str) -> int:
    return line.world.people[who].id


def foreign(line: Line) -> Iterator[tuple[str, str, str, int]]:
    """Who asks, how, whose tokens in which spelling, and their owner's id."""
    for who, method, owner in product(("alice", "dave-smith", "robot", NOBODY), ("GET", "POST"), (1, 2, None)):
        number = _own(line, "carol") if owner is None else owner
        for spelling in (f"{number}", f"{number}.json", f"0{number}", f"{number}%20", f"%3{number}"[:4]):
            yield who, method, spelling, number


@source("lib/api/v1/application_tokens.rb:31", "lib/api/helpers/application_tokens.rb:13")
def test_application_tokens_are_their_owners(world: World, line: Line) -> None:
    """Ids 1 and 2 are the hidden user's and the administrator's."""
    opened = []
    for who, method, spelling, owner in foreign(line):
        name = spelling.removesuffix(".json")
        suffix = ".json" if name != spelling else ""
        body = {"application": f"x-{method}-{who}-{spelling}"} if method == "POST" else None
        headers = line.headers(who, "session")
        status, text = line.ask(method, f"/api/v1/users/{name}/application_tokens{suffix}", headers, body)
        if status < 300:
            opened.append((who, method, spelling, owner))
            _remove(line, text)
        elif world.mended("foreign_tokens"):
            assert status in (400, 401, 403, 404), f"{who} {method} {spelling}: {status} {text!r}"
    if world.mended("foreign_tokens"):
        assert opened == []
    else:
        assert {method for _, method, _, _ in opened} == {"GET", "POST"}
        assert NOBODY not in {who for who, _, _, _ in opened}


def _remove(line: Line, made: bytes) -> None:
    """A user has at most five."""
    found = json.loads(made)
    if isinstance(found, dict) and "plain_token" in found:
        line.world.lab.sql(f"DELETE FROM application_tokens WHERE id = {int(found['id'])}")


@source("app/policies/application_token_policy.rb:11", "app/views/admin/users/edit.html.slim:21")
@pytest.mark.parametrize("who", ["alice", "admin"])
def test_own_application_tokens_and_an_administrators_for_bots(world: World, line: Line, who: str) -> None:
    headers = line.headers(who, "session")
    wanted = {who: True, "robot": who == "admin", "bob": False}
    for owner, allowed in wanted.items():
        path = f"/api/v1/users/{_own(line, owner)}/application_tokens"
        if not allowed and not world.mended("foreign_tokens"):
            continue
        status, text = line.ask("POST", path, headers, {"application": f"by-{who}"})
        assert status == (201 if allowed else 403), f"{who} for {owner}: {status} {text!r}"
        listed, _ = line.ask("GET", path, headers)
        assert listed == (200 if allowed else 403)
        if allowed:
            deleted, _ = line.ask("DELETE", f"/api/v1/users/application_tokens/{json.loads(text)['id']}", headers)
            assert deleted == 204


@source("app/policies/application_token_policy.rb:11")
def test_nobody_deletes_somebody_elses_application_token(world: World, line: Line) -> None:
    kept = world.add_token("carol").split(":")[1]
    rows = world.lab.sql(f"SELECT id FROM application_tokens WHERE user_id = {_own(line, 'carol')}")
    for who in ("alice", "dave-smith", NOBODY):
        for (identity,) in rows:
            path = f"/api/v1/users/application_tokens/{identity}"
            status, _ = line.ask("DELETE", path, line.headers(who, "session"))
            assert status == (401 if who == NOBODY else 403)
    assert world.api("GET", "/namespaces", token=f"carol:{kept}").status == 200


# The rest of the API.

REFUSED = (
    *(("GET", path) for path in ("/users", "/users/2", "/registries", "/tags")),
    *(("POST", path) for path in ("/users", "/registries", "/vulnerabilities", "/vulnerabilities/1")),
    *(("PUT", path) for path in ("/users/2", "/registries/1")),
    ("DELETE", "/users/2"),
    *(("GET", f"/namespaces/{{private}}{rest}") for rest in ("", "/repositories")),
    *((method, "/namespaces/{private}") for method in ("PUT", "DELETE")),
    *(("GET", f"/teams/{{team}}{rest}") for rest in ("", "/members", "/namespaces")),
    ("PUT", "/teams/{team}"),
    ("POST", "/teams/{team}/members"),
    *((method, "/teams/{team}/members/{member}") for method in ("PUT", "DELETE")),
    *((method, "/repositories/{repository}") for method in ("GET", "DELETE")),
    *(("GET", f"/repositories/{{repository}}/tags{rest}") for rest in ("", "/grouped")),
)
"""What neither an outsider nor anybody without an account may do."""
NOT_IN_THE_STAND_IN = {
    *(("POST", path) for path in ("/vulnerabilities", "/vulnerabilities/1")),
    ("PUT", "/teams/{team}"),
    *((method, "/teams/{team}/members/{member}") for method in ("PUT", "DELETE")),
}
BODIES: dict[str, object] = {
    "/users": {"user": {"username": "evil", "email": "evil@portus.test", "password": PASSWORD}},
    "/users/2": {"user": {"email": "evil@portus.test"}},
    "/registries": {"registry": {"name": "evil", "hostname": "evil:5000", "use_ssl": False}},
    "/registries/1": {"registry": {"hostname": "evil:5000"}},
    "/namespaces/{private}": {"namespace": {"team": "crew", "visibility": "public"}},
    "/teams/{team}": {"team": {"description": "evil"}},
    "/teams/{team}/members": {"role": "owner", "user": "dave-smith"},
    "/teams/{team}/members/{member}": {"role": "viewer"},
}


@source("app/policies/namespace_policy.rb:18", "app/policies/team_policy.rb:12", "lib/api/helpers.rb:35")
@pytest.mark.parametrize("who", ["dave-smith", NOBODY])
def test_outsider_does_nothing_by_the_api(world: World, line: Line, who: str) -> None:
    (team,) = world.lab.sql("SELECT id FROM teams WHERE name = 'crew'")[0]
    place = {
        "team": team,
        "private": world.namespace_id("crew_private"),
        "member": world.lab.sql(f"SELECT id FROM team_users WHERE team_id = {team} AND role = 0")[0][0],
        "repository": world.add_repository("crew_private", f"kept-{len(who)}"),
    }
    headers = line.headers(who, "session")
    # Sign-ins, the hidden user's too, are noted in the users' rows.
    users = "SELECT id, username, email, encrypted_password, admin, enabled, bot FROM users ORDER BY id"
    tables = ("registries", "namespaces", "teams", "team_users", "repositories")
    everything = [users, *(f"SELECT * FROM {table} ORDER BY id" for table in tables)]
    before = [world.lab.sql(one) for one in everything]
    for method, path in REFUSED:
        body = BODIES.get(path) if method in ("POST", "PUT") else None
        status, text = line.ask(method, f"/api/v1{path.format(**place)}", headers, body)
        wanted = {401 if who == NOBODY else 403}
        if (method, path) in NOT_IN_THE_STAND_IN and not is_original(2):
            wanted = {404, 405}
        assert status in wanted, f"{who} {method} {path}: {status} {text!r}"
    assert [world.lab.sql(one) for one in everything] == before


@source("app/policies/namespace_policy.rb:11")
@pytest.mark.parametrize("who", [one for one in PEOPLE if one not in (NOBODY, "robot")])
def test_members_see_what_is_theirs(world: World, line: Line, who: str) -> None:
    path = f"/api/v1/namespaces/{world.namespace_id('crew_private')}"
    status, _ = line.ask("GET", path, line.headers(who, "session"))
    assert status == (403 if who == "dave-smith" else 200)
