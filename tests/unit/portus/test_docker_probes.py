"""What Docker runs as a health check, by the shell of this machine."""

import subprocess
import time
from pathlib import Path

import pulumi
import pytest

from components.portus.targets.docker.translate import healthcheck
from components.portus.topology import Probe

MARK = "/dev/shm/well"


@pytest.fixture
def rested(tmp_path: Path) -> Path:
    """Where a `sleep` that does not sleep notes its argument."""
    play = tmp_path / "bin" / "sleep"
    play.parent.mkdir()
    play.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/rested\n')
    play.chmod(0o755)
    return tmp_path / "rested"


def run(folder: Path, *command: str, limit: int = 10) -> int:
    """The exit code of the health check that asks with this command, with its mark in ``folder``."""
    tests = healthcheck(Probe(command, timeout_seconds=limit), 60).tests
    assert isinstance(tests, list)
    assert tests[0] == "CMD"
    argv = [str(part).replace(MARK, str(folder / "well")) for part in tests[1:]]
    environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin"}
    return subprocess.run(argv, env=environment, check=False, timeout=60).returncode


def test_it_rests_after_a_success_and_not_before(tmp_path: Path, rested: Path) -> None:
    assert run(tmp_path, "true") == 0
    assert not rested.exists()
    assert run(tmp_path, "true") == 0
    assert rested.read_text().split() == ["30"]


def test_a_failure_is_told_and_is_asked_again_at_once(tmp_path: Path, rested: Path) -> None:
    assert run(tmp_path, "true") == 0
    assert run(tmp_path, "false") == 1
    rested.unlink()
    assert run(tmp_path, "false") == 1
    assert not rested.exists()


def test_arguments_stay_whole_and_a_check_that_hangs_is_a_failure(tmp_path: Path, rested: Path) -> None:
    assert run(tmp_path, "test", "a  b; exit 0", "=", "a  b; exit 0") == 0
    began = time.monotonic()
    assert run(tmp_path, "/bin/sleep", "30", limit=1) == 1
    assert time.monotonic() - began < 20


def test_docker_waits_longer_than_a_probe_takes_with_its_rest() -> None:
    made = healthcheck(Probe(("true",), timeout_seconds=10), 90)
    assert (made.interval, made.timeout, made.start_period) == ("1s", "45s", "1m30s")
    assert not isinstance(made.retries, pulumi.Output)
