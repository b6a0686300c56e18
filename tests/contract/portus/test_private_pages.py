"""Pages: what they tell about users, teams and tags that are not for whoever looks."""

from __future__ import annotations

import json
from typing import cast

import pytest

from tests.contract.portus.world import RELEASE, TEAM, URL, World, source

pytestmark = pytest.mark.engine
OUTSIDER, MEMBER, ADMINISTRATOR = "dave-smith", "carol", "admin"


def page(world: World, who: str, path: str, accept: str = "text/html") -> str:
    """A page as somebody sees it."""
    client = world.client(f"pages-of-{who}")
    if not (client.folder / "jar").exists():
        world.sign_in(who, client=client)
    answer = client.get(f"{URL}{path}", "--header", f"Accept: {accept}")
    assert answer.status == 200, f"{path}: {answer.status} {answer.text}"
    return answer.text


def found(world: World, who: str, query: str) -> set[str]:
    """The teams that the search of forms finds."""
    answer = json.loads(page(world, who, f"/teams/typeahead/{query}", "application/json"))
    return {one["name"] for one in cast(list[dict[str, str]], answer)}


@source("app/controllers/teams_controller.rb:16", "app/assets/javascripts/modules/teams/components/new-form.vue:13")
def test_list_of_teams_lists_users_for_administrators_only(world: World) -> None:
    assert ("robot" in page(world, OUTSIDER, "/teams")) is not world.mended("private_pages")
    shown = page(world, ADMINISTRATOR, "/teams")
    assert "robot" in shown and TEAM in shown
    assert TEAM in page(world, MEMBER, "/teams"), "her teams are listed as ever"


@source("app/controllers/teams_controller.rb:68", "app/assets/javascripts/modules/teams/components/new-form.vue:117")
@pytest.mark.parametrize("query", ["%25", "cre", "c%5few"])
def test_search_of_all_teams_lists_none_that_were_not_named(world: World, query: str) -> None:
    told = found(world, OUTSIDER, f"{query}?unscoped=true")
    assert (TEAM in told) is not world.mended("private_pages")
    assert TEAM in found(world, ADMINISTRATOR, f"{query}?unscoped=true")


@source("app/controllers/teams_controller.rb:68", "app/models/team.rb:34")
def test_search_of_all_teams_tells_whether_a_name_is_taken(world: World) -> None:
    assert found(world, OUTSIDER, f"{TEAM}?unscoped=true") == {TEAM}
    assert found(world, OUTSIDER, "nobody-has-it?unscoped=true") == set()
    assert found(world, OUTSIDER, TEAM) == set(), "without unscoped it is one's own teams"
    assert found(world, MEMBER, "cre") == {TEAM}


@source("app/controllers/tags_controller.rb:8", "app/policies/tag_policy.rb:12")
@pytest.mark.skipif(RELEASE > (2, 4), reason="from 2.5 on a tag's page names no others")
def test_page_of_a_tag_names_only_what_one_may_see(world: World) -> None:
    digest = f"sha256:{'5' * 64}"
    shown = add_tag(world, "crew_public", "shown-name", digest)
    add_tag(world, "crew_private", "hidden-name", digest)
    told = page(world, OUTSIDER, f"/tags/{shown}")
    assert "shown-name" in told
    assert ("hidden-name" in told) is not world.mended("private_pages")
    for who in (MEMBER, ADMINISTRATOR):
        told = page(world, who, f"/tags/{shown}")
        assert "shown-name" in told and "hidden-name" in told


def add_tag(world: World, namespace: str, name: str, digest: str) -> int:
    """A tag that is in Portus' database only."""
    repository = world.add_repository(namespace, f"of-{name}")
    columns = "name, repository_id, digest, created_at, updated_at"
    world.lab.sql(f"INSERT INTO tags ({columns}) VALUES ('{name}', {repository}, '{digest}', NOW(), NOW())")
    return int(world.lab.sql(f"SELECT id FROM tags WHERE name = '{name}'")[0][0])
