"""Fixtures of the tests of the language host; a plugin of pytest's, named by the modules that use it."""

from pathlib import Path

import pytest

from tests.contract.language_host_project import MakeProject, Project, toolchain_environment


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return toolchain_environment(tmp_path_factory.mktemp("state"))


@pytest.fixture
def make_project(tmp_path: Path, shell: dict[str, str]) -> MakeProject:
    def make(program: str, runtime: str = "python") -> Project:
        backend = tmp_path / "backend"
        backend.mkdir(exist_ok=True)
        environment = {**shell, "PULUMI_BACKEND_URL": f"file://{backend}"}
        return Project.create(tmp_path / "project", environment, program, runtime)

    return make
