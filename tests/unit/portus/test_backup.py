"""The backup: its schedule, what its scripts are told, whom it reaches, and that shell and cron agree."""

import random
import re
import shutil
import subprocess
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from cronsim import CronSim

from components.portus.roles import backup
from tests.unit.portus import samples, topologies
from tests.unit.portus.samples import MINIMAL, merged, problems

S3 = samples.COMPLETE["backup"]["repository"]["s3"]


def settings_of(**group: Any) -> dict[str, str]:
    return backup.script_settings(samples.settings({"backup": group}))


def files_of(args: dict[str, Any]) -> dict[str, Any]:
    return {file.path.rpartition("/")[2]: file for file in topologies.topology(args).process("backup").files}


def test_there_is_none_without_the_group() -> None:
    assert "backup" not in {process.name for process in topologies.topology().processes}
    assert "backup" in {process.name for process in topologies.topology({"backup": {}}).processes}


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("0 2 30 2 *", "bad day-of-month"),
        ("@daily", "five fields of cron"),
        ("0 2 * *", "five fields of cron"),
        ("0 0 2 * * *", "five fields of cron"),
        ("61 2 * * *", "bad minute"),
        ("0 2 L * *", "must not hold L"),
        ("0 2 * * 5L", "must not hold L"),
        ("0 2 * * mon-frii", "bad day-of-week"),
    ],
)
def test_a_schedule_that_is_none_is_refused(schedule: str, words: str) -> None:
    assert words in problems(merged(MINIMAL, {"backup": {"schedule": schedule}}))["backup.schedule"]


@pytest.mark.parametrize("schedule", ["61 2 * * *", "@weekly", "Never", "", "0 2 * *"])
def test_a_drill_has_a_schedule_or_none_at_all(schedule: str) -> None:
    found = problems(merged(MINIMAL, {"backup": {"drill": {"schedule": schedule}}}))
    assert list(found) == ["backup.drill.schedule"]
    assert "or never" in found["backup.drill.schedule"]


def test_a_drill_is_held_each_week_unless_it_is_switched_off() -> None:
    each_week, none = settings_of(), settings_of(drill={"schedule": "never"})
    assert {key: each_week[f"drill_{key}"] for key in ("minutes", "hours", "weekdays", "pause", "layers")} == {
        "minutes": "47",
        "hours": "4",
        "weekdays": "0",
        "pause": str(7 * 24 * 3600),
        "layers": "10",
    }
    assert {none[f"drill_{field}"] for field in ("minutes", "hours", "days", "months", "weekdays", "pause")} == {""}
    assert none["backup_pause"] == str(24 * 3600)


def test_a_drill_has_memory_for_a_database() -> None:
    small = {"resources": {"memory_mib": 128}}
    assert list(problems(merged(MINIMAL, {"backup": small}))) == ["backup.resources.memory_mib"]
    assert not problems(merged(MINIMAL, {"backup": {**small, "drill": {"schedule": "never"}}}))


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ("17 2 * * *", 24),
        ("*/10 * * * *", 1 / 6),
        ("0 6,9,18 * * *", 12),
        ("0 8-17 * * mon-fri", 63),
        ("47 4 * * 0", 168),
        ("0 3 1 * *", 31 * 24),
        ("0 0 1 1 *", 366 * 24),
    ],
)
def test_the_longest_pause_is_that_of_its_schedule(schedule: str, hours: float) -> None:
    assert settings_of(schedule=schedule)["backup_pause"] == str(round(hours * 3600))


def test_something_is_kept() -> None:
    found = problems(merged(MINIMAL, {"backup": {"keep": {"daily": 0, "weekly": 0, "monthly": 0}}}))
    assert list(found) == ["backup.keep.daily"]


def test_what_is_said_of_layers_is_true_of_them() -> None:
    bucket = {"registry": topologies.S3["registry"]}
    assert "bucket_versioning" in problems(merged(MINIMAL, {**bucket, "backup": {}}))["backup.layers"]
    assert not problems(merged(MINIMAL, {**bucket, "backup": {"layers": "bucket_versioning"}}))
    assert "repository" in problems(merged(MINIMAL, {"backup": {"layers": "bucket_versioning"}}))["backup.layers"]


def test_the_repository_is_a_volume_or_a_place_in_a_bucket() -> None:
    assert settings_of()["repository"] == "/var/lib/portus-stack-backup/repository"
    own = {key: S3[key] for key in ("bucket", "region", "access_key", "secret_key")}
    assert settings_of(repository={"s3": own})["repository"] == (
        "s3:https://s3.eu-central-1.amazonaws.com/backups/test"
    )
    assert settings_of(repository={"s3": S3})["repository"] == "s3:https://s3.example.com:9000/backups/portus"
    both = {"s3": own, "volume": {"size_gib": 5}}
    assert "backup.repository.s3" in problems(merged(MINIMAL, {"backup": {"repository": both}}))


def test_it_reaches_the_database_and_its_bucket_only() -> None:
    links = {(link.destination, link.port, link.tls) for link in backup.links(samples.settings({"backup": {}}))}
    assert links == {("database", 3306, True)}
    in_bucket = samples.settings({"backup": {"repository": {"s3": S3}}})
    assert {(link.destination, link.port) for link in backup.links(in_bucket)} == {
        ("database", 3306),
        ("outside", 9000),
    }


def test_no_secret_stands_in_its_environment_command_or_settings() -> None:
    args = {"backup": {"repository": {"s3": S3}}}
    process = topologies.topology(args).process("backup")
    files = files_of(args)
    assert {name for name, file in files.items() if file.secret} == {"database.cnf", "repository-password", "s3-keys"}
    assert all(file.mode == "0400" and file.holds for file in files.values() if file.secret)
    assert (
        "SENTINEL"
        not in f"{process.environment} {process.command} {process.entrypoint} {settings_of(**args['backup'])}"
    )


def test_layers_in_a_bucket_are_not_mounted() -> None:
    shared = topologies.topology({"backup": {}}).process("backup")
    assert getattr(shared, "shares").path == "/var/lib/registry"  # noqa: B009 - of workloads
    bucket = {"registry": topologies.S3["registry"], "backup": {"layers": "bucket_versioning"}}
    assert getattr(topologies.topology(bucket).process("backup"), "shares") is None  # noqa: B009


def served(group: dict[str, Any], script: str, *arguments: str) -> str:
    """What a script prints that uses the functions of serve.sh about time."""
    whole = topologies.plain_file(topologies.topology({"backup": group}), "backup", backup.script("serve.sh"))
    functions = "\n".join(
        re.findall(r"^(?:listed|due|look)\(\) \{.*?^\}\n|^listed.*\n", whole, re.MULTILINE | re.DOTALL)
    )
    told = "\n".join(f"{key}='{value}'" for key, value in settings_of(**group).items())
    bash = shutil.which("bash")
    assert bash is not None
    command = [bash, "-c", f"set -eu; export TZ=UTC\n{told}\n{functions}\n{script}", "x", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "schedule", ["17 2 * * *", "*/7 * * * *", "0 0 1,15 * 1", "5 4 * 2-6 mon-fri", "0 12 * * 7", "30 6 13 * *"]
)
def test_the_script_is_due_when_cron_is(schedule: str) -> None:
    """Every minute of some days, by the script's own functions. What is switched off is due at none."""
    first = datetime(2027, 2, 27, tzinfo=timezone.utc)
    spread = random.Random(schedule)
    times = [first + timedelta(minutes=spread.randrange(60 * 24 * 90)) for _ in range(60)]
    iterator = CronSim(schedule, first)
    times += [next(iterator) for _ in range(20)]
    each = 'due backup "$moment" && echo "$moment"; ! due drill "$moment" || exit 1'
    seconds = [str(int(moment.timestamp())) for moment in times]
    group = {"schedule": schedule, "drill": {"schedule": "never"}}
    printed = served(group, f'for moment in "$@"; do {each}; done', *seconds)
    due = {moment for moment in seconds if _is_due(schedule, datetime.fromtimestamp(int(moment), timezone.utc))}
    assert len(due) >= 20
    assert set(printed.split()) == due


def test_what_became_due_during_a_long_backup_is_not_let_out() -> None:
    """A look each minute, one after a backup of an hour, one with a clock that was set back, and one days later."""
    group = {"schedule": "17 2 * * *", "drill": {"schedule": "47 2 * * *"}}
    script = 'looked_at=$1; shift; for minute in "$@"; do look "$minute"; echo "$backup $drill"; done'
    midnight = 28_000_800  # a multiple of 1440
    minutes = [midnight + 2 * 60 + minute for minute in (15, 16, 17, 80, 20, 21, 20 + 3 * 1440)]
    found = served(group, script, *map(str, minutes)).splitlines()
    assert found == ["no no", "yes no", "no yes", "no no", "no no", "no no"]


def _is_due(schedule: str, moment: datetime) -> bool:
    return next(CronSim(schedule, moment - timedelta(minutes=1))) == moment
