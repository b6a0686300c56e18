"""What repair decides: which objects are orphans, gone, stopped, in the way."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from operations.repair.findings import compare
from operations.state import State

from .states import STRANGER, resource, state, there


def test_a_stack_as_it_should_be_needs_nothing() -> None:
    known = state(resource("network", "s-net"), resource("container", "s-edge"), resource("volume", "s-data"))
    found = compare(known, [there("network", "s-net"), there("container", "s-edge"), there("volume", "s-data")], "s")
    assert not found.any


def test_containers_go_before_the_networks_they_are_on() -> None:
    found = compare(state(), [there("network", "s-net"), there("container", "s-edge")], "s")
    assert [each.kind for each in found.orphans] == ["container", "network"]


def test_a_second_object_of_a_known_name_is_an_orphan() -> None:
    known = state(resource("network", "s-net", "first"))
    found = compare(known, [there("network", "s-net", "first"), there("network", "s-net", "second")], "s")
    assert [each.id for each in found.orphans] == ["second"]


def test_two_providers_of_one_daemon_make_no_orphans() -> None:
    known = state(resource("container", "s-edge"))
    twice = [there("container", "s-edge"), replace(there("container", "s-edge"), host="another provider")]
    assert not compare(known, twice, "s").any


def test_a_container_that_was_not_made_to_the_end_is_made_anew_not_started() -> None:
    known = state(resource("container", "s-edge", initErrors=["context canceled"]))
    never_started = replace(there("container", "s-edge"), status="created")
    found = compare(known, [never_started], "s")
    assert found.any
    assert [each.name for each, _ in found.half_made] == ["s-edge"]
    assert not found.stopped
    # One that was started is whole, whatever it was waited for; and so is one that somebody made anew without a start.
    assert not compare(known, [replace(never_started, status="running")], "s").any
    whole = compare(state(resource("container", "s-edge")), [never_started], "s")
    assert not whole.half_made and [each.name for each in whole.stopped] == ["s-edge"]


def test_what_became_ready_too_late_is_kept() -> None:
    known = state(resource("container", "s-edge", initErrors=["context deadline exceeded"]))
    ready = replace(there("container", "s-edge"), status="running", health="Up 5 minutes (healthy)")
    found = compare(known, [ready], "s")
    assert found.any
    assert [(each.name, resource.name) for each, resource in found.late] == [("s-edge", "s-edge")]
    for health in ("Up 5 minutes", "Up 5 minutes (unhealthy)", "Up 5 minutes (health: starting)"):
        assert not compare(known, [replace(ready, health=health)], "s").late
    assert not compare(known, [replace(ready, status="restarting")], "s").late
    assert not compare(state(resource("container", "s-edge")), [ready], "s").late, "nothing was given up"


def test_a_volume_is_never_an_orphan() -> None:
    found = compare(state(), [there("volume", "s-data")], "s")
    assert not found.orphans and not found.any
    assert [each.name for each in found.kept_volumes] == ["s-data"]


def test_what_belongs_to_another_deployment_is_reported_only_when_its_name_is_needed() -> None:
    known = state(resource("container", "s-edge", "gone"))
    others = [there("container", "s-edge", deployment=STRANGER), there("container", "s-else", deployment=STRANGER)]
    found = compare(known, others, "s")
    assert [each.name for each in found.in_the_way] == ["s-edge"]
    assert not found.orphans


def test_before_the_first_deployment_everything_of_the_same_name_is_in_the_way_but_volumes() -> None:
    empty = State.from_json('{"version": 3, "deployment": {}}')
    others = [there(kind, f"s-{kind}", deployment=STRANGER) for kind in ("container", "network", "volume")]
    assert [each.kind for each in compare(empty, others, "s").in_the_way] == ["container", "network"]
    assert not compare(empty, others, "another").in_the_way


def test_gone_objects_are_missing_unless_they_wait_for_their_deletion() -> None:
    known = state(resource("container", "s-edge"), resource("container", "s-old", delete=True))
    assert [each.name for each in compare(known, [], "s").missing] == ["s-edge"]


def test_a_replaced_container_still_there_is_no_orphan() -> None:
    known = state(resource("container", "s-edge", "new"), resource("container", "s-edge", "old", delete=True))
    found = compare(known, [there("container", "s-edge", "new"), there("container", "s-edge", "old")], "s")
    assert not found.any


def test_stopped_are_those_that_have_to_run_in_start_order() -> None:
    carrier = resource("container", "s-files", outputs={"name": "s-files", "mustRun": False})
    known = state(resource("container", "s-database"), carrier, resource("container", "s-edge"))
    found = compare(
        known,
        [
            there("container", "s-edge", status="paused"),
            there("container", "s-files", status="created"),
            there("container", "s-database", status="exited"),
        ],
        "s",
    )
    assert [each.name for each in found.stopped] == ["s-database", "s-edge"]


def test_restarting_is_not_stopped() -> None:
    known = state(resource("container", "s-edge"))
    assert not compare(known, [there("container", "s-edge", status="restarting")], "s").any


def test_containers_of_a_network_that_is_gone_are_cut_off() -> None:
    joined = resource("container", "s-edge", inputs={"name": "s-edge", "networksAdvanced": [{"name": "s-net"}]})
    known = state(resource("network", "s-net"), joined, resource("container", "s-database"))
    found = compare(known, [there("container", "s-edge", status="exited"), there("container", "s-database")], "s")
    assert [each.name for each, _ in found.cut_off] == ["s-edge"]
    assert not found.stopped


def test_pending_operations_are_found_even_when_they_left_nothing() -> None:
    found = compare(state(pending=(("creating", resource("network", "s-net")),)), [], "s")
    assert [(each.type, each.resource.name) for each in found.pending] == [("creating", "s-net")]
    assert found.any


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["container", "network", "volume"]), st.sampled_from("abc"), st.booleans(), st.booleans()
        )
    )
)
def test_whatever_is_there_only_own_unknown_containers_and_networks_are_orphans(
    drawn: list[tuple[str, str, bool, bool]],
) -> None:
    known = state(*(resource(kind, name) for kind, name, deployed, _ in drawn if deployed))
    in_state = {(each.kind, each.id) for each in known.docker_resources}
    found = [there(kind, name, deployment="0a1b2c3d" if ours else STRANGER) for kind, name, _, ours in drawn]
    for orphan in compare(known, found, "s").orphans:
        assert orphan.kind != "volume"
        assert orphan.deployment != STRANGER
        assert (orphan.kind, orphan.id) not in in_state
