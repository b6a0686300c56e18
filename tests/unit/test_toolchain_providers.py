"""PROVIDERS=<folder>: plugins found, linked under the version that the Python package asks for, never mixed."""

from pathlib import Path

import pytest

from toolchain.install.console import InstallError
from toolchain.install.folders import Folders
from toolchain.install.home import PluginSource, folder_source, install_home
from toolchain.install.packages import Plugin, required_plugins
from toolchain.install.providers import find_plugins

DOCKER = Plugin("docker", "5.2.0")
KUBERNETES = Plugin("kubernetes", "4.25.0")
RANDOM = Plugin("random", "4.21.4")
TLS = Plugin("tls", "5.6.2")


def make_plugin(base: Path, name: str, version: str, *, mode: int = 0o755) -> Path:
    folder = base / f"resource-{name}-v{version}"
    folder.mkdir(parents=True)
    program = folder / f"pulumi-resource-{name}"
    program.write_text(f"#!/bin/sh\necho {name} {version}\n")
    program.chmod(mode)
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    tools = Folders(tmp_path / "tools")
    tools.claim()
    return tools


@pytest.mark.parametrize("inside", ["plugins", ""])
def test_plugins_are_found_in_the_folder_or_in_its_plugins_folder(tmp_path: Path, inside: str) -> None:
    made = make_plugin(tmp_path / inside, "random", "4.21.4")
    (found,) = find_plugins(tmp_path, [RANDOM])
    assert found.folder == made.resolve()


def test_the_version_asked_for_goes_before_a_higher_one(tmp_path: Path) -> None:
    make_plugin(tmp_path, "random", "5.0.0")
    make_plugin(tmp_path, "random", "4.21.4")
    assert find_plugins(tmp_path, [RANDOM])[0].version == "4.21.4"


def test_else_the_highest_as_numbers_and_a_release_before_its_candidate(tmp_path: Path) -> None:
    for version in ("4.9.0", "4.10.0", "4.10.0-alpha.3", "4.2.11"):
        make_plugin(tmp_path, "random", version)
    assert find_plugins(tmp_path, [RANDOM])[0].version == "4.10.0"


def test_a_plugin_is_not_taken_for_another_whose_name_it_starts_with(tmp_path: Path) -> None:
    make_plugin(tmp_path, "random-extra", "4.21.4")
    with pytest.raises(InstallError, match=r"no resource-random-v4.21.4"):
        find_plugins(tmp_path, [RANDOM])


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    make_plugin(tmp_path, "random", "4.21.4", mode=0o644)  # not a program
    with pytest.raises(InstallError, match=r"no resource-random-v4.21.4, no resource-tls-v5.6.2"):
        find_plugins(tmp_path, [RANDOM, TLS])


@pytest.mark.parametrize("lacking", [KUBERNETES, DOCKER])
def test_the_plugin_of_one_target_may_be_missing_and_that_is_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], lacking: Plugin
) -> None:
    needed = [plugin for plugin in (DOCKER, KUBERNETES, RANDOM) if plugin != lacking]
    for plugin in needed:
        make_plugin(tmp_path, plugin.name, plugin.version)
    assert [found.asked for found in find_plugins(tmp_path, [DOCKER, KUBERNETES, RANDOM])] == needed
    said = capfd.readouterr().err
    assert f"has no {lacking.folder_name}: stacks on {lacking.name} cannot be deployed with it, others can" in said


def test_the_plugins_of_both_targets_may_not(tmp_path: Path) -> None:
    make_plugin(tmp_path, "random", "4.21.4")
    with pytest.raises(InstallError, match=r"no resource-docker-v5.2.0, no resource-kubernetes-v4.25.0"):
        find_plugins(tmp_path, [DOCKER, KUBERNETES, RANDOM])


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"no such folder"):
        find_plugins(tmp_path / "missing", [RANDOM])


def test_another_version_is_linked_under_the_one_asked_for_and_said(
    folders: Folders, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = make_plugin(tmp_path / "theirs", "random", "4.19.0")
    home = install_home(folders, folder_source(tmp_path / "theirs", [RANDOM]), [RANDOM], ())
    program = home / "plugins" / "resource-random-v4.21.4" / "pulumi-resource-random"
    assert program.resolve() == (made / "pulumi-resource-random").resolve()
    assert not program.parent.is_symlink()  # the engine ignores symlinked folders
    assert "version 4.19.0, in place of 4.21.4" in capfd.readouterr().err


def test_homes_of_different_folders_are_different_and_kept(folders: Folders, tmp_path: Path) -> None:
    homes = []
    for name in ("one", "two"):
        make_plugin(tmp_path / name, "random", "4.21.4")
        homes.append(install_home(folders, folder_source(tmp_path / name, [RANDOM]), [RANDOM], ()))
    assert homes[0] != homes[1]
    assert all((home / "plugins" / RANDOM.folder_name / RANDOM.executable_name).exists() for home in homes)


def test_an_interrupted_home_is_made_again(folders: Folders) -> None:
    def fail(home: Path) -> None:
        (home / "plugins" / "half").mkdir()
        raise InstallError("interrupted")

    with pytest.raises(InstallError):
        install_home(folders, PluginSource("one", fail), [RANDOM], ())
    home = install_home(folders, PluginSource("one", lambda home: None), [RANDOM], ())
    assert list((home / "plugins").iterdir()) == []


def test_programs_of_a_home_are_real_files(folders: Folders, tmp_path: Path) -> None:
    engine = tmp_path / "pulumi"
    engine.write_text("program")
    home = install_home(folders, PluginSource("one", lambda home: None), [RANDOM], [engine])
    placed = home / "bin" / "pulumi"
    assert placed.read_text() == "program"
    assert not placed.is_symlink()  # the engine looks for language hosts beside the file that it really is


def test_needed_plugins_are_read_from_the_installed_packages() -> None:
    import pulumi_random  # noqa: PLC0415

    assert pulumi_random.__file__ is not None
    site_packages = Path(pulumi_random.__file__).parent.parent
    needed = required_plugins(site_packages)
    assert [plugin.name for plugin in needed] == sorted(plugin.name for plugin in needed)
    assert {"docker", "random", "tls"} <= {plugin.name for plugin in needed}
    assert all(plugin.version[0].isdigit() for plugin in needed)


def test_an_environment_without_any_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"no package in"):
        required_plugins(tmp_path)
