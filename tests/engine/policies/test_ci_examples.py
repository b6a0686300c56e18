"""The CI examples: their own shell lines, run on the real engine as the code host's runner would."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[3]
CI = ROOT / "examples" / "ci"
STACK = "fleet"
GITHUB: Mapping[str, Any] = yaml.safe_load((CI / "github-actions.yaml").read_text())["jobs"]["preview"]
GITLAB: Mapping[str, Any] = yaml.safe_load((CI / "gitlab-ci.yaml").read_text())["preview"]
OUTSIDE = ("git fetch", "curl ")
"""Lines that need the code host: left out here."""
Finished = subprocess.CompletedProcess[str]
Runner = Callable[[str], Finished]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the base branch beside it, and the stack's state in a backend of its own."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for one in (*ROOT.iterdir(), ROOT):
        if one.name not in (".git", "stacks", "base", "__pycache__"):
            (folder / ("base" if one is ROOT else one.name)).symlink_to(one)
    shutil.copytree(ROOT / "stacks", folder / "stacks")
    return folder


@pytest.fixture
def runner(checkout: Path, tmp_path: Path) -> Runner:
    """Runs shell lines in the checkout as a CI runner does: `bash -e`."""
    backend = tmp_path / "backend"
    backend.mkdir()
    environment = {**os.environ, "STACK": STACK, "BACKEND_URL": f"file://{backend}"}
    environment |= {"PULUMI_CONFIG_PASSPHRASE": "engine tests only"}
    environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
    environment.pop("PULUMI_BACKEND_URL", None)

    def run(lines: str) -> Finished:
        command = ["bash", "-eo", "pipefail", "-c", lines]
        return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)

    made = run(f'export PULUMI_BACKEND_URL="$BACKEND_URL"; pulumi stack init {STACK} --non-interactive')
    assert made.returncode == 0, made.stderr
    return run


def weaken(checkout: Path) -> None:
    """What a careless change does."""
    file = checkout / "stacks" / f"Pulumi.{STACK}.yaml"
    document = yaml.safe_load(file.read_text())
    document["config"]["portus-stack:edge"] = {"image": "nginxinc/nginx-unprivileged:latest"}
    file.write_text(yaml.safe_dump(document))


def github(name: str) -> str:
    (found,) = [each["run"] for each in GITHUB["steps"] if name in (each.get("id"), each.get("name"))]
    return str(found)


def gitlab() -> str:
    return "\n".join(line for line in GITLAB["script"] if not line.startswith(OUTSIDE))


def test_github_comments_and_annotates_what_it_refuses(runner: Runner, checkout: Path) -> None:
    good = runner(github("preview"))
    comment = (checkout / "comment.txt").read_text()
    assert good.returncode == 0, comment
    assert "portus-stack@v" in comment and "excused until" in comment and "\x1b" not in comment
    weaken(checkout)
    assert runner(github("preview")).returncode != 0
    comment = (checkout / "comment.txt").read_text()
    assert "dkr-image-digest" in comment and "+ docker:index/container:Container" in comment, comment
    shown = runner(github("annotations"))
    assert shown.returncode == 0, shown.stderr
    assert "::error file=Pulumi.yaml,title=D29 dkr-image-digest::fleet-edge-image: name" in shown.stdout, shown.stdout
    assert not (checkout / "plan.json").exists(), "a plan holds secrets"


def test_gitlab_comments_and_reports_what_it_refuses(runner: Runner, checkout: Path) -> None:
    weaken(checkout)
    done = runner(gitlab())
    assert done.returncode != 0
    note = json.loads((checkout / "note.json").read_text())["body"]
    assert "is refused" in note and "dkr-image-digest" in note and "+ docker:index/container:Container" in note, note
    found = json.loads((checkout / "findings.json").read_text())
    assert [each["check_name"] for each in found if each["severity"] != "info"] == ["dkr-image-digest"]


def test_every_stack_of_the_examples_has_a_file_and_a_configuration() -> None:
    (matrix,) = GITLAB["parallel"]["matrix"]
    assert GITHUB["strategy"]["matrix"]["stack"] == matrix["STACK"]
    for stack in matrix["STACK"]:
        assert (ROOT / "stacks" / f"Pulumi.{stack}.yaml").is_file()
        assert (ROOT / "stacks" / f"policy.{stack}.json").is_file()
