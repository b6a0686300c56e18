"""What the background process makes of events and of the registry's catalog, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.contract.portus.world import PASSWORD, PUBLIC_REGISTRY, World, source
from tests.contract.standin_client import MANIFEST_TYPE, Answer, Image, push
from tests.contract.standin_harness import docker, logs, wait_until
from tests.contract.standin_settings import REGISTRY_NAME

pytestmark = pytest.mark.engine

CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
ONE_SHOT = "rails r /srv/Portus/bin/background.rb --one-shot"


def send(world: World, repository: str, who: str, *, account: str | None) -> Answer:
    """Push a new image as a client that names itself so, or not at all."""
    token = world.token(f"repository:{repository}:pull,push", who=who, account=account)
    image = Image(CONFIG, json.dumps([repository, who]).encode())
    answer = push(world.client("registry-client"), token, repository, "v1", image)
    assert answer.status == 201, answer.text
    return answer


@source("app/models/repository.rb:112", "lib/portus/background/registry.rb:29")
def test_pushed_image_is_shown_with_its_author_and_comes_back(world: World) -> None:
    send(world, "alice/pushed", "alice", account="alice")
    wait_until(lambda: world.tags("alice/pushed") == {"v1": "alice"}, "the push is shown", world.evidence)
    bearer = f"Authorization: Bearer {world.token('repository:alice/pushed:pull', who='alice')}"
    manifest = f"https://{PUBLIC_REGISTRY}/v2/alice/pushed/manifests/v1"
    accept = ("--header", bearer, "--header", f"Accept: {MANIFEST_TYPE}")
    assert world.client("registry-client").get(manifest, *accept).status == 200


@source("app/models/user.rb:164", "app/controllers/api/v2/tokens_controller.rb:35")
def test_push_of_a_client_that_names_no_account_is_never_shown(world: World) -> None:
    send(world, "alice/nameless", "alice", account=None)
    send(world, "alice/named", "alice", account="alice")
    wait_until(lambda: world.tags("alice/named") != {}, "the later push is shown", world.evidence)
    if world.mended("token_subject"):
        assert world.tags("alice/nameless") == {"v1": "alice"}
    else:
        assert world.tags("alice/nameless") == {}
        assert "Cannot find user" in logs(f"lab-{world.lab.identity}-background")


@source("app/services/tags/destroy_service.rb:7", "app/models/tag.rb:72")
def test_tag_that_is_deleted_goes_from_the_registry_too(world: World) -> None:
    send(world, "alice/gone", "alice", account="alice")
    wait_until(lambda: world.tags("alice/gone") != {}, "the push is shown", world.evidence)
    tag = world.lab.sql("SELECT t.id FROM tags t JOIN repositories r ON t.repository_id = r.id WHERE r.name = 'gone'")
    assert world.session("bob", "DELETE", f"/tags/{tag[0][0]}").status == 403
    assert world.session("alice", "DELETE", f"/tags/{tag[0][0]}").status == 204
    assert world.tags("alice/gone") == {}
    bearer = f"Authorization: Bearer {world.token('repository:alice/gone:pull', who='alice')}"
    manifest = f"https://{PUBLIC_REGISTRY}/v2/alice/gone/manifests/v1"
    accept = ("--header", bearer, "--header", f"Accept: {MANIFEST_TYPE}")
    assert world.client("registry-client").get(manifest, *accept).status == 404


@contextmanager
def without_the_background(world: World) -> Iterator[None]:
    """The world's own background process is stopped meanwhile: two of them take one another's events."""
    container = f"lab-{world.lab.identity}-background"
    docker("stop", "--time=1", container)
    try:
        yield
    finally:
        docker("start", container)


@source("lib/portus/http_helpers.rb:122", "app/models/repository.rb:146", "app/models/registry_event.rb:22")
def test_refused_hidden_user_ends_the_background_and_its_event_stays_begun(world: World) -> None:
    """A right digest, so that Portus asks the registry for the manifest, which needs a token of the hidden user."""
    with without_the_background(world):
        event = world.event("alice/stuck", digest="sha256:" + "0" * 64)
        assert world.notify(event).status == 202
        assert world.status_of(event) == "fresh"
        world.lab.sql("UPDATE users SET locked_at = NOW(), failed_attempts = 10 WHERE username = 'portus'")
        try:
            first = world.start_background("background-refused")
            if world.mended("background_survival"):
                wait_until(lambda: world.status_of(event) == "done", "the push is shown", lambda: logs(first))
                assert world.is_running(first)
            else:
                assert world.wait_for_end(first) != 0
                assert world.status_of(event) == "progress"
        finally:
            world.lab.sql("UPDATE users SET locked_at = NULL, failed_attempts = 0 WHERE username = 'portus'")
        later = world.event("alice/later")
        assert world.notify(later).status == 202
        second = first if world.mended("background_survival") else world.start_background("background-again")
        wait_until(lambda: world.status_of(later) == "done", "the next event", lambda: logs(second))
        assert world.status_of(event) == ("done" if world.mended("background_survival") else "progress")
        for container in {first, second}:
            world.stop(container)


@contextmanager
def broken_registry(world: World, status: int) -> Iterator[None]:
    """A registry that answers everything with one status."""
    program = (
        "import http.server as h\n"
        "class H(h.BaseHTTPRequestHandler):\n"
        f"    def do_GET(self): self.send_response({status}); self.end_headers()\n"
        "h.HTTPServer(('', 5000), H).serve_forever()"
    )
    container = world.lab.start("broken", "portus-stack.lab/python:3.11", command=("python3", "-c", program))
    world.lab.sql("UPDATE registries SET hostname = 'broken:5000', use_ssl = 0")
    try:
        yield
    finally:
        world.lab.sql(f"UPDATE registries SET hostname = '{REGISTRY_NAME}', use_ssl = 1")
        world.stop(container)


@source("lib/portus/background/sync.rb:70", "lib/portus/registry_client.rb:195")
@pytest.mark.parametrize(("status", "survives"), [(404, True), (500, False)])
def test_any_answer_of_the_registry_but_200_and_404_ends_the_background(
    world: World, status: int, survives: bool
) -> None:
    strategy = {"PORTUS_BACKGROUND_SYNC_STRATEGY": "update"}
    with without_the_background(world), broken_registry(world, status):
        container = world.start_background("background-broken", strategy)
        if survives or world.mended("background_survival"):
            event = world.event("alice/survivor")
            wait_until(lambda: f"{status}" in logs(container), "the answer", lambda: logs(container))
            world.notify({**event, "request": {"host": "broken:5000"}})
            wait_until(lambda: world.status_of(event) == "done", "an event", lambda: logs(container))
            assert world.is_running(container)
        else:
            assert world.wait_for_end(container) != 0
    world.stop(container)


STRATEGIES = {
    "initial": {"ghost": True, "stale": True},
    "on-start": {"ghost": False, "stale": False},
    "update": {"ghost": True, "stale": False},
    "update-delete": {"ghost": False, "stale": False},
}
"""What is left of a repository and of a tag that the registry does not have, in a database that is not empty."""


@source("lib/portus/background/sync.rb:22", "lib/portus/background/sync.rb:128", "app/models/repository.rb:192")
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("world", ["unmended"], indirect=True, scope="session")
def test_every_strategy_but_the_first_deletes_something(world: World, strategy: str) -> None:
    if not world.tags("alice/kept"):  # an event that comes meanwhile takes a synchronisation back (sync.rb:139)
        send(world, "alice/kept", "alice", account="alice")
        wait_until(lambda: "v1" in world.tags("alice/kept"), "the push is shown", world.evidence)
    world.lab.sql(
        "INSERT INTO tags (name, repository_id, created_at, updated_at, digest, marked) "
        "SELECT 'stale', id, NOW(), NOW(), 'sha256:stale', 0 FROM repositories WHERE name = 'kept'"
    )
    world.lab.sql("DELETE FROM repositories WHERE name = 'ghost'")
    world.add_repository("alice", "ghost")
    changes = {"PORTUS_BACKGROUND_SYNC_STRATEGY": strategy, "PORTUS_INIT_COMMAND": ONE_SHOT}
    with without_the_background(world):
        container = world.lab.start_portus(2, changes=changes, role=f"sync-{strategy}", patches=world.patches)
        assert world.wait_for_end(container) == 0, logs(container)
    found = {one["full_name"] for one in world.get("/repositories?all=true")}
    assert {"alice/kept", *(["alice/ghost"] if STRATEGIES[strategy]["ghost"] else [])} <= found
    assert ("alice/ghost" in found) == STRATEGIES[strategy]["ghost"]
    assert ("stale" in world.tags("alice/kept")) == STRATEGIES[strategy]["stale"]
    world.stop(container)
    world.lab.sql("DELETE FROM tags WHERE name = 'stale'; DELETE FROM repositories WHERE name = 'ghost'")
    assert PASSWORD not in logs(world.portus)
