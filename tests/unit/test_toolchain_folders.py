"""The tool folder: keys, completeness, and that nothing of anybody else's is ever removed."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.install.console import InstallError, run
from toolchain.install.fingerprint import fingerprint, source_files
from toolchain.install.folders import CHECKOUT, Folders, is_complete, new_folder
from toolchain.install.go import OLDEST, _environment, parse_version
from toolchain.install.python import TEST_LOCK, entry_of


@given(st.lists(st.text(max_size=8), max_size=4), st.lists(st.text(max_size=8), max_size=4))
def test_different_parts_give_different_keys(one: list[str], other: list[str]) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


def test_a_key_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("content")
    (tmp_path / "other").write_text("content")
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "other") == fingerprint("content")
    (tmp_path / "other").write_text("changed")
    assert fingerprint(tmp_path / "one") != fingerprint(tmp_path / "other")


def test_compiled_files_are_not_sources(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "compiled.py").touch()
    (tmp_path / "source.py").touch()
    (tmp_path / "notes.md").touch()
    assert source_files(tmp_path, [".py"]) == [tmp_path / "source.py"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PORTUS_STACK_TOOLS": "/somewhere/tools"}, "/somewhere/tools"),
        ({"XDG_CACHE_HOME": "/cache"}, "/cache/portus-stack"),
        ({}, str(Path.home() / ".cache" / "portus-stack")),
        ({"PORTUS_STACK_TOOLS": "", "XDG_CACHE_HOME": ""}, str(Path.home() / ".cache" / "portus-stack")),
    ],
)
def test_where_the_tool_folder_is(environment: dict[str, str], expected: str) -> None:
    assert str(Folders.from_environment(environment).tools) == expected


def test_the_tool_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "tools")
    folders.claim()
    assert folders.tools.stat().st_mode & 0o777 == 0o700
    folders.claim()  # a second time is fine


def test_a_folder_with_something_else_in_it_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").touch()
    with pytest.raises(InstallError, match="is not a tool folder"):
        Folders(tmp_path).claim()
    assert [entry.name for entry in tmp_path.iterdir()] == ["letters.txt"]


def test_a_folder_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = Folders(tmp_path / "tools")
    folders.claim()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(InstallError, match="belongs to another user"):
        folders.claim()


def test_clean_removes_our_folder_and_says_when_there_is_none(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "tools")
    folders.claim()
    (folders.tools / "engine-1").mkdir()
    assert folders.remove()
    assert not folders.tools.exists()
    assert not folders.remove()


def test_clean_refuses_a_folder_without_our_mark(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").touch()
    with pytest.raises(InstallError, match="it was left alone"):
        Folders(tmp_path).remove()
    assert (tmp_path / "letters.txt").exists()


def test_clean_refuses_a_link_to_a_folder_of_ours(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "tools")
    folders.claim()
    (tmp_path / "link").symlink_to(folders.tools)
    with pytest.raises(InstallError, match="it was left alone"):
        Folders(tmp_path / "link").remove()
    assert folders.tools.exists()


def test_the_clean_script_refuses_with_a_message_and_a_status(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").touch()
    answer = subprocess.run(
        [CHECKOUT / "toolchain" / "clean"],
        env={**os.environ, "PORTUS_STACK_TOOLS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr == f"toolchain: error: {tmp_path} is not a tool folder of PortusStack; it was left alone\n"
    assert (tmp_path / "letters.txt").exists()


def test_a_folder_is_complete_or_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "engine-1"
    with pytest.raises(KeyboardInterrupt), new_folder(folder):
        (folder / "half").touch()
        raise KeyboardInterrupt
    assert not is_complete(folder)
    with new_folder(folder):
        (folder / "whole").touch()
    assert is_complete(folder)
    assert not (folder / "half").exists()


def test_two_installations_wait_for_each_other(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "tools")
    folders.claim()
    script = f"""
        import sys
        sys.path.insert(0, {str(CHECKOUT)!r})
        from pathlib import Path
        from toolchain.install.folders import Folders
        with Folders(Path({str(folders.tools)!r})).locked():
            print("inside")
    """
    with folders.locked():
        other = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert other.stderr is not None
        assert "waiting for another installation" in other.stderr.readline()
        assert other.poll() is None
    assert other.communicate(timeout=10)[0] == "inside\n"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go1.26.8\n", (1, 26, 8)),
        ("go1.26", (1, 26, 0)),
        ("go1.26.6", OLDEST),
        ("go1.27rc1", (1, 27, 0)),
        ("devel go1.28-abc", None),
        ("", None),
    ],
)
def test_versions_of_go(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == version


def test_go_keeps_all_it_writes_in_the_tool_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = Folders(tmp_path / "tools")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GOENV", raising=False)
    environment = _environment(folders)
    written = ("GOPATH", "GOMODCACHE", "GOCACHE", "XDG_CONFIG_HOME")
    assert all(Path(environment[name]).is_relative_to(folders.tools) for name in written)
    assert environment["GOENV"] == str(tmp_path / "home" / ".config" / "go" / "env")
    assert environment["GOTOOLCHAIN"] == "local"  # no other Go is downloaded


def test_a_failed_command_is_an_error_that_says_what_for(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InstallError, match="could not count sheep: sh ended with status 3"):
        run(["sh", "-c", "echo why >&2; exit 3"], doing="count sheep")
    assert capfd.readouterr().err == "why\n"
    with pytest.raises(InstallError, match="could not count sheep: no-such-program"):
        run(["no-such-program"], doing="count sheep")


def test_an_entry_of_a_lock_file_is_found_whole() -> None:
    lock = "one==1 \\\n    --hash=sha256:a \\\n    --hash=sha256:b\ntwo==2 \\\n    --hash=sha256:c\n"
    assert entry_of(lock, "one") == "one==1 \\\n    --hash=sha256:a \\\n    --hash=sha256:b\n"
    assert entry_of(lock, "two") == "two==2 \\\n    --hash=sha256:c\n"
    assert entry_of(lock, "on") == ""
    assert entry_of(TEST_LOCK.read_text(), "setuptools").count("--hash=") >= 1


def packages_in(lock: Path) -> set[str]:
    return {line.split(" \\")[0] for line in lock.read_text().splitlines() if "==" in line}


def test_the_deploy_lock_is_part_of_the_test_lock() -> None:
    pins = {pin.split(" ;")[0] for pin in packages_in(CHECKOUT / "requirements-test.txt")}
    assert {pin.split(" ;")[0] for pin in packages_in(CHECKOUT / "requirements.txt")} <= pins


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-test.txt", "lab/engine/requirements.txt"])
def test_lock_files_have_hashes_and_no_addresses(lock: str) -> None:
    text = (CHECKOUT / lock).read_text()
    assert "://" not in text
    assert "-index" not in text
    for pin in packages_in(CHECKOUT / lock):
        name = pin.partition("==")[0]
        assert "--hash=sha256:" in entry_of(text, name), name
