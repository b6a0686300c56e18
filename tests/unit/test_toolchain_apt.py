"""Another apt, as a new cloud machine runs by itself, is waited for and told."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolchain.install import apt
from toolchain.install.console import InstallError

_HOLD = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[tuple[Path, "subprocess.Popen[str]"]]:
    """A lock, and the process that holds it until its input ends."""
    lock = tmp_path / "lock"
    lock.touch()
    command = [sys.executable, "-c", _HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield lock, process
        finally:
            process.kill()


def test_who_holds_a_lock_is_waited_for(
    other: tuple[Path, "subprocess.Popen[str]"], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lock, process = other
    assert process.stdin is not None
    input_of_the_other = process.stdin
    monkeypatch.setattr(time, "sleep", lambda _: (input_of_the_other.close(), process.wait()))
    apt.wait_for_others([lock.with_name("nowhere"), lock])
    assert capsys.readouterr().err.count(f"another apt is at work ({lock})") == 1
    assert process.returncode == 0


def test_who_never_ends_is_an_error_that_says_what_to_do(other: tuple[Path, "subprocess.Popen[str]"]) -> None:
    with pytest.raises(InstallError, match="still held by another apt after 0 s: wait for it, then repeat"):
        apt.wait_for_others([other[0]], seconds=0)
