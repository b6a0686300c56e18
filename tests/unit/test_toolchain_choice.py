"""Official or local: decided by trying, remembered, never mixed. A local server plays the official downloads."""

import json
from pathlib import Path

import pytest

from toolchain.install import choice as choices
from toolchain.install.choice import AUTO, LOCAL, OFFICIAL, Choice, choose, read_request, recall
from toolchain.install.console import InstallError
from toolchain.install.engine import VERSION
from toolchain.install.folders import Folders
from toolchain.install.official import find_on_path, official_pulumi


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    tools = Folders(tmp_path / "tools")
    tools.claim()
    return tools


def fake_pulumi(folder: Path, version: str, *, language_host: bool = True, script: str = "") -> Path:
    """A `pulumi` that knows its version, with a language host beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\n{script}\necho {version}\n")
    program.chmod(0o755)
    if language_host:
        (folder / "pulumi-language-python").write_text("#!/bin/sh\n")
        (folder / "pulumi-language-python").chmod(0o755)
    return program


def unreachable() -> Choice:
    raise InstallError("no way out")


def test_a_new_enough_pulumi_on_path_is_taken(folders: Folders, tmp_path: Path) -> None:
    program = fake_pulumi(tmp_path / "bin", "v3.238.0")
    found = official_pulumi(folders, {"PATH": str(tmp_path / "bin")})
    assert (found.toolchain, found.pulumi) == (OFFICIAL, str(program))


@pytest.mark.parametrize("version", ["v3.237.9", "v2.999.0", "nonsense", ""])
def test_a_pulumi_that_is_too_old_or_broken_is_passed_over(folders: Folders, tmp_path: Path, version: str) -> None:
    fake_pulumi(tmp_path / "old", version)
    newer = fake_pulumi(tmp_path / "new", "3.260.1")
    found = find_on_path(folders, {"PATH": f"{tmp_path / 'old'}:{tmp_path / 'new'}"})
    assert found is not None
    assert found.pulumi == str(newer)


def test_a_pulumi_that_fails_or_has_no_language_host_is_passed_over(folders: Folders, tmp_path: Path) -> None:
    fake_pulumi(tmp_path / "failing", "v3.260.0", script="exit 3")
    fake_pulumi(tmp_path / "alone", "v3.260.0", language_host=False)
    assert find_on_path(folders, {"PATH": f"{tmp_path / 'failing'}:{tmp_path / 'alone'}"}) is None


def test_our_own_pulumi_on_path_is_not_taken_for_an_official_one(folders: Folders) -> None:
    fake_pulumi(folders.tools / "home-1" / "bin", f"v{VERSION}")
    assert find_on_path(folders, {"PATH": str(folders.tools / "home-1" / "bin")}) is None


def test_auto_falls_back_to_local_and_says_why(folders: Folders, capfd: pytest.CaptureFixture[str]) -> None:
    chosen = choose(AUTO, folders, unreachable)
    assert chosen.toolchain == LOCAL
    assert "using the local toolchain (no official one: no way out)" in capfd.readouterr().err


def test_auto_keeps_to_its_first_choice(folders: Folders) -> None:
    choose(AUTO, folders, unreachable)
    again = choose(AUTO, folders, lambda: pytest.fail("it was decided already"))
    assert again.toolchain == LOCAL


def test_auto_decides_again_when_the_chosen_pulumi_is_gone(folders: Folders, tmp_path: Path) -> None:
    program = fake_pulumi(tmp_path / "bin", "v3.260.0")
    official = Choice(OFFICIAL, str(program), "on PATH")
    assert choose(AUTO, folders, lambda: official) == official
    assert recall(folders) == official
    program.unlink()
    assert recall(folders) is None
    assert choose(AUTO, folders, unreachable).toolchain == LOCAL


def test_an_explicit_request_overrules_what_was_chosen(folders: Folders, tmp_path: Path) -> None:
    official = Choice(OFFICIAL, str(fake_pulumi(tmp_path / "bin", "v3.260.0")), "on PATH")
    choose(LOCAL, folders, unreachable)
    assert choose(OFFICIAL, folders, lambda: official) == official
    assert choose(LOCAL, folders, unreachable).toolchain == LOCAL


def test_official_asked_for_and_not_to_be_had_is_an_error(folders: Folders) -> None:
    with pytest.raises(InstallError, match="no way out"):
        choose(OFFICIAL, folders, unreachable)
    assert recall(folders) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"toolchain": "local"}'])
def test_a_damaged_note_is_no_choice(folders: Folders, content: str) -> None:
    (folders.tools / "choice.json").write_text(content)
    assert recall(folders) is None


def test_the_choice_is_written_with_its_reason(folders: Folders) -> None:
    choose(LOCAL, folders, unreachable)
    written = json.loads((folders.tools / "choice.json").read_text())
    assert written == {"toolchain": "local", "pulumi": "", "reason": "asked for with TOOLCHAIN=local"}


def test_toolchain_variable_is_checked() -> None:
    assert read_request({}) == AUTO
    assert read_request({"TOOLCHAIN": "official"}) == OFFICIAL
    with pytest.raises(InstallError, match="TOOLCHAIN=offical: it is one of"):
        read_request({"TOOLCHAIN": "offical"})
    assert choices.AUTO == "auto"
