"""What is deployed breaks no rule that its arguments are not meant to break: states of every stack and every variant.

A state has what a preview never shows: ids that Docker made, names of objects, and after a refresh what the provider
reads back. With `--show-secrets` it has secrets in the open, without it ciphertext.
"""

import dataclasses
import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from portus_policies.check import EXCEPTIONS_FILE, check, read_configuration
from portus_policies.exceptions import read_exceptions
from portus_policies.report import Report

from tests.component import deployments
from tests.component.test_stacks import ROOT, STACKS, run
from tests.policy.graphs import SECRET, SIGNATURE, Entry, Graph, entry, plain, recorded, state_of
from tests.policy.test_recorded import VARIANTS, arguments, meant

TODAY = datetime.date(2027, 1, 1)
ADVICE = frozenset({"K56"})
"""Only advised, and left by prod and staging: their load balancer hides the client's address."""
_CONTAINER = "docker:index/container:Container"
_READ_BACK = {
    **{"ipcMode": "private", "cgroupnsMode": "private", "pidMode": "", "usernsMode": "", "runtime": "runc"},
    **{
        "privileged": False,
        "publishAllPorts": False,
        "tty": False,
        "stdinOpen": False,
        "shmSize": 64,
        "workingDir": "/",
    },
}
"""What the provider reads of every container beside its arguments (Docker 20.10 to 29)."""
_IMAGES_OWN = (
    *("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "GOSU_VERSION=1.17"),
    *("MARIADB_VERSION=1:11.4.8+maria~ubu2404", "NGINX_VERSION=1.29.3", "PKG_RELEASE=1~bookworm"),
    *("PYTHON_SHA256=2fb2a8c2a3ea4f7b4b4b3b1a1f3e2a5b9f2ad4d1b7f35fd5d6cbd0f0e4e8e6c1", "PYTHON_VERSION=3.13.1"),
    "GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305",
)
"""Variables of official images, which Docker tells among the container's."""


def refreshed(graph: Graph) -> Graph:
    """The state after `pulumi refresh`: containers as Docker tells of them."""
    return tuple(_refreshed(each) if each.type == _CONTAINER else each for each in graph)


def _refreshed(one: Entry) -> Entry:
    inputs = dict(one.inputs)
    envs = inputs.get("envs") or []
    listed = plain(envs)
    mode = inputs.get("networkMode") or "bridge"
    read = {**_READ_BACK, **inputs, "networkMode": mode, "envs": [*listed, *_IMAGES_OWN]}
    return dataclasses.replace(one, inputs=read)


def encrypted(value: Any) -> Any:
    """A state as `pulumi stack export` writes it without `--show-secrets`."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return {SIGNATURE: SECRET, "ciphertext": "v1:AAAAAAAA:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"}
        return {key: encrypted(each) for key, each in value.items()}
    return [encrypted(each) for each in value] if isinstance(value, list) else value


def judged(state: Any, folder: Path, configuration: Path | None = None) -> Report:
    file = folder / "state.json"
    file.write_text(json.dumps(state))
    if configuration is None:
        configuration = folder / "policy.json"
        configuration.write_text(json.dumps({"settings": {"profile": "compat"}}))
    return check(file, read_configuration(configuration), read_exceptions(EXCEPTIONS_FILE), TODAY)


def told(report: Report) -> set[tuple[str, str]]:
    return {(each.rule.id, f"{each.subject}: {each.detail}") for each in (*report.mandatory, *report.advisory)}


FORMS: dict[str, Callable[[Graph], Any]] = {
    "with secrets": state_of,
    "encrypted": lambda graph: encrypted(state_of(graph)),
    "refreshed": lambda graph: state_of(refreshed(graph)),
}


@pytest.mark.parametrize("file", STACKS, ids=lambda file: file.name.split(".")[1])
def test_our_own_stacks_give_no_alarm_once_they_are_deployed(file: Path, tmp_path: Path) -> None:
    stack = file.name.split(".")[1]
    graph = recorded(run(stack, yaml.safe_load(file.read_text(encoding="utf-8"))["config"]))
    for form, written in FORMS.items():
        report = judged(written(graph), tmp_path, ROOT / "stacks" / f"policy.{stack}.json")
        assert report.resources > 30
        assert [(each.rule.id, each.subject, each.detail) for each in report.mandatory] == [], form
        assert {each.rule.id for each in report.advisory} <= ADVICE, form


@pytest.mark.parametrize(("target", "name"), VARIANTS, ids=[f"{target}-{name}" for target, name in VARIANTS])
def test_a_deployed_variant_breaks_what_it_is_meant_to(target: str, name: str, tmp_path: Path) -> None:
    graph = recorded(deployments.deploy(arguments(target, name)))
    for form, written in FORMS.items():
        found = told(judged(written(graph), tmp_path))
        assert {rule for rule, _ in found} <= meant(target, name), (form, found)


def test_an_id_of_docker_in_our_label_is_no_secret_and_a_secret_there_is_one(tmp_path: Path) -> None:
    """The label that made five alarms of every deployed stack; whoever puts a password there is told."""
    for value, found in (
        ("5379c9746da45ed0062b671e802ab968c639f802482413d88ecbfe565471b049", False),
        ("redis://:hunter2@x", True),
    ):
        labels = [{"label": "org.portus-stack.files", "value": value}]
        one = entry(_CONTAINER, "hub-registry", {"start": False, "labels": labels})
        assert ("D31" in {rule for rule, _ in told(judged(state_of([one]), tmp_path))}) is found, value
