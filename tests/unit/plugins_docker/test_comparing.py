"""Which change replaces, which updates, and how it is shown. The expectations were seen with the official plugin."""

from typing import Any

import pytest

from tests.unit.plugins_docker.samples import check_request, diff_request
from toolchain.plugins.docker.checking import check
from toolchain.plugins.docker.comparing import compare
from toolchain.plugins.docker.container_schema import CONTAINER
from toolchain.plugins.docker.planning import finished, known, plan
from toolchain.plugins.docker.schema import ResourceSchema
from toolchain.plugins.docker.schemas import NETWORK
from toolchain.plugins.framework import UNKNOWN, Diff

_SEEN = {"command": ["sh"], "entrypoints": [], "networkDatas": [{"networkName": "bridge"}], "hostname": "h"}


def _inputs(schema: ResourceSchema, program: dict[str, Any]) -> dict[str, Any]:
    base = {"image": "i"} if schema is CONTAINER else {}
    return check(schema, check_request({**base, **program})).inputs


def _diff(old: dict[str, Any], new: dict[str, Any], schema: ResourceSchema = CONTAINER, **state: Any) -> Diff:
    planned = finished(schema, known(plan(schema, None, _inputs(schema, old))))
    seen = {**_SEEN, **state} if schema is CONTAINER else state
    prior = {name: seen.get(name, value) if value is None else value for name, value in planned.items()}
    return compare(schema, diff_request({**prior, **state}, _inputs(schema, new)))


def _kinds(diff: Diff) -> dict[str, str]:
    return {path: kind.value for path, kind in (diff.detailed or {}).items()}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"envs": ["B=1", "A=2"]}, {"envs": ["A=2", "B=1"]}, {}),
        ({"envs": ["A=1"]}, {"envs": ["A=1", "B=2"]}, {"envs[1]": "add_replace"}),
        ({"restart": "no"}, {"restart": "always"}, {"restart": "update"}),
        ({"memory": 64}, {"memory": 65}, {"memory": "update"}),
        ({"cpuShares": 5}, {}, {"cpuShares": "delete"}),
        ({}, {"cpuShares": 5}, {"cpuShares": "add"}),
        ({}, {"hostname": "x"}, {"hostname": "update_replace"}),
        ({"command": ["a", "b"]}, {"command": ["a", "c"]}, {"command[1]": "update_replace"}),
        ({"tmpfs": {"/r": "a"}}, {"tmpfs": {"/r": "b"}}, {'tmpfs["/r"]': "update"}),
        ({}, {"dns": ["1.1.1.1"]}, {"dns": "add_replace"}),
        ({"dns": ["1.1.1.1"]}, {}, {"dns": "delete_replace"}),
        ({"user": "0"}, {"user": ""}, {}),
        ({"user": "0"}, {"user": "1"}, {"user": "update_replace"}),
        ({}, {"memory": 0}, {}),
        ({"destroyGraceSeconds": 1}, {"destroyGraceSeconds": 2}, {"destroyGraceSeconds": "update"}),
        (
            {"capabilities": {"adds": ["CAP_A"]}},
            {"capabilities": {"adds": ["CAP_B"]}},
            {"capabilities.adds[0]": "update_replace"},
        ),
        (
            {"networksAdvanced": [{"name": "n"}]},
            {"networksAdvanced": [{"name": "m"}]},
            {"networksAdvanced": "update_replace"},
        ),
        (
            {"healthcheck": {"tests": ["CMD", "x"], "interval": "1s"}},
            {"healthcheck": {"tests": ["CMD", "y"], "interval": "2s"}},
            {"healthcheck.interval": "update", "healthcheck.tests[1]": "update"},
        ),
        (
            {"ulimits": [{"name": "nofile", "soft": 1, "hard": 2}]},
            {"ulimits": [{"name": "nofile", "soft": 1, "hard": 3}]},
            {"ulimits[0].hard": "update_replace"},
        ),
    ],
)
def test_change(old: dict[str, Any], new: dict[str, Any], expected: dict[str, str]) -> None:
    diff = _diff(old, new)
    assert _kinds(diff) == expected
    assert diff.changed is bool(expected)
    tops = {path.split(".")[0].split("[")[0] for path, kind in expected.items() if kind.endswith("_replace")}
    assert set(diff.replaces) == tops
    assert diff.delete_before_replace is bool(tops)


def test_memory_alone_shows_the_swap_limit_that_docker_made_of_it() -> None:
    assert _kinds(_diff({"memory": 64}, {"memory": 64}, memorySwap=128)) == {"memorySwap": "delete"}


def test_a_stopped_container_shows_that_it_should_run() -> None:
    assert _kinds(_diff({}, {}, mustRun=False)) == {"mustRun": "update"}


def test_a_container_that_failed_half_way_is_replaced() -> None:
    diff = _diff({}, {}, entrypoints=None, networkDatas=None)
    assert _kinds(diff) == {"entrypoints": "add_replace", "networkDatas": "add"}


def test_an_unknown_image_replaces() -> None:
    assert _kinds(_diff({}, {"image": UNKNOWN})) == {"image": "update_replace"}


def test_ports_keep_the_number_that_docker_chose_and_have_no_order() -> None:
    chosen = [
        {"internal": 80, "external": 32768, "ip": "0.0.0.0", "protocol": "tcp"},
        {"internal": 81, "external": 8081, "ip": "0.0.0.0", "protocol": "tcp"},
    ]
    program = [{"internal": 80}, {"internal": 81, "external": 8081}]
    assert not _diff({}, {"ports": program}, ports=chosen).changed
    moved = _diff({}, {"ports": [{"internal": 80, "external": 1}, {"internal": 81, "external": 8081}]}, ports=chosen)
    assert _kinds(moved) == {"ports[0].external": "update_replace"}


def test_ignored_changes_are_no_changes() -> None:
    planned = finished(CONTAINER, known(plan(CONTAINER, None, _inputs(CONTAINER, {"memory": 64}))))
    prior = {**planned, **_SEEN}
    request = diff_request(prior, _inputs(CONTAINER, {"memory": 65, "envs": ["A=1"]}), ignore=("memory", "envs"))
    assert not compare(CONTAINER, request).changed


def test_a_named_network_is_deleted_first_and_an_autonamed_one_is_not() -> None:
    assert not _diff({}, {"internal": True}, NETWORK).delete_before_replace
    assert _diff({"name": "n"}, {"name": "n", "internal": True}, NETWORK).delete_before_replace
