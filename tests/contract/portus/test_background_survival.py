"""What Portus' background process outlives, and that it loses no push: with the patch `background_survival`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.portus import seen
from tests.contract.portus.seen import Portus, event
from tests.contract.standin_harness import Lab, docker, lab, logs, wait_until
from tests.contract.standin_settings import PUBLIC_REGISTRY_NAME

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

MANIFEST, _, _ = seen.image("what the moody registry has")
DIGEST = seen.digest_of(MANIFEST)
IMAGE_ID = json.loads(MANIFEST)["config"]["digest"].removeprefix("sha256:")
SET_ASIDE = 3
SHOWN_SECONDS = 60
SET_ASIDE_SECONDS = 90
"""Five tries, 2, 4, 6 and 8 s apart."""


@dataclass
class Moody:
    """A Portus whose registry is in whatever mood a test wants."""

    portus: Portus
    folder: Path

    def is_in(self, mood: str) -> None:
        """Change the registry's mood."""
        (self.folder / "mood").write_text(mood)

    def shows(self, tag: str, seconds: float = SHOWN_SECONDS) -> None:
        """Wait until the tag is shown."""
        wait_until(lambda: tag in self.portus.tags("admin/app"), f"{tag} is shown", self.portus.evidence, seconds)

    def has_status(self, identity: object, status: int, seconds: float = SHOWN_SECONDS) -> None:
        """Wait until an event has the status."""
        wait_until(
            lambda: self.portus.event_status(str(identity)) == status,
            f"event {identity} has status {status}",
            self.portus.evidence,
            seconds,
        )


def start_moody_registry(started: Lab) -> None:
    """The registry of tests/contract/portus/moody_registry.py under the registry's names."""
    (started.folder / "mood").write_text("well")
    (started.folder / "manifest").write_bytes(MANIFEST)
    script = Path(__file__).with_name("moody_registry.py")
    mounts = (f"--volume={script}:/moody_registry.py:ro", f"--volume={started.folder}:/trust:ro")
    command = ("python3", "/moody_registry.py", "/trust")
    started.start("registry", "portus-stack.lab/python:3.11", *mounts, command=command, alias=(PUBLIC_REGISTRY_NAME,))


@pytest.fixture(scope="module")
def moody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moody]:
    with lab(tmp_path_factory.mktemp("moody")) as started:
        start_moody_registry(started)
        yield Moody(Portus.start(started, ("background_survival",)), started.folder)


@pytest.mark.parametrize("mood", ["401", "500", "garbage", "nothing"])
def test_a_push_is_shown_whatever_the_registry_answers_and_completed_when_it_is_well(moody: Moody, mood: str) -> None:
    before = moody.portus.background_started()
    moody.is_in(mood)
    assert moody.portus.notify(event("admin/app", mood, DIGEST)).status == 202
    moody.shows(mood)
    shown = moody.portus.tags("admin/app")[mood]
    assert (shown.author, shown.digest, shown.image_id) == ("admin", DIGEST, "")
    moody.is_in("well")
    wait_until(
        lambda: moody.portus.tags("admin/app")[mood].image_id == IMAGE_ID, "image id", moody.portus.evidence, 120
    )
    assert moody.portus.background_started() == before


def test_a_bad_event_blocks_no_other_and_is_set_aside(moody: Moody) -> None:
    moody.is_in("well")
    bad = event("admin/app", "bad", DIGEST)
    del bad["request"]
    good = event("admin/app", "good", DIGEST)
    assert moody.portus.notify(bad, good).status == 202
    moody.shows("good")
    moody.has_status(bad["id"], SET_ASIDE, SET_ASIDE_SECONDS)
    assert moody.portus.event_status(str(good["id"])) == 0


def insert(portus: Portus, status: int, one: dict[str, object]) -> object:
    """An event as the web process stores it, with the status; its id."""
    data = json.dumps(one).replace("'", "''")
    portus.lab.sql(
        "INSERT INTO registry_events (event_id, data, status, created_at, updated_at)"
        f" VALUES ('{one['id']}', '{data}', {status}, UTC_TIMESTAMP(), UTC_TIMESTAMP())"
    )
    return one["id"]


def test_what_was_begun_when_the_process_was_killed_is_finished_unless_it_no_longer_holds(moody: Moody) -> None:
    portus = moody.portus
    moody.is_in("well")
    docker("kill", portus.background)
    begun = insert(portus, 1, event("admin/app", "begun", DIGEST))
    aside = insert(portus, SET_ASIDE, event("admin/app", "aside", DIGEST))
    overtaken = insert(portus, 1, event("admin/app", "good", seen.digest_of(b"of an earlier push")))
    deleted = insert(portus, 1, event("admin/app", None, DIGEST, "delete", mediaType=None))
    docker("start", portus.background)
    moody.shows("begun")
    moody.shows("aside")
    for identity in (begun, aside, overtaken, deleted):
        moody.has_status(identity, 0)
    assert portus.tags("admin/app")["good"].digest == DIGEST


def test_it_outlives_a_database_that_goes_away_for_a_moment(moody: Moody) -> None:
    before = moody.portus.background_started()
    database = f"lab-{moody.portus.lab.identity}-database"
    docker("stop", database)
    wait_until(lambda: "goes on" in logs(moody.portus.background), "it notices", moody.portus.evidence)
    docker("start", database)
    moody.portus.lab.wait_for_database(database)
    wait_until(
        lambda: moody.portus.notify(event("admin/app", "after", DIGEST)).status == 202, "web", moody.portus.evidence
    )
    moody.shows("after")
    assert moody.portus.background_started() == before
