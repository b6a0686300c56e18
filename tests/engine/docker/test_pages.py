"""The commands of README, quickstart and operations as they stand, under names of the test's own."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.contract.pages import commands
from tests.engine.docker.deployment import NAME_LABEL, ROOT, local_config, remove_labelled
from tests.engine.docker.operations_clone import Clone

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200)]
LOCAL, MINE, PORT = "paged", "mined", 9750
ELSEWHERE = ("make test", 'eval "$(make cluster)"')
"""Blocks for which others are: `make test` runs this; tests/engine/kubernetes; tests/contract makes the site."""
IMAGE = "portus-stack-test-page:1"
SHOW = "import json, sys; print(json.load(sys.stdin)['administrator_password'])"
PASSWORD = f'make -s outputs STACK=local SHOW_SECRETS=1 | python3 -c "{SHOW}"'


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    clone = Clone(tmp_path, LOCAL, local_config(LOCAL, PORT))
    try:
        yield clone
    finally:
        clone.make("untrust")
        remove_labelled(clone.docker, MINE)
        clone.close()


def typed(command: str) -> str:
    """What a reader types: the password where docker asks for it, an image of hers, her stacks' names."""
    login = "docker login --username admin "
    command = command.replace(login, f"{PASSWORD} | {login}--password-stdin ").replace("IMAGE", IMAGE)
    names = {
        "make up ": f"make up STACK={LOCAL} ",
        "make down ": f"make down STACK={LOCAL} ",
        "STACK=local": f"STACK={LOCAL}",
        "registry.portus.test:8443": f"registry.{LOCAL}.test:{PORT}",
        "STACK=mine": f"STACK={MINE}",
        "--stack mine": f"--stack {MINE}",
        "pulumi stack init mine": f"pulumi stack init {MINE}",
        "pulumi stack rm mine": f"pulumi stack rm {MINE}",
        "Pulumi.local.yaml": f"Pulumi.{LOCAL}.yaml",
        "Pulumi.mine.yaml": f"Pulumi.{MINE}.yaml",
        "policy.mine.json": f"policy.{MINE}.json",
    }
    for name, own in names.items():
        command = command.replace(name, own)
    return command.replace(f"STACK={LOCAL} STACK", "STACK")


def read(clone: Clone, page: str, folder: Path) -> list[str]:
    """Run the page's blocks; what each printed. An editor is there that writes what a test put into `edited.yaml`."""
    subprocess.run(["docker", "tag", "portus-stack.lab/edge:1.22", IMAGE], check=True)
    scripts = [typed(each) for each in commands(page) if not each.startswith(ELSEWHERE)]
    environment = {"DOCKER_CONFIG": str(folder / "docker-client"), "EDITOR": f"cp {folder / 'edited.yaml'}"}
    return [clone.sh(script, **environment) for script in scripts]


def test_readme_and_operations(clone: Clone, tmp_path: Path) -> None:
    first, used = read(clone, "README.md", tmp_path)
    assert f"https://{LOCAL}.test:{PORT}" in first
    assert re.search(r"paged-database created \(\d+s\) ?$", first, re.MULTILINE), "what it waited for is over"
    assert "Login Succeeded" in used
    assert "digest: sha256:" in used
    status, pictures, space, schedules = read(clone, "docs/operations.md", tmp_path)
    assert "All is well." in status
    assert len([line for line in pictures.splitlines() if line.endswith(".svg")]) == 2
    assert "would be removed:" in space and "bytes given back" in space
    assert "OnCalendar=*-*-* 04:10:00" in schedules and "\n10 4 * * 0 " in schedules
    clone.must("down")
    assert clone.count() == 0


def test_quickstart(clone: Clone, tmp_path: Path) -> None:
    mine = local_config(MINE, PORT + 2)
    (tmp_path / "edited.yaml").write_text(yaml.safe_dump({"config": mine}))
    shutil.copy(ROOT / "stacks" / "policy.local.json", clone.folder / "stacks")
    shown = read(clone, "docs/quickstart.md", tmp_path)
    assert "All is well." in shown[1]
    assert "administrator_password" in shown[2]
    assert "digest: sha256:" in shown[3]
    assert "create" in shown[5]
    assert f"registry.{MINE}.test:{PORT + 2}" in shown[6].splitlines()
    assert clone.count() == 0
    assert not clone.docker.containers.list(all=True, filters={"label": f"{NAME_LABEL}={MINE}"})
