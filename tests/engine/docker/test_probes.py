"""Health checks: often while something starts or fails, seldom once it is well."""

from datetime import datetime
from itertools import pairwise

import pytest
from docker.models.containers import Container

from tests.engine.docker.deployment import Deployment, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]
AT_LEAST_SECONDS = 29
"""Of the 30, for moments cut to whole seconds."""


def rests(container: Container) -> list[float]:
    """How many seconds those of the last probes took that succeeded after another success."""
    container.reload()
    log = container.attrs["State"]["Health"]["Log"]
    well = [each for before, each in pairwise(log) if (before["ExitCode"], each["ExitCode"]) == (0, 0)]
    return [_second(each["End"]) - _second(each["Start"]) for each in well]


def _second(moment: str) -> float:
    # Docker writes nanoseconds, which Python 3.10 does not read.
    return datetime.fromisoformat(moment[:19]).timestamp()


def test_what_is_well_is_asked_every_half_minute(stack: Deployment) -> None:
    containers = stack.containers()
    wait_for(lambda: all(map(rests, containers.values())), 90, lambda: f"{containers}")
    found = {role: min(rests(container)) for role, container in containers.items()}
    assert min(found.values()) >= AT_LEAST_SECONDS, found


def test_a_failure_shows_and_so_does_its_end(stack: Deployment) -> None:
    task = stack.containers()["bootstrap"]
    assert task.exec_run(["rm", "/tmp/done"]).exit_code == 0
    try:
        wait_for(lambda: _health(task) == "unhealthy", 90, lambda: f"{task.attrs['State']['Health']}")
    finally:
        assert task.exec_run(["touch", "/tmp/done"]).exit_code == 0
    wait_for(lambda: _health(task) == "healthy", 20, lambda: f"{task.attrs['State']['Health']}")


def _health(container: Container) -> str:
    container.reload()
    return str(container.health)
