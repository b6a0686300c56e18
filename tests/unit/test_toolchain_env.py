"""`toolchain/env` and its shell functions: exports, state folder, passphrase, keys."""

import os
import shlex
import stat
import subprocess
import time
from pathlib import Path

import pytest

from toolchain.install.folders import CHECKOUT, Folders
from toolchain.install.ready import remove_unused, write_note
from toolchain.install.toolset import Toolset

AWKWARD = 'it\'s $HOME `x` "quoted" \\ and spaces'


def shell(script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run bash with the functions loaded."""
    functions = CHECKOUT / "toolchain" / "shell" / "functions.sh"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f". {shlex.quote(str(functions))}\n{script}"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def evaluated(exports: str, name: str) -> str:
    """A variable as a POSIX shell has it after evaluating the exports."""
    return subprocess.run(
        ["sh", "-c", f'eval "$1"; printf %s "${name}"', "sh", exports], capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def toolset(tmp_path: Path) -> Toolset:
    home = tmp_path / "tools" / AWKWARD / "home"
    python = tmp_path / "tools" / "python"
    for folder in (home / "bin", python / "bin"):
        folder.mkdir(parents=True)
    path = (home / "bin", python / "bin")
    return Toolset("local", "own", python, home, path, (python / "bin", home))


def test_exports_survive_awkward_names(toolset: Toolset, tmp_path: Path) -> None:
    note = tmp_path / "notes" / "key"
    write_note(toolset, note)
    state = tmp_path / AWKWARD
    answer = shell(
        'print_exports "$1" "$2"'.replace("$1", "$NOTE").replace("$2", "$STATE"),
        NOTE=str(note),
        STATE=str(state),
        tools=str(tmp_path / "tools"),
        PATH=f"{tmp_path}/tools/old/bin:{os.environ['PATH']}",
    )
    assert answer.returncode == 0, answer.stderr
    assert all(line.startswith("export ") for line in answer.stdout.splitlines())
    assert evaluated(answer.stdout, "PULUMI_HOME") == str(toolset.home)
    assert evaluated(answer.stdout, "PULUMI_BACKEND_URL") == f"file://{state}/backend"
    assert evaluated(answer.stdout, "PULUMI_CONFIG_PASSPHRASE_FILE") == f"{state}/passphrase"
    path = evaluated(answer.stdout, "PATH").split(":")
    assert path[:2] == [str(folder) for folder in toolset.path]
    assert f"{tmp_path}/tools/old/bin" not in path  # what an earlier eval put there


def test_our_plugins_are_not_looked_for_elsewhere(toolset: Toolset) -> None:
    assert toolset.exports["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert toolset.exports["PULUMI_IGNORE_AMBIENT_PLUGINS"] == "true"
    official = Toolset("official", "official", toolset.python, toolset.home, toolset.path, ())
    assert official.exports["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "false"


def test_a_note_holds_as_long_as_all_that_it_speaks_of_is_there(toolset: Toolset, tmp_path: Path) -> None:
    note = tmp_path / "notes" / "key"
    assert shell('note_holds "$NOTE"', NOTE=str(note)).returncode == 1
    write_note(toolset, note)
    assert shell('note_holds "$NOTE"', NOTE=str(note)).returncode == 0
    (toolset.python / "bin").rmdir()
    assert shell('note_holds "$NOTE"', NOTE=str(note)).returncode == 1


def test_what_no_recent_note_speaks_of_is_removed(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "tools")
    folders.claim()
    names = ["python-1", "home-1", "python-2", "home-2", "cache", "go-1"]
    for name in names:
        (folders.tools / name).mkdir()
    for number in ("1", "2"):
        home, python = folders.tools / f"home-{number}", folders.tools / f"python-{number}"
        write_note(Toolset("local", "own", python, home, (home,), (home, python)), folders.tools / "notes" / number)
    long_ago = time.time() - 40 * 24 * 3600
    for name in names:
        os.utime(folders.tools / name, (long_ago, long_ago))
    assert remove_unused(folders) == []
    os.utime(folders.tools / "notes" / "1", (long_ago, long_ago))
    (folders.tools / "home-3").mkdir()  # made just now, and its note is not written yet
    assert remove_unused(folders) == ["home-1", "python-1"]
    left = sorted(entry.name for entry in folders.tools.iterdir() if not entry.name.startswith("."))
    assert left == ["cache", "go-1", "home-2", "home-3", "notes", "python-2"]


def test_state_is_its_owners_alone_and_the_passphrase_is_made_once(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state"
    script = 'prepare_state "$STATE"; cat "$STATE/passphrase"'
    first = shell(script, STATE=str(state))
    assert first.returncode == 0, first.stderr
    assert len(first.stdout.strip()) == 44  # 32 random bytes in base64
    assert shell(script, STATE=str(state)).stdout == first.stdout
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "passphrase").stat().st_mode) == 0o600
    assert sorted(entry.name for entry in state.iterdir()) == ["backend", "passphrase"]
    other = shell(script, STATE=str(tmp_path / "other"))
    assert other.stdout != first.stdout


def test_a_state_folder_that_others_can_read_is_closed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    shell('prepare_state "$STATE"', STATE=str(state))
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_shells_that_start_at_once_agree_on_the_passphrase(tmp_path: Path) -> None:
    state = tmp_path / "state"
    several = 'for i in 1 2 3 4 5 6 7 8; do (prepare_state "$STATE"; cat "$STATE/passphrase") & done; wait'
    answer = shell(several, STATE=str(state))
    assert len(answer.stdout.split()) == 8, answer.stderr
    assert len(set(answer.stdout.split())) == 1


def test_a_lost_passphrase_is_not_replaced_when_there_are_stacks(tmp_path: Path) -> None:
    stack = tmp_path / "state" / "backend" / ".pulumi" / "stacks" / "project" / "local.json"
    stack.parent.mkdir(parents=True)
    stack.touch()
    answer = shell('prepare_state "$STATE"', STATE=str(tmp_path / "state"))
    assert answer.returncode == 1
    assert "put the file" in answer.stderr
    assert not (tmp_path / "state" / "passphrase").exists()


def test_the_key_follows_the_request(tmp_path: Path) -> None:
    def key(**environment: str) -> str:
        answer = shell(f"toolchain_key {CHECKOUT}/toolchain", tools="/tools", test_packages="", **environment)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    plugin = tmp_path / "plugins" / "resource-random-v4.0.0" / "pulumi-resource-random"
    plugin.parent.mkdir(parents=True)
    plugin.touch()
    keys = [key(), key(TOOLCHAIN="local"), key(PROVIDERS="official"), key(PROVIDERS=str(tmp_path))]
    plugin.write_text("another")
    keys.append(key(PROVIDERS=str(tmp_path)))
    assert len(set(keys)) == len(keys)
    assert key() == keys[0]
    assert key(TOOLCHAIN="auto") == keys[0]


def test_help_and_wrong_arguments() -> None:
    script = CHECKOUT / "toolchain" / "env"
    shown = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert "PORTUS_STACK_TOOLS" in shown.stdout
    wrong = subprocess.run([script, "--tset"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert wrong.stdout == ""
    assert "unknown argument: --tset" in wrong.stderr


@pytest.mark.parametrize(
    ("environment", "message"),
    [({"TOOLCHAIN": "offical"}, "it is one of auto"), ({"PROVIDERS": "/no/such/folder"}, "no such folder")],
)
def test_a_wrong_request_prints_nothing_to_evaluate(environment: dict[str, str], message: str, tmp_path: Path) -> None:
    # The tool folder of this machine is used: nothing new is installed for a request that is refused.
    answer = subprocess.run(
        [CHECKOUT / "toolchain" / "env", "--test"],
        env={**os.environ, "PORTUS_STACK_STATE": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
