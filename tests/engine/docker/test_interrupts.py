"""`pulumi up` interrupted at ten moments, one after the other on the same stack: `make up` goes on each time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.docker.client import Edge
from tests.engine.docker.deployment import Deployment, local_config, prepared, wait_for
from tests.engine.docker.interrupts import Moment, RunningUp, Snapshot, ctrl_c, kill_9, processes
from tests.engine.docker.portus import PortusApi

pytestmark = [pytest.mark.engine, pytest.mark.soak, pytest.mark.timeout(1500)]

MOMENTS = (
    Moment("the first resource", lambda up: up.begun() >= 1),
    Moment("the first password", lambda up: up.begun("random:") >= 1),
    Moment("twenty resources", lambda up: up.begun() >= 20),
    Moment("twenty more", lambda up: up.begun() >= 20),
    Moment("the database's container is there", lambda up: up.status("database") != ""),
    Moment("portus starts", lambda up: up.status("portus") == "running"),
    Moment("bootstrap is being made", lambda up: up.status("bootstrap") != ""),
    Moment("background runs", lambda up: up.status("background") == "running"),
    Moment("the edge is being made", lambda up: up.status("edge") != ""),
    Moment("the smoke check runs", lambda up: up.status("smoke_check") == "running"),
)
PROCESSES_END_SECONDS = 20
OFFICIAL_PLUGIN = "/pulumi-resource-"
"""In its command line. An official plugin notices a dead engine after 5 minutes (pulumi/sdk, rpcutil.Healthcheck)."""


def test_up_goes_on_after_ctrl_c_at_ten_moments(tmp_path: Path) -> None:
    _interrupt("broken-off", 9210, tmp_path, ctrl_c)


def test_up_goes_on_after_kill_9_at_ten_moments(tmp_path: Path) -> None:
    said = _interrupt("shot-down", 9212, tmp_path, kill_9)
    assert all("released the lock" in each for each in said)
    together = "\n".join(said)
    assert "cleared the pending operation" in together, together
    assert "no state knows it" in together, together


def _interrupt(name: str, port: int, folder: Path, blow: Callable[[int], None]) -> list[str]:
    """Strike at each moment and repair; finish, and look for what is left. Returns what each repair said."""
    config = local_config(name, port)
    said: list[str] = []
    secrets: dict[str, str] = {}
    with prepared(name, folder, config) as deployment:
        for moment in MOMENTS:
            RunningUp(deployment).strike(moment, blow)
            _assert_no_process_left(deployment, moment.name, OFFICIAL_PLUGIN if blow is kill_9 else None)
            said.append(deployment.make("repair"))
            secrets |= _sound(deployment, secrets, moment.name, said[-1], ("container", "network"))
        printed = deployment.make("up")
        _sound(deployment, secrets, "the last up", printed, ("container", "network", "volume"))
        deployment.wait_until_healthy()
        assert PortusApi.as_administrator(Edge.of(deployment)).get("/api/v1/users")
        deployment.up("--expect-no-changes")
        deployment.destroy()
        assert deployment.leftovers() == []
    return said


def _assert_no_process_left(deployment: Deployment, moment: str, outlives: str | None) -> None:
    """But for those with ``outlives`` in their command line."""

    def left() -> list[str]:
        return [each for each in processes(deployment) if outlives is None or outlives not in each]

    wait_for(lambda: not left(), PROCESSES_END_SECONDS, lambda: f"after “{moment}” there still run {left()}")


def _sound(
    deployment: Deployment, secrets: dict[str, str], moment: str, printed: str, kinds: tuple[str, ...]
) -> dict[str, str]:
    """Nothing pending, locked, orphaned or doubled, and no secret made anew; returns the secrets."""
    now = Snapshot.of(deployment)
    assert not now.pending, f"{moment}: {now.pending}\n{printed}"
    assert not now.locks, f"{moment}: {now.locks}\n{printed}"
    orphans = [each for each in now.unknown if each.startswith(kinds)]
    assert not orphans, f"{moment}: no state knows {orphans}\n{printed}"
    assert not now.doubled_networks, f"{moment}: {now.doubled_networks}\n{printed}"
    changed = [name for name, secret in secrets.items() if now.secrets.get(name) != secret]
    assert not changed, f"{moment}: made anew or lost: {changed}\n{printed}"
    return now.secrets
