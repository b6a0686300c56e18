"""`make status` and `make diagram` on a stack that runs, and after somebody laid hands on it."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.engine.docker.deployment import Deployment, deployed, local_config, wait_for

pytestmark = pytest.mark.engine
NAME, PORT = "watched", 9710
DAY = 86400


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(NAME, tmp_path_factory.mktemp(NAME), local_config(NAME, PORT)) as deployment:
        deployment.wait_until_healthy()
        yield deployment


def _json(output: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(output[output.index("{") :])
    return found


def promtool(metrics: str) -> str:
    """What Prometheus' own program says of them."""
    command = ["docker", "run", "--rm", "--interactive", "--network=none", "portus-stack.lab/monitoring:1"]
    done = subprocess.run(
        [*command, "promtool", "check", "metrics"], input=metrics, capture_output=True, text=True, check=False
    )
    return f"{done.returncode or ''}{done.stdout}{done.stderr}"


def _sql(watched: Deployment, statements: str) -> None:
    """As Portus' own user, inside the database's container."""
    client = 'MYSQL_PWD="$(cat "$MARIADB_PASSWORD_FILE")" exec mariadb --user="$MARIADB_USER" "$MARIADB_DATABASE"'
    done = watched.containers()["database"].exec_run(["sh", "-c", f'{client} --execute "$0"', statements])
    assert done.exit_code == 0, done.output


def _drawn(output: str) -> str:
    """The text of the picture whose path the command printed last."""
    path = Path(output.strip().splitlines()[-1])
    assert path.stat().st_mode & 0o077 == 0, "readable by its owner only"
    text = path.read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    return text


def test_a_stack_that_is_well_says_so(watched: Deployment) -> None:
    shown = watched.operation("status")
    assert shown.code == 0, shown.output
    for words in ("registry", "healthy", "of 1024 MiB", "364 days left", "14 steps passed", "All is well."):
        assert words in shown.output
    found = _json(watched.operation("status", "--json").output)
    assert found["well"] is True and found["drift"] == []


def test_the_picture_is_of_the_stack_and_changes_nothing(watched: Deployment) -> None:
    before = watched.identities()
    shown = watched.operation("diagram", "--changes")
    assert shown.code == 0, shown.output
    text = _drawn(shown.output)
    assert "what `up` would do: nothing" in text
    assert f"edge → portus, port 3000, TLS: passes requests on, over {NAME}-registry-portus" in text
    assert watched.outputs()["administrator_password"] not in text
    assert watched.identities() == before


def test_a_change_of_the_stack_file_is_in_the_picture(watched: Deployment) -> None:
    config = watched.config
    watched.configure({**config, "portus-stack:edge": {**config["portus-stack:edge"], "resources": {"memory_mib": 96}}})
    try:
        text = _drawn(watched.operation("diagram", "--changes").output)
    finally:
        watched.configure(config)
    assert "↻ replaced" in text and "≤ 96 MiB" in text


def test_a_picture_of_a_stack_that_is_not_there_leaves_none_behind(watched: Deployment) -> None:
    (watched.project / "stacks" / "Pulumi.fresh.yaml").write_text(watched.stack_file.read_text())
    shown = watched.operation_for("fresh", "diagram")
    assert shown.code == 0, shown.output
    assert "fresh" not in watched.pulumi("stack", "ls")
    assert "<svg" in _drawn(shown.output)


def test_a_push_that_is_lost_and_a_user_that_is_locked_are_told(watched: Deployment) -> None:
    rows = "INSERT INTO registry_events (event_id, status, data, created_at, updated_at)"
    lost = f"{rows} VALUES ('lost', 1, '{{}}', UTC_TIMESTAMP() - INTERVAL 1 HOUR, UTC_TIMESTAMP())"
    _sql(watched, f"{lost}; UPDATE users SET locked_at = UTC_TIMESTAMP() WHERE username = 'admin'")
    try:
        shown = watched.operation("status", "--no-drift")
    finally:
        _sql(watched, "DELETE FROM registry_events WHERE event_id = 'lost'; UPDATE users SET locked_at = NULL")
    assert shown.code == 1, shown.output
    assert "! 1 of the registry's events are stuck" in shown.output and "! the user admin is locked" in shown.output
    assert watched.operation("status", "--no-drift").code == 0


def _metrics(watched: Deployment, file: Path) -> dict[str, float]:
    """The samples of a reading, by metric and labels."""
    shown = watched.operation("status", "--no-drift", "--metrics", str(file))
    assert shown.code == 0 and not shown.output, shown.output
    text = file.read_text(encoding="utf-8")
    assert promtool(text) == ""
    return {
        f"{each.name.removeprefix('portus_stack_')} {each.labels.get('role', '')}".strip(): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def test_metrics_tell_the_minute_in_which_a_role_stops(watched: Deployment, tmp_path: Path) -> None:
    file, started = tmp_path / "watched.prom", time.time()
    before = _metrics(watched, file)
    assert (before["well"], before["role_instances_ready background"], before["events_stuck"]) == (1, 1, 0)
    assert started - 5 <= before["reading_timestamp_seconds"] <= time.time()
    assert before["certificate_renewal_timestamp_seconds"] > time.time() + 300 * DAY
    watched.containers()["background"].stop()
    try:
        wait_for(lambda: "background" not in watched.containers(), 30, watched.logs)
        after = _metrics(watched, file)
    finally:
        watched.operation("repair")
    assert (after["well"], after["role_instances_ready background"], after["role_instances_ready edge"]) == (0, 0, 1)
    assert watched.outputs()["administrator_password"] not in file.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["watched.prom"]


def test_what_was_stopped_or_removed_is_told_and_ends_with_1(watched: Deployment) -> None:
    watched.containers()["background"].stop()
    watched.containers()["smoke_check"].remove(force=True)
    wait_for(lambda: "background" not in watched.containers(), 30, watched.logs)
    shown = watched.operation("status")
    assert shown.code == 1, shown.output
    for words in ("! background is exited", "! smoke_check is missing", f"! drift: {NAME}-smoke-check is gone"):
        assert words in shown.output
    assert _json(watched.operation("status", "--json", "--no-drift").output)["well"] is False


def test_what_cannot_be_told_ends_with_3(watched: Deployment) -> None:
    (watched.project / "stacks" / "Pulumi.absent.yaml").write_text("config: {}\n")
    shown = watched.operation_for("absent", "status", "--json")
    assert shown.code == 3, shown.output
    assert "make up STACK=absent" in shown.output and _json(shown.output)["well"] is None
