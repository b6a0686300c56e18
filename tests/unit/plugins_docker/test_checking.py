"""From the program's words to inputs."""

import re

import pytest

from tests.unit.plugins_docker.samples import check_request
from toolchain.plugins.docker.checking import check
from toolchain.plugins.docker.container_schema import CONTAINER
from toolchain.plugins.docker.schemas import NETWORK, REMOTE_IMAGE
from toolchain.plugins.framework import UNKNOWN, Autonaming

_FILLED = [
    "containerReadRefreshTimeoutMilliseconds",
    "mustRun",
    "name",
    "networkMode",
    "removeVolumes",
    "restart",
    "start",
    "waitTimeout",
]


def _reasons(inputs: dict[str, object]) -> list[str]:
    return [failure.reason for failure in check(CONTAINER, check_request({"image": "i", **inputs})).failures]


def test_truthy_defaults_are_filled_in_and_named() -> None:
    inputs = check(CONTAINER, check_request({"image": "i"})).inputs
    assert inputs["__defaults"] == _FILLED
    assert inputs["restart"] == "no"
    assert not {"rm", "readOnly", "tty", "logs"} & set(inputs)


def test_nested_objects_carry_their_own_defaults() -> None:
    inputs = check(CONTAINER, check_request({"image": "i", "ports": [{"internal": 80}]})).inputs
    assert inputs["ports"] == [{"internal": 80, "ip": "0.0.0.0", "protocol": "tcp", "__defaults": ["ip", "protocol"]}]


def test_an_automatic_name_is_kept_and_a_given_one_is_no_default() -> None:
    first = check(CONTAINER, check_request({"image": "i"})).inputs
    assert re.fullmatch(r"c-[0-9a-f]{7}", str(first["name"]))
    again = check(CONTAINER, check_request({"image": "i"}, olds=first, random_seed=b"other")).inputs
    assert again["name"] == first["name"]
    given = check(CONTAINER, check_request({"image": "i", "name": "n"})).inputs
    assert given["name"] == "n"
    assert "name" not in given["__defaults"]  # type: ignore[operator]


def test_a_name_is_fresh_without_old_inputs() -> None:
    names = {check(NETWORK, check_request({}, random_seed=seed)).inputs["name"] for seed in (b"1", b"2", b"")}
    assert len(names) == 3


def test_the_engine_may_propose_or_forbid_names() -> None:
    proposed = check(NETWORK, check_request({}, autonaming=Autonaming("mine", "propose")))
    assert proposed.inputs["name"] == "mine"
    forbidden = check(NETWORK, check_request({}, autonaming=Autonaming("", "disable")))
    assert "automatic naming is disabled" in forbidden.failures[0].reason


def test_a_remote_image_needs_a_name() -> None:
    failures = check(REMOTE_IMAGE, check_request({})).failures
    assert 'The argument "name" is required' in failures[0].reason


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"memory": "64"}, 64),
        ({"tty": "true"}, True),
        ({"tty": "0"}, False),
        ({"domainname": 5}, "5"),
        ({"command": "sleep"}, ["sleep"]),
        ({"envs": [True]}, ["true"]),
    ],
)
def test_scalars_are_coerced(inputs: dict[str, object], expected: object) -> None:
    (name,) = inputs
    assert check(CONTAINER, check_request({"image": "i", **inputs})).inputs[name] == expected


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"bogus": 1}, "Invalid or unknown key. Examine values at 'c.bogus'."),
        ({"ports": [{"internal": 1, "no": 2}]}, "Invalid or unknown key. Examine values at 'c.ports[0].no'."),
        (
            {"cpuShares": -2},
            "'-2' cannot be lower than 0. '-2' cannot be lower than 0. Examine values at 'c.cpuShares'.",
        ),
        (
            {"healthcheck": {"interval": "1x"}},
            "'1x' is not a valid duration. '1x' is not a valid duration. Examine values at 'c.healthcheck.interval'.",
        ),
        (
            {"volumes": [{"hostPath": "rel"}]},
            "'rel' must be an absolute path. 'rel' must be an absolute path. Examine values at 'c.volumes.hostPath'.",
        ),
        ({"memory": "abc"}, "expected integer, got a string. Examine values at 'c.memory'."),
        ({"labels": ["x"]}, "expected an object, got a string. Examine values at 'c.labels'."),
        (
            {"gpus": "all", "deviceRequests": [{"count": 1}]},
            'Conflicting configuration arguments. "device_requests": conflicts with gpus. '
            "Examine values at 'c.deviceRequests'.",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_path(inputs: dict[str, object], reason: str) -> None:
    assert _reasons(inputs) == [reason]


def test_every_failure_is_reported_at_once() -> None:
    assert len(_reasons({"bogus": 1, "restart": "sometimes", "memory": "x"})) == 3


def test_no_failure_quotes_a_file_that_may_be_secret() -> None:
    (reason,) = _reasons({"uploads": [{"file": "/f", "contentBase64": "s3cr!t"}]})
    assert "s3cr" not in reason


def test_unknown_values_pass() -> None:
    inputs = {"image": UNKNOWN, "memory": UNKNOWN, "ports": UNKNOWN, "envs": [UNKNOWN]}
    result = check(CONTAINER, check_request(inputs))
    assert not result.failures
    assert {name: result.inputs[name] for name in inputs} == inputs
