"""Outside judges look at what the Kubernetes target asks for. Findings are repaired, or accepted in one file."""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypedDict

import pytest
import yaml
from typing_extensions import NotRequired

from components.portus.naming import ROLE_LABEL
from tests.component.test_stacks import ROOT
from tests.policy.manifests import Manifests

pytestmark = pytest.mark.timeout(900)  # the judges are built once
STACKS = ("local-kubernetes", "prod", "staging")
KUBERNETES_VERSION = "1.36"
Finding = tuple[str, str]
"""(what it is about, the judge's name for it)"""


class Accepted(TypedDict):
    """An entry of accepted_findings.yaml."""

    judge: str
    finding: str
    stacks: NotRequired[list[str]]
    roles: list[str]
    reason: str


ACCEPTED: list[Accepted] = yaml.safe_load(
    (Path(__file__).parent / "accepted_findings.yaml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="session")
def judges() -> dict[str, str]:
    """The environment in which the judges are found."""
    script = f'eval "$({ROOT}/toolchain/judge)" && printf %s "$PATH"'
    done = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr
    return {**os.environ, "PATH": done.stdout}


@pytest.fixture(scope="session")
def manifests() -> list[Manifests]:
    return [Manifests.of(stack) for stack in STACKS]


def judge(name: str, found: Iterable[Finding]) -> None:
    """Every finding is accepted, and every accepted finding still occurs."""
    known = {
        (f"{stack}/{role}", each["finding"])
        for each in ACCEPTED
        if each["judge"] == name
        for stack in each.get("stacks", STACKS)
        for role in each["roles"]
    }
    found = set(found)
    assert found - known == set(), f"{name}: repair these, or accept them with a reason"
    assert known - found == set(), f"{name}: these no longer occur; remove them from accepted_findings.yaml"


def ask(judges: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=judges, capture_output=True, text=True, timeout=300, check=False)


def kube_score(judges: dict[str, str], file: Path) -> set[tuple[str, str, str]]:
    """(kind, name, what is found) of each check that an object does not pass in full."""
    clean = ("container-memory-requests-equal-limits", "container-ports-check", "container-seccomp-profile")
    more = [word for name in clean for word in ("--enable-optional-test", name)]
    version = f"v{KUBERNETES_VERSION}"
    done = ask(
        judges, "kube-score", "score", "--output-format", "json", "--kubernetes-version", version, *more, str(file)
    )
    objects: list[dict[str, Any]] = json.loads(done.stdout)
    assert objects, done.stderr
    return {
        (one["type_meta"]["kind"], one["object_meta"]["name"], check["check"]["id"])
        for one in objects
        for check in one["checks"]
        if not check["skipped"] and check["grade"] < 10
    }


def checkov(judges: dict[str, str], file: Path) -> set[tuple[str, str, str]]:
    """(kind, name, what is found) of each check that an object fails."""
    options = ("--framework", "kubernetes", "--skip-download", "--output", "json")
    done = ask(judges, "checkov", *options, "--file", str(file))
    told = json.loads(done.stdout)
    assert told["summary"]["parsing_errors"] == 0 and told["summary"]["passed"] > 0, done.stderr
    found = set()
    for each in told["results"]["failed_checks"]:
        kind, _, name = each["resource"].split(".", 2)
        found.add((kind, name, f"{each['check_id']} {each['check_name']}"))
    return found


def kubernetes_validate(judges: dict[str, str], file: Path) -> subprocess.CompletedProcess[str]:
    return ask(judges, "kubernetes-validate", "--strict", "--kubernetes-version", KUBERNETES_VERSION, str(file))


def test_every_accepted_finding_has_a_reason() -> None:
    assert {each["judge"] for each in ACCEPTED} == {"kube-score", "checkov"}
    assert [each["finding"] for each in ACCEPTED if len(each["reason"].split()) < 6] == []


def test_kube_score_finds_nothing_new(manifests: list[Manifests], judges: dict[str, str], tmp_path: Path) -> None:
    judge(
        "kube-score",
        {
            (one.subject(kind, name), finding)
            for one in manifests
            for kind, name, finding in kube_score(judges, one.write(tmp_path))
        },
    )


def test_checkov_finds_nothing_new(manifests: list[Manifests], judges: dict[str, str], tmp_path: Path) -> None:
    judge(
        "checkov",
        {
            (one.subject(kind, name), finding)
            for one in manifests
            for kind, name, finding in checkov(judges, one.write(tmp_path))
        },
    )


@pytest.mark.parametrize("stack", STACKS)
def test_objects_have_the_form_that_kubernetes_publishes(stack: str, judges: dict[str, str], tmp_path: Path) -> None:
    done = kubernetes_validate(judges, Manifests.of(stack).write(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_judges_see_what_is_bad(judges: dict[str, str], tmp_path: Path) -> None:
    """None of them is blind: each finds what is wrong with a container that may do everything."""
    container = {"name": "bad", "image": "nginx", "securityContext": {"privileged": True}, "replicas": 1}
    template = {"metadata": {"labels": {"app": "bad"}}, "spec": {"containers": [container]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "bad", "namespace": "bad", "labels": {ROLE_LABEL: "bad"}},
        "spec": {"selector": {"matchLabels": {"app": "bad"}}, "template": template},
    }
    file = Manifests("bad", (deployment,)).write(tmp_path)
    assert ("Deployment", "bad", "container-security-context-privileged") in kube_score(judges, file)
    assert "CKV_K8S_16" in {finding.split()[0] for _, _, finding in checkov(judges, file)}
    done = kubernetes_validate(judges, file)
    assert done.returncode != 0 and "replicas" in done.stdout + done.stderr
