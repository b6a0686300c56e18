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
GITHUB_JUDGE: Mapping[str, Any] = yaml.safe_load((CI / "github-judge.yaml").read_text())["jobs"]["judge"]
GITLAB: Mapping[str, Any] = yaml.safe_load((CI / "gitlab-ci.yaml").read_text())
OUTSIDE = ("git clone", "curl ")
"""Lines that need the code host: left out here."""
Finished = subprocess.CompletedProcess[str]
Runner = Callable[[str], Finished]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of the change, and the stack's state in a backend of its own."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for one in ROOT.iterdir():
        if one.name not in (".git", "stacks", "__pycache__"):
            (folder / one.name).symlink_to(one)
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


def github(job: Mapping[str, Any], name: str) -> str:
    (found,) = [each["run"] for each in job["steps"] if each.get("id") == name]
    return str(found)


def gitlab(job: str) -> str:
    return "\n".join(line for line in GITLAB[job]["script"] if not line.startswith(OUTSIDE))


@pytest.fixture
def judge(checkout: Path, tmp_path: Path) -> Runner:
    """Runs shell lines in a checkout of the base branch that has nothing of the change but what the preview wrote."""
    folder = tmp_path / "judge"
    folder.mkdir()
    for one in (*ROOT.iterdir(), ROOT):
        if one.name not in (".git", "base", "__pycache__"):
            (folder / ("base" if one is ROOT else one.name)).symlink_to(one)
    (folder / "evidence").symlink_to(checkout / "evidence")
    secret = ("PULUMI_", "BACKEND_URL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(secret)} | {"STACK": STACK}

    def run(lines: str) -> Finished:
        command = ["bash", "-eo", "pipefail", "-c", lines]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return run


def test_github_comments_and_annotates_what_it_refuses(
    runner: Runner, judge: Runner, checkout: Path, tmp_path: Path
) -> None:
    comment = tmp_path / "judge" / "comment.txt"
    previewed = runner(github(GITHUB, "preview"))
    assert previewed.returncode == 0, previewed.stdout + previewed.stderr
    good = judge(github(GITHUB_JUDGE, "judge"))
    assert good.returncode == 0, good.stdout + good.stderr
    assert "0 mandatory" in comment.read_text() and "\x1b" not in comment.read_text()
    weaken(checkout)
    assert runner(github(GITHUB, "preview")).returncode == 0, "the preview does not judge"
    shown = judge(github(GITHUB_JUDGE, "judge"))
    assert shown.returncode != 0
    text = comment.read_text()
    assert "dkr-image-digest" in text and "+ docker:index/" in text, "findings, then what the comment has room for"
    assert "::error file=Pulumi.yaml,title=D29 dkr-image-digest::fleet-edge-image: name" in shown.stdout, shown.stdout


def test_what_leaves_the_preview_holds_no_value(runner: Runner, checkout: Path) -> None:
    """The steps of the plan, and what the engine shows with secrets hidden; never the plan itself."""
    assert runner(github(GITHUB, "preview")).returncode == 0
    assert {each.name for each in (checkout / "evidence").iterdir()} == {"preview.txt", "preview.json", "steps.json"}
    assert not (checkout / "plan.json").exists(), "a plan holds secrets"
    steps = json.loads((checkout / "evidence" / "steps.json").read_text())["resourcePlans"]
    assert steps and all(set(each) == {"steps"} for each in steps.values())


def test_gitlab_comments_and_reports_what_it_refuses(
    runner: Runner, judge: Runner, checkout: Path, tmp_path: Path
) -> None:
    weaken(checkout)
    previewed = runner(gitlab("preview"))
    assert previewed.returncode == 0, previewed.stdout + previewed.stderr
    assert judge(gitlab("judge")).returncode != 0
    note = json.loads((tmp_path / "judge" / "note.json").read_text())["body"]
    assert "is refused" in note and "dkr-image-digest" in note and "+ docker:index/" in note, note
    found = json.loads((tmp_path / "judge" / "findings.json").read_text())
    assert [each["check_name"] for each in found if each["severity"] != "info"] == ["dkr-image-digest"]


def test_the_judge_has_neither_the_change_nor_its_secrets() -> None:
    text = (CI / "github-judge.yaml").read_text()
    assert "secrets." not in text and "pull_request.head" not in text and "workflow_run:" in text
    assert GITLAB["judge"]["variables"]["GIT_STRATEGY"] == "none"
    assert "toolchain/env" not in text and "toolchain/env" not in gitlab("judge")
    for name in ("PASSPHRASE", "BACKEND_URL"):
        assert name not in text and name not in gitlab("judge")


def test_every_stack_of_the_examples_has_a_file_and_a_configuration() -> None:
    (matrix,) = GITLAB[".merge-request"]["parallel"]["matrix"]
    for job in (GITHUB, GITHUB_JUDGE):
        assert job["strategy"]["matrix"]["stack"] == matrix["STACK"]
    for stack in matrix["STACK"]:
        assert (ROOT / "stacks" / f"Pulumi.{stack}.yaml").is_file()
        assert (ROOT / "stacks" / f"policy.{stack}.json").is_file()
