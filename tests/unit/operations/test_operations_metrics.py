"""A status as metrics: what is in the file, what never is, and how it is written."""

from argparse import Namespace
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from operations.console import OperationError
from operations.engine import Engine
from operations.status import command
from operations.status.kubernetes import _running
from operations.status.metrics import METRICS, exposition, write_metrics
from operations.status.model import Backups, Drill, Records, SmokeCheck, Status

from .states import stack
from .statuses import IMAGE, MEBIBYTE, NOW, healthy, role

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def samples(status: Status) -> Samples:
    """Metric → its own labels → value, as the library's parser reads the text."""
    found: Samples = {}
    for family in text_string_to_metric_families(exposition(status)):
        for each in family.samples:
            labels = dict(each.labels)
            assert (labels.pop("stack"), labels.pop("portus_stack")) == ("prod", "hub")
            found.setdefault(each.name, {})[tuple(sorted(labels.items()))] = each.value
    return found


def test_a_healthy_stack_tells_everything_that_there_is_a_metric_for() -> None:
    found = samples(healthy())
    assert set(found) == {each.full_name for each in METRICS}
    portus, edge, now = (("role", "portus"),), (("certificate", "hub-edge-certificate"),), NOW.timestamp()
    day = timedelta(days=1).total_seconds()
    assert found == {
        "portus_stack_info": {
            (("portus", "portus.example.com"), ("registry", "registry.example.com"), ("target", "docker")): 1
        },
        "portus_stack_well": {(): 1},
        "portus_stack_problems": {(): 0},
        "portus_stack_reading_timestamp_seconds": {(): now},
        "portus_stack_role_info": {(("image", IMAGE), ("kind", "workload"), ("role", "portus")): 1},
        "portus_stack_role_instances_wanted": {portus: 1},
        "portus_stack_role_instances_ready": {portus: 1},
        "portus_stack_role_start_timestamp_seconds": {portus: now - 3 * 3600},
        "portus_stack_role_memory_bytes": {portus: 100 * MEBIBYTE},
        "portus_stack_role_memory_limit_bytes": {portus: 512 * MEBIBYTE},
        "portus_stack_certificate_not_after_timestamp_seconds": {edge: now + 200 * day},
        "portus_stack_certificate_renewal_timestamp_seconds": {edge: now + 170 * day},
        "portus_stack_smoke_check_timestamp_seconds": {(): now - 300},
        "portus_stack_events_stuck": {(): 0},
        "portus_stack_users_locked": {(): 0},
        "portus_stack_backup_success_timestamp_seconds": {(): now - 9 * 3600},
        "portus_stack_backup_failed": {(): 0},
        "portus_stack_backup_overdue_timestamp_seconds": {(): now - 9 * 3600 + 14 * day},
        "portus_stack_drill_timestamp_seconds": {(): now - 2 * day},
        "portus_stack_drill_failed": {(): 0},
        "portus_stack_drill_overdue_timestamp_seconds": {(): now + 13 * day},
        "portus_stack_pending_operations": {(): 0},
        "portus_stack_drifted_resources": {(): 0},
    }


def test_what_is_wrong_is_a_number_and_names_nobody() -> None:
    lost = Backups("hub", None, "2026-06-01 dump: hunter2 is wrong", foreign=False)
    unwell = replace(
        healthy(),
        roles=[role("portus", "exited"), role("edge")],
        records=[Records("hub", 2, ("anneliese", "bartholomew"))],
        drift=["hub-edge is gone"],
        backups=[lost],
        pending=3,
    )
    found = samples(unwell)
    values = {name.removeprefix("portus_stack_"): values[()] for name, values in found.items() if () in values}
    assert values == {
        **{"well": 0, "problems": 6, "reading_timestamp_seconds": NOW.timestamp()},
        **{"smoke_check_timestamp_seconds": NOW.timestamp() - 300, "events_stuck": 2, "users_locked": 2},
        **{"backup_failed": 1, "pending_operations": 3, "drifted_resources": 1},
    }
    ready = found["portus_stack_role_instances_ready"]
    assert ready == {(("role", "portus"),): 0, (("role", "edge"),): 1}
    text = exposition(unwell)
    for word in ("anneliese", "bartholomew", "hunter2", "hub-edge is gone"):
        assert word not in text


def test_a_drill_that_failed_is_told_without_its_words() -> None:
    drill = Drill(NOW, "0a1b2c3d", False, "users: 5 of 6 hunter2")
    failed = replace(healthy(), backups=[Backups("hub", NOW, "", False, drill=drill)])
    assert samples(failed)["portus_stack_drill_failed"] == {(): 1} and "hunter2" not in exposition(failed)


def test_a_repository_of_another_deployment_counts_as_a_backup_that_failed() -> None:
    foreign = replace(healthy(), backups=[Backups("hub", None, "", foreign=True)])
    assert samples(foreign)["portus_stack_backup_failed"] == {(): 1}


def test_what_cannot_be_told_has_no_sample() -> None:
    """Zero would be an answer."""
    untold = replace(healthy(), roles=[], records=[], drift=None, backups=[], smoke_check=SmokeCheck(None, 0))
    assert {name.removeprefix("portus_stack_") for name in samples(untold)} == {
        *("info", "well", "problems", "reading_timestamp_seconds", "pending_operations"),
        *("certificate_not_after_timestamp_seconds", "certificate_renewal_timestamp_seconds"),
    }


def test_each_replica_on_a_cluster_counts() -> None:
    runners = [
        {"spec": {"replicas": 1}, "status": {"readyReplicas": 1}},
        {"spec": {"replicas": 2}, "status": {"readyReplicas": 1}},
    ]
    found = _running("portus", runners, [], {})
    assert (found.health, found.ready) == ("2 of 3 ready", 2)
    task = _running("bootstrap", [{"spec": {"completions": 1}, "status": {"succeeded": 1}}], [], {})
    assert replace(role("bootstrap"), running=task).ready == 1


def test_the_file_is_whole_and_for_everybody_and_alone(tmp_path: Path) -> None:
    file = tmp_path / "hub.prom"
    for status in (healthy(), replace(healthy(), pending=1)):
        write_metrics(status, str(file))
        assert file.read_text() == exposition(status)
        assert file.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [file]


def test_a_name_that_the_collector_leaves_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match=r"ends with \.prom"):
        write_metrics(healthy(), str(tmp_path / "hub.txt"))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="No such file or directory"):
        write_metrics(healthy(), str(tmp_path / "none" / "hub.prom"))
    assert not list(tmp_path.iterdir())


def _told(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch, status: Status | None) -> int:
    def found(*_: object, **__: object) -> Status:
        if status is None:
            raise OperationError("the Docker host does not answer")
        return status

    monkeypatch.setattr(command, "status_of", found)
    options = Namespace(name="", json=False, metrics=str(file), no_drift=True)
    return command.status(Engine(stack(tmp_path)), options)


def test_written_is_0_whether_well_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unwell = replace(healthy(), roles=[role("portus", "exited")])
    assert _told(tmp_path, tmp_path / "hub.prom", monkeypatch, unwell) == 0
    assert capsys.readouterr().out == "", "a timer's log stays empty"
    assert _told(tmp_path, Path("-"), monkeypatch, unwell) == 0
    assert capsys.readouterr().out == exposition(unwell)


def test_a_reading_that_fails_leaves_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ends of certificates go on being judged, and the file's age tells the rest."""
    file = tmp_path / "hub.prom"
    file.write_text("before")
    assert _told(tmp_path, file, monkeypatch, None) == 3
    assert file.read_text() == "before"
