"""Whose lock it is, and whether he lives."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from operations.console import OperationError
from operations.repair.backend import remove_cut_off_sidecars
from operations.repair.lock import is_engine, locks_of, release_stale

from .states import stack

STACK = stack(Path("/project"))


def put_lock(backend: Path, pid: int, hostname: str = "") -> Path:
    folder = backend / ".pulumi" / "locks" / "organization" / "portus-stack" / "s"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pid}.json"
    content = {
        "pid": pid,
        "username": "u",
        "hostname": hostname or socket.gethostname(),
        "timestamp": "2026-01-02T03:04:05Z",
    }
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def engine(tmp_path: Path) -> "subprocess.Popen[bytes]":
    """A process that is called like the engine."""
    program = tmp_path / "pulumi"
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([str(program), "60"])
    name = Path(f"/proc/{process.pid}/comm")
    while name.exists() and name.read_text().strip() != program.name:  # it is started before it has its new name
        time.sleep(0.01)
    return process


def dead_pid() -> int:
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    return process.pid


def test_no_lock_nothing_to_release(tmp_path: Path) -> None:
    assert not release_stale(locks_of(STACK, f"file://{tmp_path}"))


def test_the_lock_of_a_dead_process_is_released(tmp_path: Path) -> None:
    path = put_lock(tmp_path, dead_pid())
    assert release_stale(locks_of(STACK, f"file://{tmp_path}"))
    assert not path.exists()


def test_a_number_used_again_by_another_program_is_no_engine(tmp_path: Path) -> None:
    path = put_lock(tmp_path, os.getpid())
    release_stale(locks_of(STACK, f"file://{tmp_path}"))
    assert not path.exists()


def test_a_living_engine_keeps_its_lock_and_every_other(tmp_path: Path, engine: "subprocess.Popen[bytes]") -> None:
    paths = [put_lock(tmp_path, dead_pid()), put_lock(tmp_path, engine.pid)]
    try:
        with pytest.raises(OperationError, match=f"process {engine.pid} "):
            release_stale(locks_of(STACK, f"file://{tmp_path}"))
    finally:
        engine.kill()
        engine.wait()
    assert all(path.exists() for path in paths)


def test_a_killed_engine_that_nobody_waited_for_is_dead(engine: "subprocess.Popen[bytes]") -> None:
    assert is_engine(engine.pid)
    engine.kill()
    os.waitid(os.P_PID, engine.pid, os.WEXITED | os.WNOWAIT)  # ended, and still in the process table
    assert not is_engine(engine.pid)
    engine.wait()


def test_a_lock_of_another_machine_is_left_alone(tmp_path: Path) -> None:
    path = put_lock(tmp_path, 1, "elsewhere")
    with pytest.raises(OperationError, match="elsewhere"):
        release_stale(locks_of(STACK, f"file://{tmp_path}"))
    assert path.exists()


def test_a_damaged_lock_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = put_lock(tmp_path, 1)
    path.write_text("{")
    with pytest.raises(OperationError, match=str(path)):
        locks_of(STACK, f"file://{tmp_path}")


def test_other_backends_keep_their_own_locks() -> None:
    assert locks_of(STACK, "https://api.example.com") == []


def test_half_written_attributes_go_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stacks = tmp_path / ".pulumi" / "stacks" / "portus-stack"
    history = tmp_path / ".pulumi" / "history" / "portus-stack" / "s"
    stacks.mkdir(parents=True)
    history.mkdir(parents=True)
    broken = [stacks / "s.json.attrs", stacks / "s.json.bak.attrs", history / "s-1.history.json.attrs"]
    for path, content in zip(broken, ("", '{"user.content', "\xff"), strict=True):
        path.write_text(content)
    kept = {
        stacks / "s.json": "{",  # a state is never touched, nor another stack's files
        stacks / "s.json.bak": "",
        stacks / "other.json.attrs": "",
        history / "s-2.history.json.attrs": '{"user.content_type": "", "md5": null}',
    }
    for path, content in kept.items():
        path.write_text(content)
    remove_cut_off_sidecars(STACK, f"file://{tmp_path}")
    assert not [path for path in broken if path.exists()]
    assert {path: path.read_text() for path in kept} == kept
    assert capsys.readouterr().err.count("removed the half-written") == len(broken)
    remove_cut_off_sidecars(STACK, "s3://elsewhere")
