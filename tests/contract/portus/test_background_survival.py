"""What Portus' background process outlives, and that it loses no push."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.contract.portus import manifests
from tests.contract.portus.manifests import SHOWN_SECONDS, needs, shown_tags, wait_for_tag
from tests.contract.portus.world import World, source
from tests.contract.standin_harness import docker, logs, wait_until
from tests.contract.standin_settings import REGISTRY_NAME

pytestmark = [
    pytest.mark.engine,
    source("bin/background.rb:57", "app/models/repository.rb:146", "app/models/registry_event.rb:22"),
]

MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": manifests.DOCKER_MANIFEST,
        "config": manifests.descriptor("application/vnd.docker.container.image.v1+json", b"config"),
        "layers": [],
    }
).encode()
DIGEST = manifests.digest_of(MANIFEST)
IMAGE_ID = manifests.digest_of(b"config").removeprefix("sha256:")
REPOSITORY = "alice/moody"
COMPLETED_SECONDS = 120
"""A registry that was silent is left alone for 30 s; what is incomplete is looked at every 30 s."""
SET_ASIDE_SECONDS = 90
"""Five tries, 2, 4, 6 and 8 s apart."""


@dataclass
class Moody:
    """A Portus whose registry is in whatever mood a test wants."""

    world: World

    @property
    def background(self) -> str:
        """The container of the background process."""
        return f"lab-{self.world.lab.identity}-background"

    def is_in(self, mood: str) -> None:
        """Change the registry's mood."""
        (self.world.lab.folder / "mood").write_text(mood)

    def push(self, tag: str | None, **target: object) -> dict[str, Any]:
        """The event of a push that nobody sent."""
        event = self.world.event(REPOSITORY, **{"tag": tag, "digest": DIGEST, **target})
        return {**event, "request": {"host": "moody:5000"}}

    def store(self, event: dict[str, Any], status: int) -> None:
        """Write an event as the web process does, with a status: begun 1, fresh 2, set aside 3, begun again 4."""
        data = json.dumps(event).replace("'", "''")
        self.world.lab.sql(
            "INSERT INTO registry_events (event_id, data, status, created_at, updated_at)"
            f" VALUES ('{event['id']}', '{data}', {status}, UTC_TIMESTAMP(), UTC_TIMESTAMP())"
        )

    def has_status(self, event: dict[str, Any], status: str, seconds: float = SHOWN_SECONDS) -> None:
        """Wait until an event is so far."""
        wait_until(lambda: self.world.status_of(event) == status, f"{event} is {status}", self.world.evidence, seconds)

    def started(self) -> str:
        """Whether the background process runs, and since when."""
        return docker("inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}", self.background)


@pytest.fixture(scope="module")
def moody(world: World) -> Iterator[Moody]:
    needs(world, "background_survival")
    folder = world.lab.folder
    (folder / "manifest").write_bytes(MANIFEST)
    moody = Moody(world)
    moody.is_in("well")
    script = Path(__file__).with_name("moody_registry.py")
    mounts = (f"--volume={script}:/moody_registry.py:ro", f"--volume={folder}:/mood:ro")
    command = ("python3", "/moody_registry.py", "/mood")
    container = world.lab.start("moody", "portus-stack.lab/python:3.11", *mounts, command=command)
    world.lab.sql("UPDATE registries SET hostname = 'moody:5000', use_ssl = 0")
    try:
        yield moody
    finally:
        world.lab.sql(f"UPDATE registries SET hostname = '{REGISTRY_NAME}', use_ssl = 1")
        world.stop(container)


@pytest.mark.parametrize("mood", ["401", "500", "garbage", "nothing"])
def test_a_push_is_shown_whatever_the_registry_answers_and_completed_when_it_is_well(moody: Moody, mood: str) -> None:
    before = moody.started()
    moody.is_in(mood)
    assert moody.world.notify(moody.push(mood)).status == 202
    shown = wait_for_tag(moody.world, REPOSITORY, mood)
    assert (shown.author, shown.digest, shown.image_id) == ("admin", DIGEST, "")
    moody.is_in("well")
    wait_until(
        lambda: shown_tags(moody.world, REPOSITORY)[mood].image_id == IMAGE_ID,
        "the image id is told",
        moody.world.evidence,
        COMPLETED_SECONDS,
    )
    assert moody.started() == before


def test_a_bad_event_blocks_no_other_and_is_set_aside(moody: Moody) -> None:
    moody.is_in("well")
    bad, good = moody.push("bad"), moody.push("good")
    del bad["request"]
    assert moody.world.notify(bad, good).status == 202
    wait_for_tag(moody.world, REPOSITORY, "good")
    moody.has_status(bad, "set aside", SET_ASIDE_SECONDS)
    assert moody.world.status_of(good) == "done"


def test_what_was_begun_when_the_process_was_killed_is_finished_unless_it_no_longer_holds(moody: Moody) -> None:
    moody.is_in("well")
    assert moody.world.notify(moody.push("newer")).status == 202
    wait_for_tag(moody.world, REPOSITORY, "newer")
    docker("kill", moody.background)
    begun, aside = moody.push("begun"), moody.push("aside")
    overtaken = moody.push("newer", digest=manifests.digest_of(b"of an earlier push"))
    deletion = {**moody.push(None, mediaType=None), "action": "delete"}
    for event, status in ((begun, 1), (aside, 3), (overtaken, 1), (deletion, 1)):
        moody.store(event, status)
    docker("start", moody.background)
    for event in (begun, aside, overtaken, deletion):
        moody.has_status(event, "done")
    shown = shown_tags(moody.world, REPOSITORY)
    assert {"begun", "aside"} < set(shown)
    assert shown["newer"].digest == DIGEST


def test_what_may_have_ended_the_process_comes_last_and_is_given_up_the_second_time(moody: Moody) -> None:
    """Whatever ends the process by one event must not keep it from all others for ever."""
    moody.is_in("well")
    docker("kill", moody.background)
    deadly, begun, fresh = moody.push("deadly"), moody.push("taken-up"), moody.push("never-begun")
    for event, status in ((deadly, 4), (begun, 1), (fresh, 2)):
        moody.store(event, status)
    docker("start", moody.background)
    for event in (fresh, begun):
        moody.has_status(event, "done")
    moody.has_status(deadly, "given up")
    assert "deadly" not in shown_tags(moody.world, REPOSITORY)
    order = moody.world.lab.sql("SELECT name FROM tags WHERE name IN ('taken-up', 'never-begun') ORDER BY id")
    assert order == [["never-begun"], ["taken-up"]]
    assert "given up" in logs(moody.background)


def test_it_outlives_a_database_that_goes_away_for_a_moment(moody: Moody) -> None:
    moody.is_in("well")
    before = moody.started()
    said = logs(moody.background).count("goes on")
    database = f"lab-{moody.world.lab.identity}-database"
    docker("stop", database)
    wait_until(lambda: logs(moody.background).count("goes on") > said, "it notices", moody.world.evidence)
    docker("start", database)
    moody.world.lab.wait_for_database(database)
    event = moody.push("after")
    wait_until(lambda: moody.world.notify(event).status == 202, "the web process is back", moody.world.evidence)
    wait_for_tag(moody.world, REPOSITORY, "after")
    assert moody.started() == before
