"""A bad stack file is refused by the preview: all errors at once, nothing created, no trace, no secret.

What the engine itself checks before it starts the program (a group that is no group, a file that is no mapping) it
tells in its own words and one key at a time.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypedDict

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

from tests.engine.docker.deployment import Config, Deployment, Finished, local_config, prepared
from tests.unit.portus import pems

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

NAME, PORT = "bad", 9311
LONG = "x" * 2000
TRACES = ("Traceback", 'File "', "unhandled exception", "goroutine", "panic:")


class BadStackFile(TypedDict):
    """One entry of bad_stack_files.yaml."""

    config: Mapping[str, object]
    errors: Mapping[str, str]
    secrets: list[str]


SERVER = pems.issued("server", pems.ROOT, names=[f"{NAME}.test", f"registry.{NAME}.test"])
WEAK = pems.issued(
    "server",
    pems.ROOT,
    names=["other.test"],
    key=rsa.generate_private_key(65537, 1024),
    begins=pems.NOW - 9 * pems.DAY,
    ends=pems.NOW - pems.DAY,
)
FILLED_IN = {
    "LONG": LONG,
    **{"ROOT": pems.ROOT.pem, "SERVER": SERVER.pem, "OTHER": pems.OTHER.pem, "WEAK": WEAK.pem},
    **{"SERVER_KEY": SERVER.key_pem, "OTHER_KEY": pems.OTHER.key_pem},
    "OTHER_KEY_LINE": pems.OTHER.key_pem.splitlines()[1],
    "ENCRYPTED_KEY": pems.key_pem(SERVER.key, encryption=BestAvailableEncryption(b"never told")),
}
"""What stands between two % in a text in double quotes."""


def cases() -> dict[str, BadStackFile]:
    text = (Path(__file__).parent / "bad_stack_files.yaml").read_text(encoding="utf-8")
    for name, value in FILLED_IN.items():
        text = text.replace(f"%{name}%", json.dumps(value)[1:-1])
    found: dict[str, BadStackFile] = yaml.safe_load(text)
    return found


CASES = cases()
REFUSED_BY_THE_ENGINE = {
    "config:\n  portus-stack:hostnames: portus.test\n": "'hostnames' must be of type 'object'",
    "config:\n  portus-stack:portus: [a, b]\n": "'portus' must be of type 'object'",
    "config:\n  portus-stack:smoke_check: maybe\n": "'smoke_check' must be of type 'boolean'",
    "- one\n- two\n": "expected project to be an object",
    "config:\n- one\n- two\n": "cannot unmarshal !!seq into map",
    "config: {a: [\n": "invalid YAML file",
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A stack in which nothing was ever created."""
    with prepared(NAME, tmp_path_factory.mktemp(NAME), local_config(NAME, PORT)) as deployment:
        yield deployment


def preview(deployment: Deployment) -> Finished:
    """Preview, which must fail with words meant for people, and leave nothing behind."""
    finished = deployment.run("preview", "--suppress-progress", "-s", deployment.name)
    assert finished.code != 0, finished.output
    assert [trace for trace in TRACES if trace in finished.output] == [], finished.output
    return finished


def assert_nothing_was_created(deployment: Deployment) -> None:
    deployment.configure(local_config(NAME, PORT))
    assert deployment.resources() == []
    assert deployment.leftovers() == []


def config_of(case: BadStackFile) -> Config:
    return local_config(NAME, PORT, **case["config"])


def reported(output: str) -> dict[str, str]:
    """Property path → messages, from the component's list of errors."""
    _, _, diagnostics = output.partition("Diagnostics:")
    head = re.search(rf"PortusStack '{NAME}' has (\d+) invalid arguments?; nothing was created:\n", diagnostics)
    assert head, output
    found: dict[str, str] = {}
    for line in diagnostics[head.end() :].splitlines()[: int(head[1])]:
        path, _, message = line.strip().partition(": ")
        found[path] = f"{found.get(path, '')}{message}\n"
    return found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_all_errors_are_listed_at_once(empty: Deployment, case: BadStackFile) -> None:
    empty.configure(config_of(case))
    output = preview(empty).output
    found = reported(output)
    words = [(path, each) for path, listed in case["errors"].items() for each in listed.split(" | ")]
    unclear = [(path, each, found.get(path)) for path, each in words if each not in found.get(path, "")]
    assert unclear == [], output
    assert set(found) == set(case["errors"]), output
    assert [secret for secret in case.get("secrets", []) if secret in output] == []
    assert LONG not in output
    assert_nothing_was_created(empty)


@pytest.mark.parametrize(("text", "words"), REFUSED_BY_THE_ENGINE.items())
def test_what_the_engine_refuses_itself(empty: Deployment, text: str, words: str) -> None:
    empty.stack_file.write_text(text)
    try:
        assert words in preview(empty).output
    finally:
        empty.stack_file.unlink()
    assert_nothing_was_created(empty)


def test_the_update_refuses_what_the_preview_refuses(empty: Deployment) -> None:
    empty.configure(config_of(CASES["misspelt keys"]))
    finished = empty.run("up", "--yes", "--skip-preview", "--suppress-progress", "-s", empty.name)
    assert finished.code != 0
    assert set(reported(finished.output)) == set(CASES["misspelt keys"]["errors"])
    assert empty.leftovers() == []
    kinds = {resource["type"] for resource in empty.resources()}
    assert {kind for kind in kinds if not kind.startswith("pulumi:")} == set(), "only the stack and its providers"
    empty.destroy()
