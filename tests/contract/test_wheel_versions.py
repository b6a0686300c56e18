"""The wheel with what it depends on, as pip gets it: on each Python that is on hand, and at both ends of each range."""

import os
import re
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from tests.contract.project_files import ROOT
from tests.engine.docker.examples import install_wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.timeout(600)
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
EXTRAS = "docker,kubernetes,operations-kubernetes"
PROGRAM = """
import pulumi_portus
from pulumi_portus import InvalidSettings, PortusStack
from pulumi_portus.settings import settings_from_args
try:
    settings_from_args("hub", {})
except InvalidSettings as error:
    print(pulumi_portus.__version__, error)
"""
RANGES = re.compile(r"([A-Za-z0-9_-]+)>=([\d.]+)(?:,<([\d.]+))?")


def requirements() -> list[tuple[str, str, str]]:
    """Name, floor and ceiling ("" for none) of each dependency, and of each extra's that is no extra of ours."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    every = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    found = [RANGES.fullmatch(each) for each in every if not each.startswith("pulumi_portus[")]
    assert all(found), "each dependency has a floor"
    return [(match[1], match[2], match[3] or "") for match in found if match]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    install_wheel(folder)
    (found,) = (folder / "built").glob("*.whl")
    return found


def interpreter(version: str) -> str:
    """A Python of that version that runs; skips where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [shutil.which(f"python{version}"), *map(str, pyenv.glob(f"versions/{version}.*/bin/python3"))]
    for found in filter(None, candidates):  # what pyenv puts on PATH may lead nowhere
        asked = [found, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        if subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == version:
            return found
    pytest.skip(f"python{version} is not on this machine")


def check(python: str, folder: Path, wheel: Path, *pins: str) -> None:
    """Install with every extra into an empty environment, and have invalid arguments told and commands listed."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    installed = folder / "bin" / "python"
    # Most of what the SDKs bring is never imported here.
    options = ["--quiet", "--disable-pip-version-check", "--no-compile"]
    pip = [str(installed), "-m", "pip", "install", *options, f"{wheel}[{EXTRAS}]", *pins]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = subprocess.run([str(installed), "-c", PROGRAM], capture_output=True, text=True, check=False, cwd=folder)
    assert shown.returncode == 0, shown.stderr
    assert "hostnames.portus" in shown.stdout
    program = [str(folder / "bin" / "portus-stack"), "status", "--help"]
    assert subprocess.run(program, check=False, capture_output=True, cwd=folder).returncode == 0
    clients = "import pulumi_portus.operations.status.kubernetes, pulumi_portus.operations.status.docker"
    assert subprocess.run([str(installed), "-c", clients], check=False, cwd=folder).returncode == 0
    assert subprocess.run([str(installed), "-m", "pip", "check"], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("version", PYTHONS)
def test_newest_of_each_dependency(version: str, wheel: Path, tmp_path: Path) -> None:
    check(interpreter(version), tmp_path / "venv", wheel)


def test_floor_of_each_dependency(wheel: Path, tmp_path: Path) -> None:
    """The oldest that the ranges allow."""
    pins = [f"{name}=={floor}" + ("" if floor.count(".") > 1 else ".*") for name, floor, _ in requirements()]
    check(sys.executable, tmp_path / "venv", wheel, *pins)


def test_each_ceiling_is_a_major_version() -> None:
    """What is not tested is not allowed; where there is none, the project keeps old interfaces."""
    without = {"cryptography", "typing_extensions", "requests", "urllib3"}
    without.add("kubernetes")  # its client has a major version for each minor one of Kubernetes; three are allowed
    for name, floor, ceiling in requirements():
        assert name in without or int(ceiling) == int(floor.split(".")[0]) + 1, name
