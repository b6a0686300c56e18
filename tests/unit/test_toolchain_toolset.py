"""The parts put together: what a shell gets for each request. `pulumi` and the engine's build are played."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from toolchain.install import toolset as toolsets
from toolchain.install.console import InstallError
from toolchain.install.engine import Workshop
from toolchain.install.folders import Folders
from toolchain.install.packages import Plugin
from toolchain.install.python import DEPLOY_LOCK
from toolchain.install.releases import Releases
from toolchain.install.toolset import Request, install_toolset

FAKE_PULUMI = """#!/bin/sh
case $1 in
    version) echo v3.260.0 ;;
    plugin)
        {failure}
        folder=$PULUMI_HOME/plugins/resource-$4-$5
        mkdir -p "$folder" && echo official > "$folder/pulumi-resource-$4" ;;
    *) exit 64 ;;
esac
"""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """A tool folder whose Python packages are those that the test runs with; what is built in Go are text files."""

    def engine(workshop: Workshop) -> Path:
        assert workshop.objects.name == "go-build-engine", "a user's tool folder has no use for compiled packages"
        built = workshop.folders.tools / "engine-1"
        (built / "bin").mkdir(parents=True, exist_ok=True)
        (built / "bin" / "pulumi").write_text("built here")
        return built

    def providers(workshop: Workshop, plugins: Sequence[Plugin]) -> Path:
        built = workshop.folders.tools / "plugins-1"
        for plugin in plugins:
            (built / plugin.folder_name).mkdir(parents=True, exist_ok=True)
            (built / plugin.folder_name / plugin.executable_name).write_text("built here")
        return built

    monkeypatch.setattr(toolsets, "install_python", lambda folders, lock: Path(sys.prefix))
    monkeypatch.setattr(toolsets, "install_engine", engine)
    monkeypatch.setattr(toolsets, "install_providers", providers)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("PORTUS_STACK_RELEASES", "http://127.0.0.1:9")
    monkeypatch.setattr(Releases, "plugin", lambda releases, plugin: nullcontext(tmp_path / "archive"))
    tools = Folders(tmp_path / "tools")
    tools.claim()
    return tools


def put_pulumi_on_path(tmp_path: Path, failure: str = "") -> Path:
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    for name in ("pulumi", "pulumi-language-python"):
        (program.parent / name).write_text(FAKE_PULUMI.format(failure=failure))
        (program.parent / name).chmod(0o755)
    return program


def plugins_of(home: Path) -> dict[str, str]:
    """Each plugin's program, by its folder's name."""
    return {program.parent.name: program.read_text() for program in home.glob("plugins/*/pulumi-resource-*")}


def put_plugins(folder: Path) -> None:
    for name in ("docker", "random", "tls"):
        program = folder / "plugins" / f"resource-{name}-v9.0.0" / f"pulumi-resource-{name}"
        program.parent.mkdir(parents=True)
        program.write_text("theirs")
        program.chmod(0o755)


def test_official_pulumi_goes_with_official_plugins(folders: Folders, tmp_path: Path) -> None:
    program = put_pulumi_on_path(tmp_path)
    toolset = install_toolset(folders, Request("auto", "", DEPLOY_LOCK))
    assert (toolset.toolchain, toolset.providers) == ("official", "official")
    assert toolset.path == (Path(sys.prefix) / "bin", program.parent)
    assert set(plugins_of(toolset.home).values()) == {"official\n"}
    assert list((toolset.home / "bin").iterdir()) == []  # nothing of ours in there
    assert not (folders.tools / "engine-1").exists()
    assert program in toolset.folders  # gone is gone: the next request must not be answered from its note


def test_without_official_plugins_everything_is_local(
    folders: Folders, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    put_pulumi_on_path(tmp_path, failure="echo unreachable >&2; exit 1")
    toolset = install_toolset(folders, Request("auto", "", DEPLOY_LOCK))
    assert (toolset.toolchain, toolset.providers) == ("local", "built")
    assert (toolset.home / "bin" / "pulumi").read_text() == "built here"
    assert (toolset.home / "bin" / "pulumi-language-python").exists()
    assert toolset.path[0] == toolset.home / "bin"
    assert set(plugins_of(toolset.home).values()) == {"built here"}
    assert not any("kubernetes" in name for name in plugins_of(toolset.home)), "it is built when it is asked for"
    assert (
        "using the local toolchain (no official one: could not install the official provider" in capfd.readouterr().err
    )


def test_official_asked_for_without_plugins_is_an_error(folders: Folders, tmp_path: Path) -> None:
    put_pulumi_on_path(tmp_path, failure="exit 1")
    with pytest.raises(InstallError, match="could not install the official provider docker"):
        install_toolset(folders, Request("official", "", DEPLOY_LOCK))


def test_official_asked_for_without_any_pulumi_is_an_error(folders: Folders) -> None:
    with pytest.raises(InstallError, match="SHA512SUMS cannot be had"):
        install_toolset(folders, Request("official", "", DEPLOY_LOCK))


@pytest.mark.parametrize("toolchain", ["local", "official"])
def test_plugins_of_a_folder_are_all_theirs_with_either_engine(
    folders: Folders, tmp_path: Path, toolchain: str
) -> None:
    put_pulumi_on_path(tmp_path)
    put_plugins(tmp_path / "theirs")
    toolset = install_toolset(folders, Request(toolchain, str(tmp_path / "theirs"), DEPLOY_LOCK))
    assert (toolset.toolchain, toolset.providers) == (toolchain, str(tmp_path / "theirs"))
    assert set(plugins_of(toolset.home).values()) == {"theirs"}
    assert not any("9.0.0" in name for name in plugins_of(toolset.home))  # under the versions that the wheels ask for


def test_official_plugins_with_the_local_engine(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def install(pulumi: str, home: Path, plugins: object) -> None:
        assert pulumi == str(folders.tools / "engine-1" / "bin" / "pulumi")
        (home / "plugins" / "resource-random-v1.0.0").mkdir()

    monkeypatch.setattr(toolsets, "install_official_plugins", install)
    toolset = install_toolset(folders, Request("local", "official", DEPLOY_LOCK))
    assert (toolset.toolchain, toolset.providers) == ("local", "official")
    assert toolset.exports["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "false"


def test_a_second_request_finds_everything_there(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    first = install_toolset(folders, Request("local", "", DEPLOY_LOCK))
    stamp = (first.home / ".complete").stat().st_mtime_ns
    assert install_toolset(folders, Request("local", "", DEPLOY_LOCK)) == first
    assert (first.home / ".complete").stat().st_mtime_ns == stamp
