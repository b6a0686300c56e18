"""The whole local stack under kill -9, Ctrl-C and docker kill: `make up` finishes the work, with nothing orphaned."""

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from docker.errors import NotFound

from tests.engine.docker.deployment import local_config
from tests.engine.docker.operations_clone import DEPLOYMENT_LABEL, Clone

pytestmark = [pytest.mark.engine, pytest.mark.soak, pytest.mark.timeout(1800)]

NAME, PORT = "interrupted", 9473
TASKS_AND_ROLES = ("database", "registry", "portus", "bootstrap", "background", "edge", "smoke-check")


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    clone = Clone(tmp_path, NAME, local_config(NAME, PORT))
    try:
        yield clone
    finally:
        clone.close()


def is_in_status(clone: Clone, container: str, status: str) -> bool:
    """Whether a container is there with this status."""
    try:
        return clone.docker.containers.get(f"{NAME}-{container}").status == status
    except NotFound:
        return False


def has_objects(clone: Clone, least: int) -> bool:
    """Whether so many containers, networks and volumes are there."""
    return clone.count() >= least


def assert_finished(clone: Clone) -> None:
    """Every role and task is healthy, every object is of one deployment and known, and nothing is left to do."""
    containers = {f"{NAME}-{part}": clone.docker.containers.get(f"{NAME}-{part}") for part in TASKS_AND_ROLES}
    assert {name: each.health for name, each in containers.items()} == dict.fromkeys(containers, "healthy")
    label = {DEPLOYMENT_LABEL: containers[f"{NAME}-edge"].labels[DEPLOYMENT_LABEL]}
    volumes = clone.docker.volumes.list(filters={"label": f"org.portus-stack.name={NAME}"})
    assert {each.attrs["Labels"][DEPLOYMENT_LABEL] for each in volumes} == set(label.values())
    assert "nothing to repair" in clone.must("repair")
    clone.must("up", "ARGS=--expect-no-changes")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "interrupt"])
def test_up_finishes_after_ten_interrupts(clone: Clone, number: signal.Signals) -> None:
    moments = [partial(has_objects, clone, least) for least in (1, 4, 8, 14, 20)]
    moments += [partial(is_in_status, clone, part, "running") for part in ("database", "portus", "bootstrap", "edge")]
    moments.append(partial(is_in_status, clone, "smoke-check", "running"))
    interrupted = sum(clone.interrupt(number, moment) for moment in moments)
    assert interrupted == len(moments), "an up had ended before it was interrupted"
    clone.must("up")
    assert_finished(clone)
    clone.must("down")
    assert clone.count() == 0


def test_up_brings_back_whatever_was_killed(clone: Clone) -> None:
    clone.must("up")
    for part in TASKS_AND_ROLES:
        clone.docker.containers.get(f"{NAME}-{part}").kill()
    said = clone.must("up")
    assert all(f"started container {NAME}-{part}" in said for part in TASKS_AND_ROLES)
    assert_finished(clone)
    clone.must("down")
    assert clone.count() == 0
