"""The token end point: who is who, what stands in a token, and who is locked out."""

from __future__ import annotations

from typing import cast

import pytest

from tests.contract.portus.world import (
    HIDDEN,
    HIDDEN_CREDENTIALS,
    PASSWORD,
    REALM,
    URL,
    Json,
    World,
    claims,
    source,
)
from tests.contract.standin_settings import FQDN, HIDDEN_PASSWORD, REGISTRY_NAME

pytestmark = pytest.mark.engine

OWN = "repository:alice/app:pull,push"


@source("lib/portus/jwt_token.rb:33")
def test_claims(world: World) -> None:
    answer = cast(Json, world.ask_token(OWN, who="alice", account="alice").json())
    found = claims(answer["token"])
    assert (found["iss"], found["sub"], found["aud"]) == (FQDN, "alice", REGISTRY_NAME)
    assert (found["exp"] - found["iat"], found["iat"] - found["nbf"], answer["expires_in"]) == (900, 5, 900)
    assert found["access"] == [{"type": "repository", "name": "alice/app", "actions": ["pull", "push"]}]


@source("app/controllers/api/v2/tokens_controller.rb:49")
def test_without_a_scope_there_is_no_access_at_all_and_of_an_unknown_service_none(world: World) -> None:
    assert "access" not in claims(world.token(who="alice"))
    client = world.client("registry-client")
    answer = cast(Json, client.get(f"{REALM}?service=elsewhere&scope={OWN}", "--user", f"alice:{PASSWORD}").json())
    assert claims(answer["token"])["access"] == []


@source("app/controllers/api/v2/tokens_controller.rb:98", "app/controllers/api/base_controller.rb:21")
@pytest.mark.parametrize("scope", ["repository:alice/app", "plugin:alice/app:pull", "pull"])
def test_scope_of_another_form_is_unauthorized(world: World, scope: str) -> None:
    assert world.ask_token(scope, who="alice").status == 401


@source("vendor/bundle puma-3.10.0 ext/puma_http11/puma_http11.c:57")
@pytest.mark.parametrize(("longer", "status"), [(0, 200), (1, 400)])
def test_a_query_of_ten_kib_is_the_longest(world: World, longer: int, status: int) -> None:
    query = f"service={REGISTRY_NAME}&scope={OWN}&padding="
    query += "x" * (10 * 1024 + longer - len(query))
    # curl 7.88 sends half a header when the session's cookie does not fit into 8 KiB, so nobody has signed in before.
    client = world.client(f"long-query-{longer}")
    answer = client.get(f"{REALM}?{query}", "--user", f"alice:{PASSWORD}")
    assert answer.status == status


@source("app/controllers/api/v2/tokens_controller.rb:35")
def test_subject_is_whom_the_request_names_whoever_asks(world: World) -> None:
    forged = claims(world.token(OWN, who="alice", account="admin"))["sub"]
    nobody = claims(world.token("repository:crew_public/app:pull", account="admin"))["sub"]
    missing = claims(world.token(OWN, who="alice"))["sub"]
    if world.mended("token_subject"):
        assert (forged, missing) == ("alice", "alice")
        assert nobody in (None, "")
    else:
        assert (forged, nobody, missing) == ("admin", "admin", None)


@source("app/controllers/api/v2/tokens_controller.rb:28")
@pytest.mark.parametrize(("who", "password"), [("alice", "wrong-password"), ("nobody", PASSWORD)])
def test_wrong_password_is_unauthorized(world: World, who: str, password: str) -> None:
    answer = world.ask_token(OWN, who=who, password=password)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


@source("app/controllers/api/v2/tokens_controller.rb:14")
def test_application_token_is_as_good_as_the_password(world: World) -> None:
    _, token = world.add_token("alice").split(":")
    assert world.access(OWN, who="alice", password=token) == {"alice/app": ["pull", "push"]}


@source("app/controllers/api/v2/tokens_controller.rb:28", "app/policies/namespace_policy.rb:11")
def test_session_is_as_good_as_credentials(world: World) -> None:
    client = world.client("newer-browser")
    world.sign_in("bob", client=client)
    answer = client.get(f"{REALM}?service={REGISTRY_NAME}&scope=repository:bob/app:push")
    granted = claims(cast(Json, answer.json())["token"])["access"]
    assert granted == [{"type": "repository", "name": "bob/app", "actions": ["push"]}]


def _locked(world: World, who: str) -> bool:
    return world.lab.sql(f"SELECT locked_at IS NOT NULL FROM users WHERE username = '{who}'") == [["1"]]


@source("config/initializers/devise.rb:158", "lib/portus/auth_from_token.rb:19")
def test_ten_wrong_passwords_lock_a_user_out_of_everything_but_the_api(world: World) -> None:
    world.add("olga")
    token = world.add_token("olga")
    for count in range(10):
        assert not _locked(world, "olga"), count
        assert world.ask_token(OWN, who="olga", password="wrong-password").status == 401
    assert _locked(world, "olga")
    assert world.ask_token(OWN, who="olga").status == 401
    assert world.ask_token(OWN, who="olga", password=token.split(":")[1]).status == 401
    assert world.api("GET", "/namespaces", token=token).status == 200
    world.lab.sql("UPDATE users SET locked_at = NOW() - INTERVAL 11 MINUTE WHERE username = 'olga'")
    assert world.ask_token(OWN, who="olga").status == 200


@source("config/initializers/devise.rb:158")
def test_right_password_forgives_the_wrong_ones(world: World) -> None:
    world.add("paul")
    for _ in range(9):
        world.ask_token(OWN, who="paul", password="wrong-password")
    assert world.ask_token(OWN, who="paul").status == 200
    assert world.lab.sql("SELECT failed_attempts FROM users WHERE username = 'paul'") == [["0"]]


@source("config/initializers/devise.rb:158", "config/initializers/portus_user.rb:18")
def test_anybody_locks_the_hidden_user_out(world: World) -> None:
    assert world.ask_token(OWN, **HIDDEN_CREDENTIALS).status == 200
    try:
        for _ in range(10):
            assert world.ask_token(OWN, who=HIDDEN, password="wrong-password").status == 401
        assert _locked(world, HIDDEN)
        assert world.ask_token(OWN, who=HIDDEN, password=HIDDEN_PASSWORD).status == 401
    finally:
        world.lab.sql("UPDATE users SET locked_at = NULL, failed_attempts = 0 WHERE username = 'portus'")


@source("lib/portus/auth_from_token.rb:19", "app/models/user.rb:211")
def test_disabled_user_keeps_the_api_and_nothing_else(world: World) -> None:
    person = world.add("quentin")
    token = world.add_token("quentin")
    world.lab.sql(f"UPDATE users SET enabled = 0 WHERE id = {person.id}")
    assert world.ask_token(OWN, who="quentin").status == 401
    assert world.ask_token(OWN, who="quentin", password=token.split(":")[1]).status == 401
    answer = world.api("GET", "/namespaces", token=token)
    assert answer.status == (401 if world.mended("disabled_users") else 200), answer.text
    page = world.client("quentin-by-token").get(f"{URL}/users/edit", "--header", f"Portus-Auth: {token}")
    assert page.status in (302, 401)
