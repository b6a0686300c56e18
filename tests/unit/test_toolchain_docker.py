"""`toolchain/docker`, `toolchain/program`: what is there is used, else a package is installed, else a clear error."""

import os
from pathlib import Path

import pytest

from toolchain.install import apt, docker_engine
from toolchain.install.console import InstallError
from toolchain.install.programs import ensure_program


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH, for programs that play the real ones and note how they were called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return folder


def play(programs: Path, name: str, script: str) -> None:
    (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {programs}/calls\n{script}\n')
    (programs / name).chmod(0o755)


def calls(programs: Path) -> list[str]:
    record = programs / "calls"
    return record.read_text().splitlines() if record.exists() else []


def be_root(monkeypatch: pytest.MonkeyPatch, *, root: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)


def answers_when_started(started: Path) -> str:
    return f"if [ -e {started} ]; then echo 20.10.24; else echo no engine >&2; exit 1; fi"


def test_an_engine_that_answers_is_used(programs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    play(programs, "docker", "echo 28.2.2")
    docker_engine.ensure_docker()
    assert "using the Docker engine that answers: version 28.2.2" in capfd.readouterr().err
    assert calls(programs) == ["docker info --format {{.ServerVersion}}"]


def test_a_client_without_an_engine_is_no_answer(programs: Path) -> None:
    play(programs, "docker", "echo; echo 'Cannot connect to the Docker daemon' >&2")
    answer = docker_engine.docker_info()
    assert not answer.ok
    assert "Cannot connect" in answer.text


def test_a_named_engine_that_is_gone_is_not_replaced(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    be_root(monkeypatch, root=True)
    play(programs, "docker", "echo 'no route' >&2; exit 1")
    play(programs, "apt-get", "")
    with pytest.raises(InstallError, match=r"DOCKER_HOST=tcp://127.0.0.1:9 does not answer: no route"):
        docker_engine.ensure_docker()
    assert not any(call.startswith("apt-get") for call in calls(programs))


def test_none_and_not_root_is_an_error_with_ways_out(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_root(monkeypatch, root=False)
    play(programs, "apt-get", "")
    with pytest.raises(InstallError, match=r"there is no docker command.*start Docker, or install it"):
        docker_engine.ensure_docker()


def test_installed_but_not_started_and_not_root(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_root(monkeypatch, root=False)
    play(programs, "docker", "echo 'Cannot connect' >&2; exit 1")
    play(programs, "dockerd", "")
    with pytest.raises(InstallError, match="sudo systemctl start docker"):
        docker_engine.ensure_docker()


def test_on_a_bare_machine_the_package_is_installed_and_started(
    programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    be_root(monkeypatch, root=True)
    monkeypatch.setattr(docker_engine, "_LOG", tmp_path / "dockerd.log")
    monkeypatch.setattr(docker_engine, "_SYSTEMD", tmp_path / "no-systemd")
    started = tmp_path / "started"
    waiting = tmp_path / "packages"
    waiting.mkdir()
    play(waiting, "dockerd", f": > {started}")
    play(waiting, "docker", answers_when_started(started))
    make = (
        'for name in "$@"; do case $name in '
        f"docker.io) /bin/cp {waiting}/dockerd {programs} ;; "
        f"docker-cli) /bin/cp {waiting}/docker {programs} ;; esac; done"
    )
    play(programs, "apt-get", make)
    docker_engine.ensure_docker()
    assert started.exists()
    installed = [call.split()[-1] for call in calls(programs) if call.startswith("apt-get") and " install " in call]
    assert installed == ["docker.io", "docker-cli"]


def test_systemd_starts_it_where_it_runs(programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    be_root(monkeypatch, root=True)
    (tmp_path / "systemd").mkdir()
    monkeypatch.setattr(docker_engine, "_SYSTEMD", tmp_path / "systemd")
    started = tmp_path / "started"
    play(programs, "docker", answers_when_started(started))
    play(programs, "dockerd", "")
    play(programs, "systemctl", f": > {started}")
    docker_engine.ensure_docker()
    assert "systemctl enable --now docker" in calls(programs)
    assert not any(call.startswith("dockerd") for call in calls(programs))


def test_an_engine_that_does_not_come_up_is_an_error(
    programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    be_root(monkeypatch, root=True)
    monkeypatch.setattr(docker_engine, "_LOG", tmp_path / "dockerd.log")
    monkeypatch.setattr(docker_engine, "_SYSTEMD", tmp_path / "no-systemd")
    monkeypatch.setattr(docker_engine, "_START_SECONDS", 0.5)
    play(programs, "docker", "echo 'Cannot connect' >&2; exit 1")
    play(programs, "dockerd", "echo 'iptables not found' >&2; exit 1")
    with pytest.raises(InstallError, match=r"does not answer after 0.5 s: Cannot connect"):
        docker_engine.ensure_docker()
    assert "iptables not found" in (tmp_path / "dockerd.log").read_text()


def test_packages_are_installed_by_root_on_debian_only(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_root(monkeypatch, root=True)
    assert not apt.can_install()
    play(programs, "apt-get", "")
    assert apt.can_install()
    be_root(monkeypatch, root=False)
    assert not apt.can_install()


def test_a_program_that_is_there_is_used(programs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    play(programs, "google-chrome", "")
    ensure_program("chromium")
    assert f"using {programs}/google-chrome" in capfd.readouterr().err


def test_a_missing_program_is_installed(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_root(monkeypatch, root=True)
    play(programs, "apt-get", f'[ "$1" = update ] || {{ : > {programs}/chromium; /bin/chmod +x {programs}/chromium; }}')
    ensure_program("chromium")
    assert [call.split()[-1] for call in calls(programs)] == ["-qq", "chromium"]


def test_a_package_without_the_program_is_an_error(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be_root(monkeypatch, root=True)
    play(programs, "apt-get", "")
    with pytest.raises(InstallError, match="the package chromium of this system brings no command chromium or"):
        ensure_program("chromium")


def test_a_missing_program_and_not_root_is_an_error_with_ways_out(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_root(monkeypatch, root=False)
    play(programs, "apt-get", "")
    with pytest.raises(InstallError, match=r"docker-compose is missing.*install it, or run this as root on Debian"):
        ensure_program("docker-compose")
