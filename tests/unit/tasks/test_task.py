"""The loop around a task: messages, mark, signals, idling."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import http_client
import pytest
import task

COUNTER = """
import sys
from pathlib import Path
import task

def prepare(section):
    count = Path(section.text("count"))
    needed = section.number("needed", range(0, 1000))
    def attempt():
        seen = int(count.read_text() or 0) + 1
        count.write_text(str(seen))
        if seen < needed:
            raise task.Failure("count", f"only {seen}", "Wait")
        return {"seen": seen}
    return attempt

raise SystemExit(task.main("counter", prepare))
"""


@pytest.fixture
def start(tmp_path: Path, settings_file: Callable[[object], str]) -> Callable[..., "subprocess.Popen[str]"]:
    (tmp_path / "count").write_text("0")
    script = tmp_path / "counter.py"
    script.write_text(COUNTER)

    def run(needed: int, *options: str) -> "subprocess.Popen[str]":
        settings = settings_file({"count": str(tmp_path / "count"), "needed": needed})
        command = [sys.executable, str(script), "--settings", settings, "--done-file", str(tmp_path / "done"), *options]
        environment = {**os.environ, "PYTHONPATH": str(Path(task.__file__).parent)}
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    return run


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited 20 s in vain"
        time.sleep(0.02)


def test_retries_marks_done_and_idles_as_sleep(tmp_path: Path, start: Callable[..., "subprocess.Popen[str]"]) -> None:
    (tmp_path / "done").touch()
    process = start(2)
    assert process.stdout
    assert process.stdout.readline() == "counter: count: only 1. Wait\n"
    assert not (tmp_path / "done").exists(), "an old mark is removed first"
    assert process.stdout.readline() == 'result: {"seen":2}\n'
    wait_for((tmp_path / "done").exists)
    wait_for(lambda: Path(f"/proc/{process.pid}/comm").read_text().strip() == "sleep")
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == -signal.SIGTERM


def test_sigterm_ends_a_task_that_is_retrying(start: Callable[..., "subprocess.Popen[str]"]) -> None:
    process = start(999)
    assert process.stdout and process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 128 + signal.SIGTERM


def test_a_task_that_ends_tells_by_its_exit_code(start: Callable[..., "subprocess.Popen[str]"]) -> None:
    assert start(2, "--within", "0").wait(20) == 1
    assert start(2, "--within", "0").wait(20) == 0


def test_a_task_that_ends_retries_until_then(start: Callable[..., "subprocess.Popen[str]"]) -> None:
    assert start(2, "--within", "15").wait(20) == 0


def test_wrong_settings_end_at_once(start: Callable[..., "subprocess.Popen[str]"]) -> None:
    process = start(-1)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == task.SETTINGS_ERROR_EXIT
    assert "needed must be a whole number from 0 to 999" in output


def test_a_defect_tells_its_place_but_not_its_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def attempt() -> Mapping[str, task.Json]:
        raise KeyError("a secret")

    reporter = task.Reporter("x", task.Redactor())
    assert task.repeat(attempt, reporter, tmp_path / "done", within_seconds=0) == 1
    output = capsys.readouterr().out
    assert "KeyError at test_task.py:" in output
    assert "a secret" not in output


def test_causes_are_one_short_line() -> None:
    cleaned = task.Redactor().clean("a\n\x1b[31mb\t" + "c" * 1000)
    assert cleaned.startswith("a [31mb ccc")
    assert len(cleaned) == task.CAUSE_LENGTH and "\x1b" not in cleaned


def test_https_own_port_is_left_out() -> None:
    section = task.Section({"a": "https://portus:443/", "b": "https://portus:3000"}, "", task.Redactor())
    assert (section.https_url("a"), section.https_url("b")) == ("https://portus", "https://portus:3000")
    assert http_client.origin("https://Portus:443/x") == http_client.origin("https://portus/")
    assert http_client.origin("http://portus:443") == "http://portus:443"


def test_other_failure_starts_a_new_line(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = task.Reporter("x", task.Redactor())
    for cause in ("one", "one", "one", "two", "one"):
        reporter.failed(task.Failure("s", cause, "Do"))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in lines] == [
        "x: s: one. Do",
        "x: s: one. Do",
        "x: s: two. Do",
        "x: s: one. Do",
    ]
