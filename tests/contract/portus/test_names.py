"""User names and the namespaces that Portus makes of them."""

from __future__ import annotations

from typing import cast

import pytest

from tests.contract.portus.world import PASSWORD, Json, World, source

pytestmark = pytest.mark.engine

NAMES = {
    "erin": "erin",
    "erin-brown": "erin_brown",
    "Frank.Miller": "frank.miller",
    "-gina--hill-": "gina_hill",
    "hal._stone": "hal_stone",
    "ida stone": "ida_stone",
    "jön": "j_n",
    "kim+lee@home": "kim_lee_home",
}


@source("app/models/namespace.rb:97", "app/models/namespace.rb:113", "app/models/user.rb:152")
@pytest.mark.parametrize("username", NAMES)
def test_personal_namespace_is_the_user_name_with_underscores_for_dashes_too(world: World, username: str) -> None:
    person = world.add(username)
    namespace = world.get(f"/namespaces/{person.namespace_id}")
    assert namespace["name"] == NAMES[username]
    assert (namespace["visibility"], namespace["global"], namespace["team"]["hidden"]) == ("private", False, True)


@source("app/models/namespace.rb:126")
def test_name_that_is_taken_gets_a_number(world: World) -> None:
    names = [world.get(f"/namespaces/{world.add(each).namespace_id}")["name"] for each in ("leo x", "leo+x", "leo-x")]
    assert names == ["leo_x", "leo_x0", "leo_x1"]


@source("app/models/user.rb:62", "db/schema.rb (index_users_on_username)")
def test_user_name_that_differs_in_case_only_is_an_error_of_the_database(world: World) -> None:
    user = {"username": "ALICE", "email": "alice-2@portus.test", "password": PASSWORD}
    assert world.api("POST", "/users", {"user": user}).status == 500


@source("app/models/namespace.rb:113", "app/models/user.rb:127")
@pytest.mark.parametrize("username", ["---", "mia^stone", "mia]stone"])
def test_user_name_that_gives_no_namespace_is_refused(world: World, username: str) -> None:
    user = {"username": username, "email": "mia@portus.test", "password": PASSWORD}
    answer = world.api("POST", "/users", {"user": user})
    assert answer.status == 422, answer.text
    (message,) = cast(Json, answer.json())["message"]["username"]
    assert message.endswith("cannot be transformed into a valid namespace name")


@source("lib/api/entities.rb:53", "app/models/user.rb:297")
def test_user_is_shown_with_her_namespace_and_a_bot_has_none(world: World) -> None:
    assert world.look_up("alice").namespace_id == world.people["alice"].namespace_id
    assert world.people["robot"].namespace_id is None


@source("app/models/namespace.rb:113", "app/policies/namespace_policy.rb:120")
def test_user_pushes_to_the_namespace_that_portus_made_not_to_one_of_his_name(world: World) -> None:
    asked = "repository:{}/app:pull,push"
    assert world.access(asked.format("dave_smith"), who="dave-smith") == {"dave_smith/app": ["pull", "push"]}
    assert world.access(asked.format("dave-smith"), who="dave-smith") == {}


@source("config/initializers/devise.rb:46", "app/models/user.rb:62")
@pytest.mark.parametrize("spelling", ["ALICE", "\u00e1lice", "alice  ", "\uff21lice"])
def test_database_compares_names_without_case_accents_width_and_spaces_at_the_end(world: World, spelling: str) -> None:
    """A wrong password under any of these spellings counts for the user; the edge knows them (roles/edge_fence.py)."""
    asked = "repository:alice/app:pull,push"
    assert world.access(asked, who=spelling) == world.access(asked, who="alice") == {"alice/app": ["pull", "push"]}
