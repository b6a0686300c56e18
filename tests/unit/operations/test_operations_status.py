"""What a status tells and asks attention for, without an engine."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from operations.recorded import Recorded, RecordedProcess
from operations.status.model import Certificate, Records, RoleStatus, Running, SmokeCheck, Status
from operations.status.records import records_of
from operations.status.report import document, table
from operations.status.stack_state import certificates_in, smoke_check_in
from operations.status.times import ago, parsed

from .states import Entry, resource, state

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
MEBIBYTE = 1024 * 1024


def role(name: str, health: str = "healthy", kind: str = "workload") -> RoleStatus:
    running = Running(name, "sha256:00", health, NOW - timedelta(hours=3), 100 * MEBIBYTE)
    return RoleStatus("hub", kind, f"{name}:1", 512, running)


def status(
    *roles: RoleStatus, drift: list[str] | None = None, days: int = 200, records: tuple[Records, ...] = ()
) -> Status:
    certificate = Certificate("hub-edge-certificate", NOW + timedelta(days=days), 720)
    return Status("s", NOW, roles, [certificate], SmokeCheck(NOW - timedelta(minutes=5), 10), records, drift)


def test_a_healthy_stack_needs_no_attention() -> None:
    found = status(role("edge"), role("bootstrap", kind="task"), drift=[])
    assert not found.problems
    text = table(found)
    assert "All is well." in text
    for words in ("edge:1", "healthy", "3 h", "100 of 512 MiB", "done", "200 days left", "5 min ago, 10 steps", "no"):
        assert words in text


@pytest.mark.parametrize("health", ["unhealthy", "starting", "exited", "missing", "paused"])
def test_a_role_that_is_not_healthy_needs_attention(health: str) -> None:
    found = status(role("portus", health), role("edge"))
    assert found.problems == [f"portus is {health}"]
    assert f"! portus is {health}" in table(found)


@pytest.mark.parametrize(
    ("days", "verdict", "attention"),
    [(31, "valid", False), (29, "renewable", False), (14, "late", True), (0, "expired", True), (-2, "expired", True)],
)
def test_a_certificate_needs_attention_when_up_should_have_renewed_it(days: int, verdict: str, attention: bool) -> None:
    found = status(role("edge"), days=days)
    assert found.certificates[0].verdict(NOW) == verdict
    assert bool(found.problems) is attention


def test_drift_needs_attention_and_is_told_from_not_looking() -> None:
    assert status(role("edge"), drift=["hub-edge is gone"]).problems == ["drift: hub-edge is gone"]
    assert "not looked for" in table(status(role("edge")))
    assert json.loads(document(status(role("edge"))))["drift"] is None
    assert json.loads(document(status(role("edge"), drift=[])))["drift"] == []


def test_json_says_sizes_in_bytes_and_times_with_their_zone() -> None:
    found = json.loads(document(status(role("edge", "unhealthy"))))
    assert found["well"] is False and found["problems"] == ["edge is unhealthy"]
    (edge,) = found["roles"]
    assert edge["memory_bytes"] == 100 * MEBIBYTE and edge["memory_limit_bytes"] == 512 * MEBIBYTE
    assert edge["since"] == "2026-06-01T09:00:00+00:00"
    assert found["certificates"][0]["days_left"] == 200


def test_certificates_are_read_from_the_state_but_not_that_of_the_token_key() -> None:
    leaf: Entry = {
        "type": "tls:index/locallySignedCert:LocallySignedCert",
        "inputs": {"earlyRenewalHours": 720},
        "outputs": {"validityEndTime": "2027-01-01T00:00:00.123456789Z"},
    }
    edge, token, old = ({**resource("container", f"s-{name}-certificate"), **leaf} for name in ("edge", "token", "old"))
    found = certificates_in(state(edge, token, {**old, "delete": True}))
    assert [(each.name, each.early_renewal_hours) for each in found] == [("s-edge-certificate", 720)]


def test_a_smoke_check_that_is_switched_off_is_none() -> None:
    assert smoke_check_in({}) == SmokeCheck(None, 0)


def test_times_of_any_length_are_read() -> None:
    assert parsed("2026-06-01T12:00:00.123456789Z") == NOW.replace(microsecond=123456)
    assert parsed("2026-06-01T12:00:00Z") == NOW
    assert parsed("2026-06-01T14:00:00.5+02:00") == NOW.replace(microsecond=500000)
    assert parsed("None") is None and parsed("2026-06-01T12:00:00") is None


def test_spans_are_told_in_one_unit() -> None:
    spans = [timedelta(seconds=42), timedelta(minutes=5), timedelta(hours=47), timedelta(days=12)]
    assert [ago(span) for span in spans] == ["42 s", "5 min", "47 h", "12 d"]


def test_a_lost_push_and_a_locked_user_need_attention() -> None:
    found = status(role("edge"), records=(Records("hub", 2, ("ann", "portus")),))
    assert found.problems == [
        "2 of the registry's events are stuck: what they report is not shown in Portus",
        "the user ann is locked",
        "the user portus is locked",
    ]
    text = table(found)
    assert "Events stuck      2" in text and "Users locked      ann, portus" in text
    assert json.loads(document(found))["records"] == [
        {"portus_stack": "hub", "stuck_events": 2, "locked_users": ["ann", "portus"]}
    ]


def test_records_that_cannot_be_read_are_not_called_well() -> None:
    assert "Events stuck      not known" in table(status(role("edge")))
    assert "Events stuck      0" in table(status(role("edge"), records=(Records("hub", 0, ()),)))


def recorded(*processes: str) -> Recorded:
    found = tuple(
        RecordedProcess(name, "workload", f"{name}:1", 64, 1.0, "", True, "", 1, (), ()) for name in processes
    )
    return Recorded("hub", "docker", "p.test", "r.test", {}, found, ())


def test_records_are_read_row_by_row() -> None:
    asked: list[str] = []

    def ask(name: str, _command: object) -> str:
        asked.append(name)
        return "event\t7\nevent\t9\nuser\tann\n"

    assert records_of(recorded("database", "background"), ask) == Records("hub", 2, ("ann",))
    assert asked == ["hub-database"]


@pytest.mark.parametrize("processes", [("background",), ("database",)], ids=["external database", "generation 1"])
def test_records_are_not_asked_for_where_there_are_none(processes: tuple[str, ...]) -> None:
    def ask(name: str, _command: object) -> str:
        raise AssertionError(f"{name} was asked")

    assert records_of(recorded(*processes), ask) is None


def test_records_of_a_database_that_does_not_answer_are_not_known() -> None:
    assert records_of(recorded("database", "background"), lambda *_: None) is None
