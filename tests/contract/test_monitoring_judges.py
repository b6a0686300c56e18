"""Prometheus' own promtool judges the alerts, systemd's own programs the units: Debian's packages in an image."""

import json
import subprocess
from argparse import Namespace
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from operations.monitoring.command import texts
from operations.monitoring.dashboard import expression
from operations.monitoring.rules import rule
from operations.monitoring.table import ALERTS, PANELS, Alert
from operations.status.metrics import exposition
from operations.timer.jobs import Caller
from operations.timer.systemd import units
from operations.timer.when import When
from tests.unit.operations.states import stack
from tests.unit.operations.statuses import healthy

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
IMAGE = "portus-stack.lab/monitoring:1"
LABELS = {"stack": "prod", "portus_stack": "hub"}
EDGE = {"certificate": "hub-edge-certificate"}
STEP, SAMPLES = 900, 400
"""Seconds between two readings, and how many there are: four days and some hours. Each is judged once."""
DAY = 86400
AT = 4 * DAY
LATE, SOON, LAST = ("RenewalOverdue", "CertificateEndsSoon", "CertificateEnds")
EXPOSED = 60
"""Of a hundred, by `systemd-analyze security`; a service without any hardening has 96."""
SYSTEMD = f"""
systemd-analyze verify *.service *.timer 2>&1
for each in *.service; do systemd-analyze security --offline=yes --threshold={EXPOSED} "./$each" >/dev/null; done
sed -n 's/^OnCalendar=//p' *.timer >/tmp/times
while read -r each; do systemd-analyze calendar "$each" | grep --only-matching 'Next elapse'; done </tmp/times
"""

PROVOKED: Mapping[str, tuple[Mapping[str, str], str, Mapping[str, str], tuple[str, ...]]] = {
    "NotWell": ({"well": "0"}, "", {}, ()),
    "MetricsStale": ({"reading_timestamp_seconds": str(AT - 3600)}, "1h 0m 0s", {}, ()),
    "RoleNotReady": ({"role_instances_ready": "0"}, "", {"role": "portus"}, ()),
    "EventsStuck": ({"events_stuck": "7"}, "7", {}, ()),
    "UsersLocked": ({"users_locked": "2"}, "2", {}, ()),
    "BackupFailed": ({"backup_failed": "1"}, "", {}, ()),
    "BackupTooOld": ({"backup_overdue_timestamp_seconds": str(AT - 7200)}, "", {}, ()),
    "DrillFailed": ({"drill_failed": "1"}, "", {}, ()),
    "DrillTooOld": ({"drill_overdue_timestamp_seconds": str(AT - 7200)}, "", {}, ()),
    LATE: ({"certificate_not_after_timestamp_seconds": str(AT + 14 * DAY)}, "", EDGE, ()),
    SOON: ({"certificate_not_after_timestamp_seconds": str(AT + 7 * DAY)}, "", EDGE, (LATE,)),
    LAST: ({"certificate_not_after_timestamp_seconds": str(AT + 3 * DAY)}, "", EDGE, (LATE, SOON)),
    "Interrupted": ({"pending_operations": "2"}, "", {}, ()),
}
"""Alert → the samples that provoke it, what `$value` then is, its labels, and which others fire with it."""


def judge(folder: Path, *command: str, mounts: tuple[str, ...] = ()) -> str:
    """What a program of the image says of the files in ``folder``; anything but 0 fails the test."""
    volumes = [f"--volume={each}:ro" for each in (f"{folder}:/judged", *mounts)]
    run = ["docker", "run", "--rm", "--network=none", "--workdir=/judged", *volumes, IMAGE, *command]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def series(changed: Mapping[str, str]) -> list[dict[str, str]]:
    """What `status --metrics` writes of a healthy stack, at each step; ``changed`` by the metric's short name.

    Readings go on as the time does.
    """
    found = []
    values, end = dict(changed), changed.get("certificate_not_after_timestamp_seconds")
    if end:
        values["certificate_renewal_timestamp_seconds"] = str(int(end) - 30 * DAY)
    for family in text_string_to_metric_families(exposition(healthy(datetime.fromtimestamp(0, timezone.utc)))):
        for each in family.samples:
            name = each.name.removeprefix("portus_stack_")
            going = name == "reading_timestamp_seconds"
            value = values.get(name, f"{each.value:.0f}")
            grows = f"+{STEP}" if going and name not in values else "+0"
            labels = ", ".join(f'{key}="{text}"' for key, text in each.labels.items())
            found.append({"series": f"{each.name}{{{labels}}}", "values": f"{value}{grows}x{SAMPLES}"})
    return found


def fired(alert: Alert) -> dict[str, object]:
    """As promtool expects one that fires."""
    _, value, labels, _ = PROVOKED[alert.name]
    made = rule(alert)
    told = {**LABELS, **labels}
    words = {f"{{{{ $labels.{label} }}}}": content for label, content in told.items()}
    words |= dict.fromkeys(("{{ $value }}", "{{ $value | humanizeDuration }}"), value)
    annotations = json.dumps(made["annotations"])
    for template, content in words.items():
        annotations = annotations.replace(template, content)
    return {"exp_labels": {**told, "severity": alert.severity}, "exp_annotations": json.loads(annotations)}


def case(name: str, changed: Mapping[str, str], firing: tuple[str, ...]) -> dict[str, object]:
    """At the end of four days these alerts fire, and no other does."""
    tests = [
        {"eval_time": f"{AT}s", "alertname": each.full_name, "exp_alerts": [fired(each)] if each.name in firing else []}
        for each in ALERTS
    ]
    return {"name": name, "interval": f"{STEP}s", "input_series": series(changed), "alert_rule_test": tests}


def test_every_alert_is_provoked() -> None:
    assert list(PROVOKED) == [each.name for each in ALERTS]


def test_promtool_takes_the_rules_and_the_queries_of_the_panels(tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").write_text(texts()["alerts.yaml"])
    assert f"SUCCESS: {len(ALERTS)} rules found" in judge(tmp_path, "promtool", "check", "rules", "alerts.yaml")
    asked = [expression(each).replace('"$stack"', '".*"').replace('"$portus_stack"', '".*"') for each in PANELS]
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(asked)]
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"SUCCESS: {len(PANELS)} rules found" in judge(tmp_path, "promtool", "check", "rules", "panels.yaml")


def test_each_alert_fires_by_what_it_is_about_and_none_on_a_healthy_stack(tmp_path: Path) -> None:
    cases = [case("healthy", {}, ())]
    cases += [case(name, each[0], (name, *each[3])) for name, each in PROVOKED.items()]
    (tmp_path / "alerts.yaml").write_text(texts()["alerts.yaml"])
    document = {"rule_files": ["alerts.yaml"], "evaluation_interval": f"{STEP}s", "tests": cases}
    (tmp_path / "tests.yaml").write_text(json.dumps(document))
    assert "SUCCESS" in judge(tmp_path, "promtool", "test", "rules", "tests.yaml")


def test_promtool_takes_the_metrics(tmp_path: Path) -> None:
    (tmp_path / "hub.prom").write_text(exposition(healthy()))
    assert judge(tmp_path, "sh", "-c", "promtool check metrics <hub.prom 2>&1") == ""


@pytest.mark.parametrize("at", ["04:10", "Sun 23:59"])
@pytest.mark.parametrize("clone", [True, False])
def test_systemd_takes_the_units(tmp_path: Path, at: str, clone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their words, times and options; every warning is an error. A path has what systemd reads as its own."""
    folder = tmp_path / 'a 100% "odd" $HOME'
    folder.mkdir()
    monkeypatch.setenv("PULUMI_HOME", "/tools/home")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(folder / "passphrase"))
    monkeypatch.setattr("sys.executable", "/usr/bin/make")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    options = Namespace(
        name="", at=When.parse(at), metrics=str(folder / "hub.prom"), collect_garbage=When.parse("Sun 03:00")
    )
    found = units(Caller(stack(folder, clone=clone)), options, "root")
    for name, text in found.items():
        (tmp_path / name).write_text(text)
    program = tmp_path / "make"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    told = judge(tmp_path, "sh", "-ec", SYSTEMD, mounts=(f"{program}:/usr/bin/make",))
    assert told.splitlines() == ["Next elapse"] * 3, "each timer has a next time; nothing else is said"
