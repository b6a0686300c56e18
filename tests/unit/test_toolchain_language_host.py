"""The language host's decisions: which interpreter, which command, which environment, how processes are ended."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent import futures
from pathlib import Path

import pytest
from google.protobuf.struct_pb2 import Struct

from toolchain.language_host.children import Children
from toolchain.language_host.dependencies import install_dependencies
from toolchain.language_host.guard import Guard, end_group
from toolchain.language_host.interpreter import Interpreter, OptionError, find_interpreter, require_interpreter
from toolchain.language_host.packages import required_packages
from toolchain.language_host.plugin import package_name, plugin_command, plugin_directory, plugin_environment
from toolchain.language_host.program import program_command, program_environment, program_response
from toolchain.language_host.protocol import language_pb2

OWN = Interpreter(Path(sys.executable), None)


def info(root: Path, program: Path | None = None, **options: str | float) -> language_pb2.ProgramInfo:
    struct = Struct()
    struct.update(options)
    return language_pb2.ProgramInfo(
        root_directory=str(root), program_directory=str(program or root), entry_point=".", options=struct
    )


def make_virtualenv(folder: Path) -> Path:
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return python


def test_virtualenv_is_looked_for_beside_the_program_then_in_the_project(tmp_path: Path) -> None:
    in_root = make_virtualenv(tmp_path / "venv")
    program = tmp_path / "program"
    program.mkdir()
    assert find_interpreter(info(tmp_path, program, virtualenv="venv")).executable == in_root
    beside = make_virtualenv(program / "venv")
    assert find_interpreter(info(tmp_path, program, virtualenv="venv")).executable == beside
    assert find_interpreter(info(tmp_path, program, virtualenv=str(tmp_path / "venv"))).executable == in_root


def test_a_virtualenv_is_active_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/elsewhere")
    make_virtualenv(tmp_path / "venv")
    environment = require_interpreter(info(tmp_path, virtualenv="venv")).environment
    assert environment["VIRTUAL_ENV"] == str(tmp_path / "venv")
    assert environment["PATH"].startswith(f"{tmp_path / 'venv' / 'bin'}{os.pathsep}")
    assert "PYTHONHOME" not in environment


def test_without_the_option_it_is_the_shells_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "python3").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PULUMI_PYTHON_CMD", raising=False)
    assert find_interpreter(info(tmp_path)).executable == tmp_path / "python3"
    (tmp_path / "mine").symlink_to(sys.executable)
    monkeypatch.setenv("PULUMI_PYTHON_CMD", "mine")
    assert find_interpreter(info(tmp_path)).executable == tmp_path / "mine"


def test_a_plugin_uses_the_venv_beside_it(tmp_path: Path) -> None:
    python = make_virtualenv(tmp_path / "venv")
    assert find_interpreter(info(tmp_path), is_plugin=True).executable == python
    assert find_interpreter(info(tmp_path)).executable != python


def run_request(tmp_path: Path) -> language_pb2.RunRequest:
    return language_pb2.RunRequest(
        project="p",
        stack="s",
        pwd=str(tmp_path),
        dryRun=True,
        parallel=4,
        monitor_address="127.0.0.1:1",
        organization="o",
        info=info(tmp_path),
        args=["extra"],
        config={"p:key": "value", "p:hidden": "s3cret"},
        configSecretKeys=["p:hidden"],
    )


def test_the_command_of_a_program(tmp_path: Path) -> None:
    command = program_command(run_request(tmp_path), OWN, Path("/bin/executor"), "127.0.0.1:2")
    folder = str(tmp_path)
    assert command == [
        sys.executable,
        "/bin/executor",
        "--monitor",
        "127.0.0.1:1",
        "--engine",
        "127.0.0.1:2",
        "--project",
        "p",
        "--root_directory",
        folder,
        "--stack",
        "s",
        "--pwd",
        folder,
        "--dry_run",
        "true",
        "--parallel",
        "4",
        "--organization",
        "o",
        ".",
        "extra",
    ]


def test_configuration_of_a_program_is_in_its_environment_only(tmp_path: Path) -> None:
    request = run_request(tmp_path)
    environment = program_environment(request, OWN)
    assert json.loads(environment["PULUMI_CONFIG"]) == {"p:key": "value", "p:hidden": "s3cret"}
    assert json.loads(environment["PULUMI_CONFIG_SECRET_KEYS"]) == ["p:hidden"]
    assert "s3cret" not in " ".join(program_command(request, OWN, Path("/bin/executor"), "engine"))


def test_exit_statuses_of_a_program() -> None:
    assert program_response(0) == language_pb2.RunResponse()
    assert program_response(32) == language_pb2.RunResponse(bail=True)
    assert program_response(1).error == "program exited with non-zero exit code: 1"
    assert program_response(-signal.SIGTERM).error == "program was ended by SIGTERM"


def plugin_request(folder: Path, kind: str, **given: str) -> language_pb2.RunPluginRequest:
    environment = [f"{name}={value}" for name, value in given.items()]
    return language_pb2.RunPluginRequest(
        pwd="/somewhere", args=["127.0.0.1:1"], env=environment, info=info(folder), kind=kind
    )


def test_commands_of_plugins(tmp_path: Path) -> None:
    folder = str(tmp_path)
    pack = plugin_request(tmp_path, "analyzer")
    assert plugin_command(pack, OWN) == [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", folder]
    assert plugin_directory(pack) == tmp_path
    component = plugin_request(tmp_path, "resource")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'my-components'\n")
    expected = [sys.executable, "-m", "pulumi.run.plugin", "my-components", "127.0.0.1:1"]
    assert plugin_command(component, OWN) == expected
    (tmp_path / "__main__.py").touch()
    assert plugin_command(component, OWN) == [sys.executable, folder, "127.0.0.1:1"]
    assert plugin_directory(component) == Path("/somewhere")


@pytest.mark.parametrize("content", [None, "", "[project]\n", "[tool.x]\nname = 'x'\n"])
def test_a_folder_with_nothing_to_run_is_an_error(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "pyproject.toml").write_text(content)
    with pytest.raises(OptionError, match=r"neither a __main__.py nor a pyproject.toml with a name"):
        package_name(tmp_path)


def test_environment_of_a_plugin_is_the_engines_with_its_virtualenv_first(tmp_path: Path) -> None:
    make_virtualenv(tmp_path / "venv")
    request = plugin_request(tmp_path, "resource", PATH="/bin", GIVEN="a=b", PYTHONHOME="/elsewhere")
    interpreter = find_interpreter(request.info, is_plugin=True)
    environment = plugin_environment(request, interpreter)
    assert environment["GIVEN"] == "a=b"
    assert environment["PATH"].split(os.pathsep)[0] == str(tmp_path / "venv" / "bin")
    assert "PYTHONHOME" not in environment


def test_nothing_is_installed_into_a_python_that_is_not_the_projects(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("no-such-package\n")
    request = language_pb2.InstallDependenciesRequest(info=info(tmp_path))
    ((name, text),) = install_dependencies(request, Children(Guard(os.open(os.devnull, os.O_WRONLY))))
    assert name == "stdout"
    assert b"Nothing to install" in text


def test_required_packages_have_the_exact_versions_of_the_wheels() -> None:
    from importlib.metadata import version  # noqa: PLC0415

    found = {package.name: package.version for package in required_packages(OWN)}
    assert {name: found[name] for name in ("docker", "random", "tls")} == {
        name: f"v{version(f'pulumi-{name}')}" for name in ("docker", "random", "tls")
    }


def test_a_broken_interpreter_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="missing/python cannot be run"):
        required_packages(Interpreter(tmp_path / "missing" / "python", None))


def test_a_process_group_that_does_not_listen_is_killed() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE, start_new_session=True)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        with futures.ThreadPoolExecutor() as pool:
            waiting = pool.submit(process.wait)
            started = time.monotonic()
            end_group(process.pid, signal.SIGTERM, 0.3)
            assert waiting.result(timeout=5) == -signal.SIGKILL
    assert time.monotonic() - started < 5


def test_a_process_group_that_listens_is_not_waited_for() -> None:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    with futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(process.wait)
        started = time.monotonic()
        end_group(process.pid, signal.SIGTERM, 30)
        assert waiting.result(timeout=5) == -signal.SIGTERM
    assert time.monotonic() - started < 5


def test_a_child_is_interrupted_once_and_then_killed_sooner_if_need_be() -> None:
    children = Children(Guard(os.open(os.devnull, os.O_WRONLY)))
    counting = """
import signal, time
signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
print("ready", flush=True)
while True:
    time.sleep(60)
"""
    command = [sys.executable, "-c", counting]
    child = children.start(command, environment=os.environ, stop_signal=signal.SIGINT, grace_seconds=60)
    assert child.process.stdout is not None
    assert child.process.stdout.readline() == b"ready\n"
    child.stop_soon()
    assert child.process.stdout.readline() == b"interrupted\n"
    started = time.monotonic()
    children.stop_all()
    assert time.monotonic() - started < 5
    assert child.process.wait(timeout=5) == -signal.SIGKILL
    assert child.process.stdout.read() == b""


def test_nothing_is_started_once_the_host_ends() -> None:
    children = Children(Guard(os.open(os.devnull, os.O_WRONLY)))
    child = children.start(["sleep", "60"], environment=os.environ)
    children.stop_all()
    assert child.process.wait(timeout=5) == -signal.SIGTERM
    with pytest.raises(OSError, match="is ending"):
        children.start(["true"], environment=os.environ)
