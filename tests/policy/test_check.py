"""`python -m portus_policies check` with what a hostile or broken pipeline gives it."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.policy.graphs import Change, Graph, put, state_of
from tests.policy.large import large_state, measured, reading_seconds
from tests.policy.pack import PACK
from tests.policy.summary import tell

CONFIG = PACK.parent / "stacks" / "policy.fleet.json"
MEBIBYTE = 1024 * 1024
LIMIT_MIB, LIMIT_READINGS = 500, 50
"""The bound in seconds is in `make bench`, which is run on a machine that does nothing else."""
SENTINEL = "correct-horse-battery-staple"


def check(file: Path, *more: str, limit_mib: int = 0) -> "subprocess.CompletedProcess[str]":
    """Run it, optionally with a limit on its memory."""

    def restrain() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (limit_mib * MEBIBYTE, limit_mib * MEBIBYTE))

    command = [sys.executable, "-m", "portus_policies", "check", str(file), *more]
    return subprocess.run(
        command, cwd=PACK, capture_output=True, text=True, check=False, preexec_fn=restrain if limit_mib else None
    )


def write(folder: Path, content: Any) -> Path:
    file = folder / "state.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


@pytest.fixture
def worse(graph: Callable[[str, bool], Graph]) -> Graph:
    """A graph with one mandatory finding, in a resource that holds a secret."""
    return Change("hub-edge", put("privileged", True), "container:Container").applied(graph("docker", False))


def test_a_clean_state_is_clean(graph: Callable[[str, bool], Graph], tmp_path: Path) -> None:
    done = check(write(tmp_path, state_of(graph("docker", False))), "--config", str(CONFIG))
    assert done.returncode == 0, done.stdout
    assert "0 mandatory" in done.stdout and "[excused]" in done.stdout


def test_findings_say_rule_place_reason_and_remedy_and_no_value(worse: Graph, tmp_path: Path) -> None:
    file = write(tmp_path, state_of(worse))
    done = check(file, "--config", str(CONFIG))
    assert done.returncode == 1
    assert "D01 dkr-no-privileged (critical): hub-edge: privileged" in done.stdout and "Instead:" in done.stdout
    for form in ("text", "json", "sarif", "junit", "github", "gitlab"):
        output = check(file, "--config", str(CONFIG), "--format", form).stdout
        assert "SENTINEL" not in output and "hub-edge" in output, form


def test_machine_formats_can_be_read(worse: Graph, tmp_path: Path) -> None:
    file = write(tmp_path, state_of(worse))
    sarif = json.loads(check(file, "--format", "sarif", "--config", str(CONFIG)).stdout)
    results = sarif["runs"][0]["results"]
    assert [each["ruleId"] for each in results if each["level"] == "error"] == ["D01"]
    assert {each["level"] for each in results if "suppressions" in each} == {"note"}
    assert {each["ruleId"] for each in results} == {each["id"] for each in sarif["runs"][0]["tool"]["driver"]["rules"]}
    suite = ElementTree.fromstring(check(file, "--format", "junit", "--config", str(CONFIG)).stdout)
    assert suite.get("failures") == "1" and len(suite) == int(suite.get("tests", "0"))
    found = json.loads(check(file, "--format", "json", "--config", str(CONFIG)).stdout)["findings"]
    assert {each["level"] for each in found} == {"mandatory", "excused"}


def test_code_hosts_get_one_annotation_a_finding(worse: Graph, tmp_path: Path) -> None:
    file = write(tmp_path, state_of(worse))
    lines = check(file, "--format", "github", "--config", str(CONFIG)).stdout.splitlines()
    assert len(lines) == 1, "excused findings are no annotations"
    assert lines[0].startswith("::error file=Pulumi.yaml,title=D01 dkr-no-privileged::hub-edge: privileged. ")
    issues = json.loads(check(file, "--format", "gitlab", "--config", str(CONFIG)).stdout)
    assert [(each["check_name"], each["severity"]) for each in issues] == [("dkr-no-privileged", "blocker")]
    assert issues[0]["location"] == {"path": "Pulumi.yaml", "lines": {"begin": 1}}
    again = json.loads(check(file, "--format", "gitlab", "--config", str(CONFIG)).stdout)
    assert again[0]["fingerprint"] == issues[0]["fingerprint"]


def test_a_name_makes_no_annotation_of_its_own(tmp_path: Path) -> None:
    """GitHub takes commands from any line of the output."""
    name = "x\n:error:forged\r%0A"
    one = {
        "urn": f"urn:pulumi:s::p::docker:index/container:Container::{name}",
        "type": "docker:index/container:Container",
        "custom": True,
        "inputs": {"privileged": True},
    }
    done = check(write(tmp_path, {"version": 3, "deployment": {"resources": [one]}}), "--format", "github")
    assert done.returncode == 1
    for line in done.stdout.splitlines():
        assert line.startswith(("::error file=Pulumi.yaml,title=", "::warning file=Pulumi.yaml,title=")), line
    assert "%250A" in done.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        (f'{{"deployment": {{"resources": [{{"urn": "{SENTINEL}"', "not JSON"),
        ('{"deployment": {"resources": [{"urn": 5}]}}', "no URN"),
        ('{"deployment": {"resources": []}}', "no resources"),
        ("[]", "neither a state"),
        ('{"something": "else"}', "neither a state"),
        ("\ufeff{}", "neither a state|not JSON"),
        ('{"deployment": {"resources": [' + '{"a":' * 3000 + "1" + "}" * 3000 + "]}}", "too deeply"),
        ("[" * 200000, "too deeply|not JSON"),
        ('{"deployment": {"resources": [{"urn": "\\ud800", "type": "t"}]}}', ""),
    ],
)
def test_what_cannot_be_judged_is_one_clear_error(content: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(content.encode("utf-8", "surrogatepass"))
    done = check(file)
    assert "Traceback" not in done.stderr and SENTINEL not in done.stderr + done.stdout
    if words:
        assert done.returncode == 2 and any(each in done.stderr for each in words.split("|")), done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_not_there_and_a_configuration_that_is_wrong(tmp_path: Path) -> None:
    assert check(tmp_path / "no.json").returncode == 2
    file = write(tmp_path, {"deployment": {"resources": []}})
    for text in (
        "{",
        '{"no-such-rule": "mandatory"}',
        '{"settings": {"profile": "lax"}}',
        '{"dkr-user": "maybe"}',
        "[]",
    ):
        config = tmp_path / "policy.json"
        config.write_text(text)
        done = check(file, "--config", str(config))
        assert done.returncode == 2 and "policy.json" in done.stderr, done.stderr


def test_names_cannot_move_the_cursor(tmp_path: Path) -> None:
    name = "\x1b[2J\u202eevil\r"
    one = {
        "urn": f"urn:pulumi:s::p::docker:index/container:Container::{name}",
        "type": "docker:index/container:Container",
        "custom": True,
        "inputs": {"privileged": True},
    }
    done = check(write(tmp_path, {"version": 3, "deployment": {"resources": [one]}}))
    assert done.returncode == 1 and not set("\x1b\u202e\r") & set(done.stdout)


def test_secrets_without_a_passphrase_are_unseen_not_clean(graph: Callable[[str, bool], Graph], tmp_path: Path) -> None:
    text = json.dumps(state_of(graph("docker", False))).replace('"plaintext"', '"ciphertext"')
    done = check(write(tmp_path, text), "--config", str(CONFIG))
    assert done.returncode == 0
    assert "[unseen]" in done.stdout and "hub-registry-files: uploads" in done.stdout


@pytest.mark.parametrize("base", ["docker", "component on kubernetes"])
def test_ten_thousand_resources_in_time_and_memory(
    base: str, graph: Callable[[str, bool], Graph], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    file = write(tmp_path, large_state(graph(base, False), 10_000))
    before = reading_seconds(file)
    done = measured(file, "--config", str(CONFIG), "--format", "json")
    peak, seconds = (float(each) for each in done.stderr.split())
    readings = 2 * seconds / (before + reading_seconds(file))
    size = file.stat().st_size // MEBIBYTE
    tell(
        pytestconfig,
        f"{base}: check of 10 000 resources, {size} MiB: {seconds:.1f} s, {readings:.0f} readings, {peak:.0f} MiB",
    )
    assert json.loads(done.stdout)["resources"] >= 10_000, done.stderr
    assert peak < LIMIT_MIB
    assert readings < LIMIT_READINGS


def test_two_hundred_megabytes_stay_in_bounded_memory(tmp_path: Path) -> None:
    """One text of 200 MB in a state: it is read, judged and not kept; nothing of it is printed."""
    file = tmp_path / "state.json"
    head = (
        '{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:s::p::docker:index/container:Container::c", '
    )
    head += '"type": "docker:index/container:Container", "custom": true, "inputs": {"hostname": "'
    with file.open("w") as stream:
        stream.write(head)
        for _ in range(200):
            stream.write(SENTINEL[:1] * 1_000_000)
        stream.write('"}}]}}')
    done = check(file, limit_mib=1000)
    assert done.returncode in (1, 2) and len(done.stdout) < 100_000, done.stderr
    assert "Traceback" not in done.stderr
