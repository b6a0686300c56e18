"""Portus' own API: who gets in, and what it refuses."""

from __future__ import annotations

from typing import cast

import pytest

from tests.contract.portus.world import (
    API,
    HIDDEN,
    PASSWORD,
    PUBLIC_REGISTRY,
    RELEASE,
    TEAM,
    Json,
    World,
    source,
)
from tests.contract.standin_settings import REGISTRY_NAME

pytestmark = pytest.mark.engine


def message(answer: object) -> object:
    return cast(Json, answer)["message"]


@source("lib/api/helpers.rb:44", "lib/portus/auth_from_token.rb:12")
def test_only_sessions_and_application_tokens_count(world: World) -> None:
    client, failures = world.client("stranger"), "SELECT failed_attempts FROM users WHERE username = 'alice'"
    before = world.lab.sql(failures)
    assert client.get(f"{API}/namespaces").status == 401
    assert client.get(f"{API}/namespaces", "--user", f"alice:{PASSWORD}").status == 401
    for header in ("alice:wrong", "alice:", "alice", f"alice:{PASSWORD}", "nobody:x", ":"):
        assert client.get(f"{API}/namespaces", "--header", f"Portus-Auth: {header}").status == 401, header
    assert world.lab.sql(failures) == before


@source("lib/api/v1/health.rb:11")
def test_ping_and_health_are_everybodys(world: World) -> None:
    client = world.client("stranger")
    assert client.get(f"{API}/_ping").status == 200
    health = client.get(f"{API}/health")
    assert (health.status, cast(Json, health.json())["registry"]["success"]) == (200, True)


@source("lib/api/helpers.rb:35")
@pytest.mark.parametrize("path", ["/users", "/registries", "/tags", "/users/1"])
def test_administrators_end_points_are_closed_for_users(world: World, path: str) -> None:
    assert world.session("alice", "GET", path).status == 403
    assert world.api("GET", path).status == 200


@source("lib/api/v1/teams.rb:26", "lib/api/entities.rb:235")
def test_teams_for_a_session_are_an_error(world: World) -> None:
    assert [team["name"] for team in world.get("/teams")] == [TEAM]
    answer = world.session("alice", "GET", "/teams")
    assert answer.status == 500, answer.text


@source("lib/api/v1/application_tokens.rb:53", "lib/api/v1/application_tokens.rb:29")
def test_anybody_makes_application_tokens_for_anybody(world: World) -> None:
    closed = world.mended("foreign_tokens")
    hidden = int(world.lab.sql(f"SELECT id FROM users WHERE username = '{HIDDEN}'")[0][0])
    for victim in (hidden, world.people["alice"].id):
        path = f"/users/{victim}/application_tokens"
        answer = world.session("dave-smith", "POST", path, {"application": "foreign"})
        assert answer.status == (403 if closed else 201), answer.text
        assert world.session("dave-smith", "GET", path).status == (403 if closed else 200)
        if not closed:
            name = HIDDEN if victim == hidden else "alice"
            token = f"{name}:{cast(Json, answer.json())['plain_token']}"
            assert world.api("GET", "/users", token=token).status == (200 if victim == hidden else 403)
    world.lab.sql("DELETE FROM application_tokens WHERE application = 'foreign'")


@source("app/policies/application_token_policy.rb:13", "lib/api/v1/application_tokens.rb:71")
def test_administrator_manages_a_bots_tokens(world: World) -> None:
    path = f"/users/{world.people['robot'].id}/application_tokens"
    answer = world.api("POST", path, {"application": "run"})
    assert answer.status == 201, answer.text
    identity = cast(Json, answer.json())["id"]
    assert world.session("alice", "DELETE", f"/users/application_tokens/{identity}").status == 403
    assert world.api("DELETE", f"/users/application_tokens/{identity}").status == 204


@source("app/models/application_token.rb:23", "app/models/application_token.rb:20")
def test_five_application_tokens_with_names_of_their_own(world: World) -> None:
    person = world.add("rita")
    path = f"/users/{person.id}/application_tokens"
    statuses = [world.session("rita", "POST", path, {"application": f"number-{n}"}).status for n in (1, 1, 2, 3, 4, 5)]
    assert statuses == [201, 422, 201, 201, 201, 201]
    answer = world.session("rita", "POST", path, {"application": "number-6"})
    assert answer.status == 422
    assert message(answer.json()) == {"base": ["Users cannot have more than 5 application tokens"]}


@source("app/policies/repository_policy.rb:57", "app/policies/repository_policy.rb:16")
def test_protected_repositories_are_shown_to_outsiders_but_not_listed(world: World) -> None:
    made = {kind: world.add_repository(f"crew_{kind}", "listed") for kind in ("private", "protected", "public")}
    seen = {
        who: {one["id"] for one in cast(list[Json], world.session(who, "GET", "/repositories?all=true").json())}
        for who in ("carol", "dave-smith")
    }
    assert set(made.values()) <= seen["carol"]
    assert seen["dave-smith"] & set(made.values()) == {made["public"]}
    shown = {kind: world.session("dave-smith", "GET", f"/repositories/{made[kind]}").status for kind in made}
    assert shown == {"private": 403, "protected": 200, "public": 200}
    world.lab.sql("DELETE FROM repositories WHERE name = 'listed'")


@source("app/policies/namespace_policy.rb:62", "app/services/namespaces/build_service.rb:22")
def test_creating_a_namespace_needs_the_right_to_push(world: World) -> None:
    def create(who: str, name: str, team: str = TEAM) -> int:
        return world.session(who, "POST", "/namespaces", {"name": name, "team": team}).status

    assert [create(who, "new_one") for who in ("dave-smith", "carol", "bob", "bob")] == [403, 403, 201, 422]
    assert create("bob", "alice") == 422
    assert create("bob", "UPPER") == 422
    assert create("bob", "new_two", "nobodys") == 404


@source("app/services/namespaces/update_service.rb:32", "lib/api/v1/namespaces.rb:134")
def test_visibility_is_the_owners_and_what_changes_nothing_is_refused(world: World) -> None:
    path = f"/namespaces/{world.namespace_id('crew_private')}"

    def change(who: str, **fields: str) -> int:
        return world.session(who, "PUT", path, {"namespace": fields}).status

    assert [change(who, visibility="protected") for who in ("carol", "bob", "alice")] == [403, 403, 200]
    assert change("alice", visibility="private") == 200
    assert change("alice", visibility="sideways") == 422
    assert change("alice", description="for the crew") == 200
    assert change("alice", description="for the crew") == 422
    shared = f"/namespaces/{world.namespace_id('portus_global_namespace_1')}"
    assert world.api("PUT", shared, {"namespace": {"visibility": "private"}}).status == 422


@source("app/services/registries/update_service.rb:22", "app/services/registries/create_service.rb:26")
def test_host_name_of_the_registry_must_not_be_named_once_there_are_repositories(world: World) -> None:
    (registry,) = world.get("/registries")
    path = f"/registries/{registry['id']}"
    world.lab.sql("DELETE FROM repositories WHERE name = 'anchor'")
    repository = world.add_repository("crew_private", "anchor")
    answer = world.api("PUT", path, {"registry": {"external_hostname": "other.portus.test"}})
    assert (answer.status, cast(Json, answer.json())["external_hostname"]) == (200, "other.portus.test")
    same = {"hostname": REGISTRY_NAME, "external_hostname": "third.portus.test"}
    refused = world.api("PUT", path, {"registry": same})
    assert refused.status == 422
    assert message(refused.json()) == {"hostname": ["Registry is not empty, cannot change hostname"]}
    assert world.api("PUT", path, {"registry": {"external_hostname": PUBLIC_REGISTRY}}).status == 200
    world.lab.sql(f"DELETE FROM repositories WHERE id = {repository}")
    second = {"name": "second", "hostname": "elsewhere:5000", "use_ssl": True}
    answer = world.api("POST", "/registries", {"registry": second})
    assert (answer.status, message(answer.json())) == (422, {"uniqueness": ["You can only create one registry"]})


@source("lib/api/v1/users.rb:168", "app/models/user.rb:106")
def test_users_that_are_refused(world: World) -> None:
    taken = {"username": "alice", "email": "new@portus.test", "password": PASSWORD}
    answer = world.api("POST", "/users", {"user": taken})
    assert (answer.status, message(answer.json())) == (422, {"username": ["has already been taken"]})
    short = {"username": "sam", "email": "no address", "password": "short"}
    answer = world.api("POST", "/users", {"user": short})
    assert answer.status == 422 and set(cast(Json, message(answer.json()))) == {"email", "password"}
    assert world.api("POST", "/users", {"user": {"username": "sam"}}).status == 400
    assert world.api("POST", "/users/bootstrap", {"user": taken}, token="").status == 400
    hidden = world.lab.sql(f"SELECT id FROM users WHERE username = '{HIDDEN}'")[0][0]
    answer = world.api("PUT", f"/users/{hidden}", {"user": {"email": "new@portus.test"}})
    if RELEASE < (2, 5):
        assert (answer.status, message(answer.json())) == (422, {"username": ["cannot be updated"]})
