"""What the web process takes of the registry's notifications."""

from __future__ import annotations

import pytest

from tests.contract.portus.world import World, source
from tests.contract.standin_client import MANIFEST_TYPE
from tests.contract.standin_harness import wait_until

pytestmark = pytest.mark.engine

OCI = "application/vnd.oci.image.manifest.v1+json"


@source("lib/portus/registry_notification.rb:15", "lib/portus/registry_notification.rb:43")
def test_event_is_stored_once(world: World) -> None:
    event = world.event("alice/stored")
    assert [world.notify(event).status for _ in range(2)] == [202, 202]
    count = world.lab.sql(f"SELECT COUNT(*) FROM registry_events WHERE event_id = '{event['id']}'")
    assert count == [["1"]]


@source("lib/portus/registry_notification.rb:63")
def test_event_without_a_media_type_fails_its_whole_batch(world: World) -> None:
    before, broken, after = world.event("alice/before"), world.event("alice/broken", mediaType=None), world.event("x")
    answer = world.notify(before, broken, after)
    if world.mended("oci_manifests"):
        assert answer.status == 202, answer.text
        assert world.status_of(after) is not None
    else:
        assert answer.status == 500
        assert world.status_of(after) is None
    assert world.status_of(before) is not None
    assert (world.status_of(broken) is not None) == world.mended("oci_manifests"), "only manifests have tags"


@source("lib/portus/registry_notification.rb:55")
def test_what_is_not_taken(world: World) -> None:
    blob = world.event("alice/blob", mediaType="application/octet-stream")
    mount = {**world.event("alice/mount"), "action": "mount"}
    no_target = {**world.event("alice/x"), "target": "alice/x"}
    assert world.notify(blob, mount, no_target).status == 202
    assert [world.status_of(each) for each in (blob, mount, no_target)] == [None, None, None]
    assert world.notify().status == 202


@source("lib/portus/registry_notification.rb:63")
def test_oci_manifests_are_dropped(world: World) -> None:
    event = world.event("alice/oci", mediaType=OCI)
    assert world.notify(event).status == 202
    assert (world.status_of(event) is not None) == world.mended("oci_manifests")


@source("app/controllers/api/v2/events_controller.rb:6")
def test_anybody_may_notify(world: World) -> None:
    for secret in ("", "another"):
        event = world.event("alice/forged")
        answer = world.notify(event, secret=secret)
        if world.mended("webhook_secret"):
            assert answer.status in (401, 403)
            assert world.status_of(event) is None
        else:
            assert answer.status == 202
            assert world.status_of(event) is not None


@source("app/models/registry.rb:79", "app/models/registry.rb:105", "app/models/user.rb:164")
def test_event_of_an_unknown_registry_namespace_or_user_changes_nothing(world: World) -> None:
    events = [
        {**world.event("alice/no-registry"), "request": {"host": "elsewhere:5000"}},
        world.event("no-namespace/app"),
        {**world.event("alice/no-actor"), "actor": {}},
        {**world.event("alice/no-user"), "actor": {"name": "nobody"}},
        world.event("alice/witness", mediaType=MANIFEST_TYPE),
    ]
    assert world.notify(*events).status == 202
    wait_until(lambda: world.status_of(events[-1]) == "done", "the last event is handled", world.evidence)
    assert [world.status_of(each) for each in events] == ["done"] * len(events)
    shown = {one["full_name"] for one in world.get("/repositories?all=true")}
    assert "alice/witness" in shown
    assert not {"alice/no-registry", "no-namespace/app", "alice/no-actor", "alice/no-user"} & shown
