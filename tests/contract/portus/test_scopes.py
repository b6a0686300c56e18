"""What a token grants to whom."""

from __future__ import annotations

import pytest

from tests.contract.portus.world import HIDDEN_CREDENTIALS, RELEASE, World, source

pytestmark = pytest.mark.engine

EVERYTHING = ["pull", "push", "delete"]
GRANTED: dict[str, dict[str, list[str]]] = {
    "crew_private/app": {
        "alice": EVERYTHING,
        "bob": ["pull", "push"],
        "carol": ["pull"],
        "dave-smith": [],
        "robot": [],
        "admin": EVERYTHING,
        "": [],
    },
    "crew_protected/app": {"carol": ["pull"], "dave-smith": ["pull"], "robot": ["pull"], "": []},
    "crew_public/app": {"bob": ["pull", "push"], "dave-smith": ["pull"], "": ["pull"]},
    "app": {"alice": ["pull"], "": ["pull"], "admin": EVERYTHING},
    "alice/app": {"alice": EVERYTHING, "bob": [], "admin": EVERYTHING, "": []},
    "alice/a/b/c": {"alice": EVERYTHING, "bob": []},
}
CASES = [(name, who, granted) for name, people in GRANTED.items() for who, granted in people.items()]


@source("app/policies/namespace_policy.rb:11", "app/models/namespace/auth_scope.rb:7")
@pytest.mark.parametrize(("name", "who", "granted"), CASES)
def test_roles(world: World, name: str, who: str, granted: list[str]) -> None:
    assert world.access(f"repository:{name}:pull,push,delete", who=who).get(name, []) == granted


@source("app/policies/namespace_policy.rb:70", "app/models/namespace/auth_scope.rb:26")
def test_everything_is_for_who_may_delete(world: World) -> None:
    granted = {who: world.access("repository:crew_private/app:*", who=who) for who in ("admin", "alice", "bob", "")}
    all_of_it = {"crew_private/app": ["*"]}
    assert granted == {"admin": all_of_it, "alice": all_of_it, "bob": {}, "": {}}


@source("app/policies/registry_policy.rb:11", "app/models/registry/auth_scope.rb:12")
def test_catalog_is_the_administrators(world: World) -> None:
    catalog = "registry:catalog:*"
    assert world.access(catalog, who="admin") == {"catalog": ["*"]}
    assert world.access(catalog, **HIDDEN_CREDENTIALS) == {"catalog": ["*"]}
    assert world.access(catalog, who="alice") == {}
    assert world.access(catalog) == {}


@source("app/controllers/api/v2/tokens_controller.rb:60")
def test_scopes_of_one_name_are_joined_and_several_are_heard(world: World) -> None:
    scopes = ("repository:alice/app:pull", "repository:alice/app:push,pull", "repository:app:pull")
    assert world.access(*scopes, who="alice") == {"alice/app": ["pull", "push"], "app": ["pull"]}
    assert world.access(" ".join(scopes), who="alice") == {}


@source("app/models/namespace/auth_scope.rb:14")
def test_namespace_that_is_not_there(world: World) -> None:
    asked = "repository:nowhere/app:pull,push"
    assert world.access(asked, who="alice") == {}
    # Since 2.5 it is as good as an empty one, in which an administrator may do everything.
    wanted = {"nowhere/app": ["pull", "push"]} if RELEASE >= (2, 5) else {}
    assert world.access(asked, who="admin") == wanted


WIDENED = {
    "repository:alice/app:*,pull,push,delete": {"alice/app": ["pull", "push", "delete"]},
    "repository:nowhere/app:*,pull,push": {"nowhere/app": ["pull", "push"]},
    "registry:catalog:x,*": {"catalog": ["x", "*"]},
    "registry:anything:*": {"anything": ["*"]},
}


@source(
    "app/models/namespace/auth_scope.rb:26",
    "app/models/registry/auth_scope.rb:12",
    "app/controllers/api/v2/tokens_controller.rb:82",
)
@pytest.mark.parametrize("who", ["", "dave-smith"])
@pytest.mark.parametrize("scope", WIDENED)
def test_widened_scope_is_granted_to_anybody(world: World, scope: str, who: str) -> None:
    assert world.access(scope, who=who) == ({} if world.mended("widened_scopes") else WIDENED[scope])


@source("app/controllers/api/v2/tokens_controller.rb:82")
def test_everything_after_something_else_is_no_question(world: World) -> None:
    asked = "repository:alice/app:pull,*"
    granted = ["pull", "*"] if world.mended("widened_scopes") else ["pull"]
    assert world.access(asked, who="alice") == {"alice/app": granted}
    assert world.access(asked) == {}


@source("app/controllers/api/v2/tokens_controller.rb:78")
def test_every_question_of_the_policy_is_an_action(world: World) -> None:
    asked = "repository:crew_private/app:show,owner,contributor,nonsense"
    granted = world.access(asked, who="bob").get("crew_private/app", [])
    assert granted == ([] if world.mended("widened_scopes") else ["show", "contributor"])
