"""Stars: what they tell about a repository that somebody may not see."""

from __future__ import annotations

import pytest

from tests.contract.portus.world import URL, World, source
from tests.contract.standin_client import Answer

pytestmark = pytest.mark.engine


def star(world: World, who: str, repository: int) -> Answer:
    """What the page of repositories does with its star."""
    client = world.client(f"stars-of-{who}")
    world.sign_in(who, client=client)
    return client.submit(f"{URL}/users/edit", f"{URL}/repositories/{repository}/toggle_star.json", {})


@source("app/controllers/repositories_controller.rb:45", "app/policies/repository_policy.rb:12")
def test_outsider_is_told_nothing_of_a_private_repository(world: World) -> None:
    repository = world.add_repository("crew_private", "starred")
    answer = star(world, "dave-smith", repository)
    assert ("starred" in answer.text) is not world.mended("private_stars"), answer.text
    assert "starred" in star(world, "carol", repository).text, "who may see it stars it"
