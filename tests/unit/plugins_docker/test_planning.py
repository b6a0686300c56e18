"""What a preview knows, and what is kept after an operation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins_docker.samples import check_request
from toolchain.plugins.docker.checking import check
from toolchain.plugins.docker.container_schema import CONTAINER
from toolchain.plugins.docker.inputs import imported, refreshed
from toolchain.plugins.docker.planning import in_set_order, known, meta, plan, set_key, settled
from toolchain.plugins.docker.schemas import NETWORK
from toolchain.plugins.framework import UNKNOWN, Properties


def _planned(**program: object) -> dict[str, object]:
    return dict(plan(CONTAINER, None, check(CONTAINER, check_request({"image": "i", **program})).inputs))


def test_a_preview_knows_inputs_defaults_and_empty_blocks() -> None:
    planned = _planned(ports=[{"internal": 80, "external": 8080}])
    assert planned["image"] == "i"
    assert [planned[name] for name in ("rm", "readOnly", "wait", "memoryReservation")] == [False, False, False, 0]
    assert [planned[name] for name in ("mounts", "uploads", "networksAdvanced", "hosts")] == [[], [], [], []]
    assert planned["ports"] == [{"internal": 80, "external": 8080, "ip": "0.0.0.0", "protocol": "tcp"}]


def test_a_preview_does_not_know_what_docker_decides() -> None:
    planned = _planned(ports=[{"internal": 80}])
    for name in ("hostname", "envs", "labels", "entrypoints", "healthcheck", "networkDatas", "securityOpts"):
        assert planned[name] is UNKNOWN
    assert planned["ports"] == [{"internal": 80, "external": UNKNOWN, "ip": "0.0.0.0", "protocol": "tcp"}]
    assert planned["memory"] is None


def test_an_update_keeps_what_docker_decided() -> None:
    prior = {**known(_planned()), "hostname": "h", "entrypoints": []}  # type: ignore[arg-type]
    planned = plan(CONTAINER, prior, check(CONTAINER, check_request({"image": "i"})).inputs)
    assert planned["hostname"] == "h"
    assert planned["entrypoints"] == []


@pytest.mark.parametrize("program", [{}, {"user": ""}])
def test_the_images_user_is_no_change(program: dict[str, object]) -> None:
    prior = {**known(_planned()), "user": "101"}  # type: ignore[arg-type]
    assert plan(CONTAINER, prior, check(CONTAINER, check_request({"image": "i", **program})).inputs)["user"] == "101"


def test_a_set_that_the_program_gave_stays_as_planned_until_a_refresh() -> None:
    planned = plan(NETWORK, None, {"name": "n", "labels": [{"label": "a", "value": "b"}]})
    found = {**planned, "labels": [{"label": "x", "value": "y"}], "options": {}}
    kept = settled(NETWORK, planned, found)
    assert kept["labels"] == [{"label": "a", "value": "b"}]


def test_time_limits_are_noted_in_nanoseconds() -> None:
    notes = meta(CONTAINER, {"create": 2})["__meta"]
    assert isinstance(notes, str)
    assert '"create":2000000000,"delete":1200000000000,"update":1200000000000' in notes
    assert '"schema_version":"2"' in notes


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=3)), max_size=5))
def test_the_order_of_a_set_does_not_matter(values: list[dict[str, str]]) -> None:
    forwards, backwards = in_set_order(list(values)), in_set_order(list(reversed(values)))
    assert {set_key(value) for value in forwards} == {set_key(value) for value in backwards}
    assert len(forwards) == len({set_key(value) for value in values})


def test_a_refresh_changes_only_inputs_that_were_there() -> None:
    old: Properties = {"restart": "no", "mustRun": True, "memory": 64, "__defaults": ["mustRun", "restart"]}
    state: Properties = {"restart": "always", "mustRun": True, "memory": 64, "hostname": "h"}
    assert refreshed(old, state, CONTAINER.inputs) == {
        "restart": "always",
        "mustRun": True,
        "memory": 64,
        "__defaults": ["mustRun"],
    }


def test_an_import_takes_what_is_neither_default_nor_zero() -> None:
    state: Properties = {"name": "n", "restart": "no", "memory": 0, "image": "i", "bridge": "b", "hosts": []}
    assert imported(state, CONTAINER.inputs) == {"name": "n", "image": "i", "__defaults": []}
