"""Nothing that the language host started survives it: Ctrl-C, kill of the engine, kill of the host."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.language_host_project import (
    Project,
    interrupt,
    processes_with,
    toolchain_environment,
    wait_until,
)

pytestmark = pytest.mark.engine

PROGRAM = """
import subprocess, time, pathlib, pulumi
grandchild = subprocess.Popen(["sleep", "600"])
pathlib.Path("running").write_text(str(grandchild.pid))
time.sleep(600)
"""

GONE_SECONDS = 10


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Project, "subprocess.Popen[str]"]]:
    """A preview whose program has started a process of its own and sleeps."""
    environment = toolchain_environment(tmp_path / "state")
    project = Project.create(tmp_path / "project", environment, PROGRAM)
    engine = project.start("preview", "--stack", "test", "--non-interactive")
    try:
        wait_until((project.folder / "running").exists, 60, project.processes)
        yield project, engine
    finally:
        for process in (engine.pid, *project.processes()):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        engine.communicate()


def named(project: Project, name: str) -> list[int]:
    return [process for process, command in project.processes().items() if name in command]


def test_the_fixture_sees_host_program_and_grandchild(running: tuple[Project, "subprocess.Popen[str]"]) -> None:
    project, _ = running
    commands = " | ".join(project.processes().values())
    assert "toolchain.language_host" in commands
    assert "pulumi-language-python-exec" in commands
    assert "sleep 600" in commands


def test_ctrl_c_ends_everything(running: tuple[Project, "subprocess.Popen[str]"]) -> None:
    project, engine = running
    interrupt(engine)
    shown, _ = engine.communicate(timeout=30)
    assert engine.returncode != 0, shown
    wait_until(lambda: not project.processes(), GONE_SECONDS, project.processes)


def test_kill_of_the_engine_ends_everything(running: tuple[Project, "subprocess.Popen[str]"]) -> None:
    project, engine = running
    engine.kill()
    wait_until(lambda: not project.processes(), GONE_SECONDS, project.processes)


def test_kill_of_the_host_ends_what_it_started(running: tuple[Project, "subprocess.Popen[str]"]) -> None:
    project, engine = running
    # The guard has the same command line; the host is its parent, which the engine started.
    hosts = [process for process in named(project, "toolchain.language_host") if parent_of(process) == engine.pid]
    assert len(hosts) == 1, project.processes()
    os.kill(hosts[0], signal.SIGKILL)
    gone = ("pulumi-language-python-exec", "sleep 600", "toolchain.language_host")
    wait_until(lambda: not any(named(project, name) for name in gone), GONE_SECONDS, project.processes)


def test_kill_of_the_whole_group_of_the_host_ends_what_it_started(
    running: tuple[Project, "subprocess.Popen[str]"],
) -> None:
    project, engine = running
    (host,) = [process for process in named(project, "toolchain.language_host") if parent_of(process) == engine.pid]
    os.killpg(host, signal.SIGKILL)
    gone = ("pulumi-language-python-exec", "sleep 600")
    wait_until(lambda: not any(named(project, name) for name in gone), GONE_SECONDS, project.processes)


def test_a_finished_command_leaves_no_process(tmp_path: Path) -> None:
    environment = toolchain_environment(tmp_path / "state")
    project = Project.create(tmp_path / "project", environment, "import pulumi\npulumi.export('answer', 42)\n")
    project.pulumi("up", "--yes", "--stack", "test")
    wait_until(lambda: not processes_with(str(tmp_path)), 3, lambda: processes_with(str(tmp_path)))


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
