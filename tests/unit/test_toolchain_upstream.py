"""Upstream's providers, built here: which, of which version, and how they come into a PULUMI_HOME. Go is played."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain.install.console import InstallError
from toolchain.install.engine import MODULE, SOURCES, VERSION, Workshop
from toolchain.install.folders import Folders
from toolchain.install.packages import Plugin
from toolchain.install.python import DEPLOY_LOCK, version_in
from toolchain.install.upstream import ensure_kubernetes, install_providers

DOCKER, RANDOM = Plugin("docker", "5.2.0"), Plugin("random", "4.21.4")

PROGRAM = """#!/bin/sh
case $0 in *docker) version=5.2.0 ;; *random) version=4.21.4 ;; *) version=4.25.0 ;; esac
[ "$1" = schema ] && echo '{"version": "'$version'"}'
"""


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    tools = Folders(tmp_path / "tools")
    tools.claim()
    return tools


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What was built, in order: each is a shell script in the program's place."""
    packages: list[str] = []

    def build(workshop: Workshop, module: Path, package: str, binary: Path, **options: str) -> None:
        packages.append(str((module / package).relative_to(SOURCES)))
        binary.write_text(PROGRAM)
        binary.chmod(0o755)

    def sources_of(workshop: Workshop, module: Path, required: str) -> Path:
        files = tmp_path / "module" / "cmd" / "pulumi-resource-kubernetes"
        files.mkdir(parents=True, exist_ok=True)
        (files / "terraform-mapping.json").write_text("{}")
        return tmp_path / "module"

    monkeypatch.setattr(Workshop, "build", build)
    monkeypatch.setattr(Workshop, "sources_of", sources_of)
    return packages


def constants() -> dict[str, str]:
    """The versions that the Go sources say they are, by package."""
    found = {}
    for name, constant in {
        "docker": "dockerVersion",
        "random": "randomVersion",
        "tls": "tlsVersion",
        "kubernetes": "release",
    }.items():
        file = SOURCES / ("kubernetes/main.go" if name == "kubernetes" else f"providers/{name}.go")
        match = re.search(rf'^const {constant} = "(.+)"$', file.read_text(), re.MULTILINE)
        assert match is not None, name
        found[name] = match[1]
    return found


@pytest.mark.parametrize("name", ["docker", "random", "tls", "kubernetes"])
def test_the_lock_pins_the_wheel_of_the_version_that_is_built(name: str) -> None:
    assert version_in(DEPLOY_LOCK, f"pulumi-{name}") == constants()[name]


def test_engine_and_sdk_are_of_one_release() -> None:
    assert version_in(DEPLOY_LOCK, "pulumi") == VERSION
    required = re.findall(r"^\s*github.com/pulumi/pulumi/(?:pkg|sdk)/v3 v(\S+)", MODULE[0].read_text(), re.MULTILINE)
    assert required == [VERSION, VERSION]


def test_one_program_is_built_for_all_and_each_has_its_schema(folders: Folders, built: list[str]) -> None:
    with Workshop.opened(folders, keep_objects=False) as workshop:
        made = install_providers(workshop, [DOCKER, RANDOM])
        assert install_providers(workshop, [DOCKER, RANDOM]) == made
    assert built == ["providers"]
    programs = [made / plugin.folder_name / plugin.executable_name for plugin in (DOCKER, RANDOM)]
    assert programs[0].stat().st_ino == programs[1].stat().st_ino, "one file"
    for program, plugin in zip(programs, (DOCKER, RANDOM), strict=True):
        assert json.loads((program.parent / "schema.json").read_text())["version"] == plugin.version


@pytest.mark.parametrize("plugin", [Plugin("aws", "7.0.0"), Plugin("docker", "5.3.0")])
def test_what_is_not_built_here_is_an_error(folders: Folders, built: list[str], plugin: Plugin) -> None:
    message = rf"the provider {plugin.name} {plugin.version}, .* is not built here"
    with Workshop.opened(folders, keep_objects=True) as workshop, pytest.raises(InstallError, match=message):
        install_providers(workshop, [plugin])


def test_objects_are_kept_only_where_they_are_asked_for(folders: Folders) -> None:
    for keep in (True, False):
        with Workshop.opened(folders, keep_objects=keep) as workshop:
            workshop.objects.mkdir(parents=True)
        assert workshop.objects.exists() is keep


def test_objects_of_a_failed_build_are_kept_for_the_next(folders: Folders) -> None:
    with pytest.raises(InstallError), Workshop.opened(folders, keep_objects=False) as workshop:
        workshop.objects.mkdir(parents=True)
        raise InstallError("no network")
    assert workshop.objects.exists()


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """The environment of a shell with tools, by its providers."""
    (tmp_path / "home" / "plugins").mkdir(parents=True)
    return lambda providers: {"PULUMI_HOME": str(tmp_path / "home"), "PORTUS_STACK_PROVIDERS": providers}


def test_kubernetes_is_built_once_and_put_into_the_shells_home(
    folders: Folders, built: list[str], shell: Callable[[str], dict[str, str]]
) -> None:
    for _ in range(2):
        ensure_kubernetes(folders, shell("built"))
    assert built == ["kubernetes"]
    (folder,) = (Path(shell("built")["PULUMI_HOME"]) / "plugins").iterdir()
    assert folder.name == f"resource-kubernetes-v{version_in(DEPLOY_LOCK, 'pulumi-kubernetes')}"
    assert {file.name for file in folder.iterdir()} == {
        "pulumi-resource-kubernetes",
        "schema.json",
        "terraform-mapping.json",
    }
    assert not any(file.is_symlink() for file in folder.iterdir()), "it finds its schema beside the file that it is"


@pytest.mark.parametrize("providers", ["official", "/some/folder"])
def test_with_other_plugins_there_is_nothing_to_build(
    folders: Folders, built: list[str], shell: Callable[[str], dict[str, str]], providers: str
) -> None:
    ensure_kubernetes(folders, shell(providers))
    assert built == []


def test_without_tools_in_the_shell_the_message_says_how_to_get_them(folders: Folders) -> None:
    with pytest.raises(InstallError, match=r"toolchain/env"):
        ensure_kubernetes(folders, {})
