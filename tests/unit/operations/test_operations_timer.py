"""What runs commands by a schedule: times, units, crontab, CI; what is in none of them; the installation."""

import os
import shlex
import subprocess
import sys
from argparse import ArgumentTypeError, Namespace
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml
from cronsim import CronSim

from operations.__main__ import _COMMANDS, _parse
from operations.console import OperationError
from operations.engine import Engine
from operations.timer import command
from operations.timer.jobs import JOBS, Caller
from operations.timer.others import crontab
from operations.timer.systemd import units
from operations.timer.when import When

from .states import stack

SYSTEMCTL = """#!/bin/sh
echo "$@" >>"$CALLS"
exit "${CODE:-0}"
"""


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As toolchain/env leaves it, with secrets that must go nowhere."""
    monkeypatch.setenv("PULUMI_HOME", "/tools/home-1")
    monkeypatch.setenv("PATH", f"/tools/home-1/bin:{tmp_path}:/tools/python/bin:/usr/bin:/bin:/usr/bin")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "hunter2")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "pul-hunter2")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "postgres://me:hunter2@db/state")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)


def options(*words: str) -> Namespace:
    """As the command line is read."""
    return _parse(["timer", *words])


def told(folder: Path, *words: str, clone: bool = True) -> dict[str, str]:
    return units(Caller(stack(folder, clone=clone)), options(*words), "deploy")


def lines(text: str, key: str) -> list[str]:
    """The values of a key of a unit."""
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]


@pytest.mark.parametrize(
    ("text", "calendar", "cron"),
    [("04:10", "*-*-* 04:10:00", "10 4 * * *"), ("Sun 23:05", "Sun *-*-* 23:05:00", "5 23 * * 0")],
)
def test_a_time_is_the_same_to_systemd_and_to_cron(text: str, calendar: str, cron: str) -> None:
    when = When.parse(text)
    assert (when.calendar, when.cron) == (calendar, cron)
    following = next(CronSim(when.cron, datetime(2026, 6, 1, tzinfo=timezone.utc)))  # a Monday
    assert f"{following:%H:%M}" == text.rpartition(" ")[2]
    assert not when.day or f"{following:%a}" == when.day


@pytest.mark.parametrize("text", ["24:00", "4:10", "04:60", "sun 04:00", "Sunday 04:00", "04:10\n", "", "*:0/5"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="give HH:MM"):
        When.parse(text)
    with pytest.raises(SystemExit) as caught:
        options("--at", text)
    assert caught.value.code == 2


def test_every_job_is_made_of_commands_that_there_are() -> None:
    given = options("--metrics", "/x.prom", "--collect-garbage", "Sun 03:00")
    for job in JOBS:
        for step in job.steps(given):
            assert step[0] in _COMMANDS and _parse(list(step)).command == step[0]


def test_up_runs_by_itself_after_a_preview_that_refuses_to_lose_data(tmp_path: Path) -> None:
    found = told(tmp_path)
    assert set(found) == {"portus-stack-s-up.service", "portus-stack-s-up.timer"}
    service, timer = found["portus-stack-s-up.service"], found["portus-stack-s-up.timer"]
    make = f"/usr/bin/make --no-print-directory --directory={tmp_path}"
    assert lines(service, "ExecStartPre") == [f"{make} preview STACK=s"]
    assert lines(service, "ExecStart") == [f"{make} up STACK=s"]
    assert lines(service, "User") == ["deploy"] and lines(service, "Restart") == ["on-failure"]
    assert lines(timer, "OnCalendar") == ["*-*-* 04:10:00"]
    assert lines(timer, "Persistent") == ["true"] and lines(timer, "RandomizedDelaySec") == ["30min"]


def test_metrics_are_written_where_a_file_is_named_and_not_tried_again(tmp_path: Path) -> None:
    found = told(tmp_path, "--metrics", "/a b/$x.prom", "--at", "Mon 01:00", "--name", "hub")
    service = found["portus-stack-s-metrics.service"]
    words = "\"ARGS=--no-drift --name hub --metrics '/a b/$$$$x.prom'\""
    assert lines(service, "ExecStart") == [
        f"/usr/bin/make --no-print-directory --directory={tmp_path} status STACK=s {words}"
    ]
    assert not lines(service, "Restart") and not lines(service, "ExecStartPre")
    assert lines(found["portus-stack-s-metrics.timer"], "OnCalendar") == ["*:0/5"]
    assert lines(found["portus-stack-s-up.timer"], "OnCalendar") == ["Mon *-*-* 01:00:00"]


def test_garbage_is_collected_where_it_is_asked_for_and_once_more_after_a_failure(tmp_path: Path) -> None:
    found = told(tmp_path, "--collect-garbage", "Sun 03:00", "--name", "hub")
    service = found["portus-stack-s-collect-garbage.service"]
    assert lines(service, "ExecStart")[0].endswith(' collect-garbage STACK=s "ARGS=--name hub"')
    assert lines(service, "Restart") == ["on-failure"]
    assert lines(found["portus-stack-s-collect-garbage.timer"], "OnCalendar") == ["Sun *-*-* 03:00:00"]


def test_make_and_a_shell_hand_the_file_on_as_it_was_named(tmp_path: Path) -> None:
    """The same words as in the unit, through a real make."""
    (tmp_path / "Makefile").write_text('ARGS ?=\nstatus:\n\t@printf "%s\\\\n" $(ARGS)\n')
    file = "/a b/$x 'y' \"z\".prom"
    step = JOBS[2].steps(options("--metrics", file))[0]
    done = subprocess.run(Caller(stack(tmp_path)).words(step), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["--no-drift", "--metrics", file]


def test_a_project_of_ones_own_is_named_and_nothing_is_asked(tmp_path: Path) -> None:
    service = told(tmp_path, clone=False)["portus-stack-shop-s-up.service"]
    python = f"{sys.executable} -m operations"
    assert lines(service, "ExecStartPre") == [f"{python} preview --stack s --project={tmp_path}"]
    assert lines(service, "ExecStart") == [f"{python} up --stack s --project={tmp_path} -- --yes --skip-preview"]
    assert f"Environment=PORTUS_STACK_STATE={tmp_path}/state" in service


def test_a_clone_finds_its_tools_of_the_day_by_itself(tmp_path: Path) -> None:
    environment = Caller(stack(tmp_path)).environment
    assert environment["PATH"] == f"{tmp_path}:/usr/bin:/bin" and environment["PORTUS_STACK_TOOLS"] == "/tools"


def test_the_passphrase_is_a_credential_and_no_secret_is_in_a_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "100% passphrase"
    file.write_text("hunter2")
    file.chmod(0o600)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(file))
    service = told(tmp_path, clone=False)["portus-stack-shop-s-up.service"]
    assert lines(service, "LoadCredential") == [f"passphrase:{tmp_path}/100%% passphrase"]
    assert "Environment=PULUMI_CONFIG_PASSPHRASE_FILE=%d/passphrase" in service
    assert lines(service, "EnvironmentFile") == ["-/etc/portus-stack/portus-stack-shop-s.env"]
    given = crontab(Caller(stack(tmp_path, clone=False)), options())
    assert f"PULUMI_CONFIG_PASSPHRASE_FILE={file}\n" in given
    for text in (service, given, *told(tmp_path).values(), crontab(Caller(stack(tmp_path)), options())):
        assert "hunter2" not in text


def test_a_passphrase_that_others_may_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "passphrase"
    file.write_text("hunter2")
    file.chmod(0o640)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(file))
    with pytest.raises(OperationError, match="others than its owner may read") as caught:
        told(tmp_path, clone=False)
    assert f"chmod 600 {file}" in str(caught.value)


def test_a_path_that_would_begin_a_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="no unit file takes"):
        told(tmp_path / "a\nExecStart=", clone=False)


def test_a_line_of_cron_runs_as_it_was_meant(tmp_path: Path) -> None:
    """cron hands what stands behind the time to a shell, after it has taken the sign away from `%`."""
    ran = tmp_path / "make"
    ran.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    ran.chmod(0o755)
    folder = tmp_path / "50% off"
    folder.mkdir()
    *_, line = crontab(Caller(stack(folder)), options()).splitlines()
    time, command_line = " ".join(line.split(" ")[:5]), line.split(" ", 5)[5]
    assert time == "10 4 * * *" and command_line.count("\\%") == command_line.count("%") == 2
    done = subprocess.run(
        ["sh", "-c", command_line.replace("\\%", "%")],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        *("--no-print-directory", f"--directory={folder}", "preview", "STACK=s"),
        *("--no-print-directory", f"--directory={folder}", "up", "STACK=s"),
    ]


@pytest.mark.parametrize("clone", [True, False])
@pytest.mark.parametrize("form", ["github", "gitlab"])
def test_a_schedule_of_ci_previews_then_deploys(
    tmp_path: Path, form: str, clone: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.timer(Engine(stack(tmp_path, clone=clone)), options(f"--{form}")) == 0
    text = capsys.readouterr().out
    assert "10 4 * * *" in text and "hunter2" not in text
    document = yaml.safe_load(text)
    if form == "github":
        assert document[True]["schedule"] == [{"cron": "10 4 * * *"}], "YAML 1.1 reads `on` as true"
        (script,) = (step["run"] for step in document["jobs"]["up"]["steps"] if "run" in step)
    else:
        (script,) = document["portus-stack-up"]["script"]
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    program = "python -m operations" if clone else "portus-stack"
    own = [line.removeprefix(program).split() for line in script.splitlines() if line.startswith(f"{program} ")]
    assert [words[0] for words in own] == ["preview", "up"]
    for words in own:
        assert _parse(words).stack == "s"


def _booted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that systemd runs, as root sees it; returns what `systemctl` was told."""
    program = tmp_path / "systemctl"
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    (tmp_path / "units").mkdir()
    monkeypatch.setattr(command, "_UNITS", tmp_path / "units")
    monkeypatch.setattr(command, "_BOOTED", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def test_an_installation_writes_the_units_and_starts_the_timers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = _booted(tmp_path, monkeypatch)
    assert command.timer(Engine(stack(tmp_path)), options("--install", "--metrics", "/x.prom")) == 0
    names = {f"portus-stack-s-{job}.{kind}" for job in ("up", "metrics") for kind in ("service", "timer")}
    assert {path.name for path in (tmp_path / "units").iterdir()} == names
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in (tmp_path / "units").iterdir())
    started = "enable --now portus-stack-s-up.timer portus-stack-s-metrics.timer"
    assert calls.read_text().splitlines() == ["daemon-reload", started]


def test_an_installation_that_systemd_refuses_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _booted(tmp_path, monkeypatch)
    monkeypatch.setenv("CODE", "1")
    with pytest.raises(OperationError, match="`systemctl daemon-reload` failed"):
        command.timer(Engine(stack(tmp_path)), options("--install"))


def test_an_installation_needs_systemd_and_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _booted(tmp_path, monkeypatch)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(OperationError, match="only root") as refused:
        command._install(Caller(stack(tmp_path)), {"x.timer": ""})
    assert "--output" in str(refused.value)
    monkeypatch.setattr(command, "_BOOTED", tmp_path / "none")
    with pytest.raises(OperationError, match="does not run this machine") as absent:
        command._install(Caller(stack(tmp_path)), {"x.timer": ""})
    assert "--cron" in str(absent.value) and not list((tmp_path / "units").iterdir())


def test_units_are_printed_or_written_where_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    engine = Engine(stack(tmp_path))
    assert command.timer(engine, options()) == 0
    printed = capsys.readouterr().out
    assert command.timer(engine, options("--output", str(tmp_path / "out"))) == 0
    found = {path.name: path.read_text() for path in sorted((tmp_path / "out").iterdir())}
    assert printed == "\n".join(f"# {name}\n{text}" for name, text in found.items())
    with pytest.raises(OperationError, match="cannot be written"):
        command.timer(engine, options("--output", str(tmp_path / "none")))


def test_no_word_of_a_unit_needs_a_shell(tmp_path: Path) -> None:
    for text in told(tmp_path, "--metrics", "/x.prom").values():
        for line in [*lines(text, "ExecStart"), *lines(text, "ExecStartPre")]:
            assert os.path.isabs(shlex.split(line)[0]) and "/sh " not in line
