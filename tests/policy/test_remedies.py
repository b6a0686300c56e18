"""Repairs, over gRPC: what is missing is added, secrets and unknown values pass through, and the rule is content."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import json_format
from portus_policies.remedies import REMEDIES

from tests.policy.docker_cases import KEY_PEM
from tests.policy.graphs import SECRET, SIGNATURE, Entry, Graph, drop, entry, plain
from tests.policy.pack import Pack

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SPEC = "spec/template/spec"
BROKEN: Mapping[str, tuple[str, str, str]] = {
    "k8s-seccomp": ("kubernetes", "edge", f"{SPEC}/securityContext/seccompProfile"),
    "k8s-no-privilege-escalation": (
        "kubernetes",
        "edge",
        f"{SPEC}/containers/0/securityContext/allowPrivilegeEscalation",
    ),
    "k8s-non-root": ("kubernetes", "edge", f"{SPEC}/securityContext/runAsNonRoot"),
    "k8s-no-api-token": ("kubernetes", "edge", f"{SPEC}/automountServiceAccountToken"),
    "k8s-secret-mode": ("kubernetes", "portus", f"{SPEC}/volumes/1/secret/defaultMode"),
    "k8s-namespace-pod-security": ("kubernetes", "namespace", "metadata/labels"),
    "dkr-capabilities": ("docker", "hub-edge", "capabilities"),
    "dkr-no-new-privileges": ("docker", "hub-edge", "securityOpts"),
    "tls-key-strength": ("docker", "hub-token-key", "rsaBits"),
}


@pytest.fixture(scope="module")
def repairing() -> Iterator[Pack]:
    """A pack in which every rule that can repair does."""
    pack = Pack(True, {})
    pack.configure({"settings": {"profile": "compat"}, **dict.fromkeys(REMEDIES, "remediate")})
    yield pack
    pack.close()


def repaired(pack: Pack, one: Entry) -> tuple[set[str], Entry]:
    """Which rules repaired a resource, and what it is then."""
    given = pack.remediate(one)
    if not given:
        return set(), one
    return {each.policyName for each in given}, replace(one, inputs=json_format.MessageToDict(given[-1].properties))


@pytest.mark.parametrize("rule", BROKEN)
def test_what_is_missing_is_added(rule: str, repairing: Pack, graph: Callable[[str, bool], Graph]) -> None:
    base, name, path = BROKEN[rule]
    kind = "" if base == "docker" and "key" in name else ("Container" if base == "docker" else "")
    (whole,) = [each for each in graph(base, True) if each.name == name and kind in each.type]
    inputs: dict[str, Any] = json.loads(json.dumps(plain(whole.inputs)))
    drop(path)(inputs)
    weak = replace(whole, inputs=inputs)
    assert rule in {each.policy for each in repairing.analyze(weak)}
    rules, strong = repaired(repairing, weak)
    assert rule in rules
    assert rule not in {each.policy for each in repairing.analyze(strong)}
    assert repairing.remediate(strong) == [] or rule not in {each.policyName for each in repairing.remediate(strong)}


def test_plain_secrets_are_marked_and_marked_ones_left_alone(repairing: Pack) -> None:
    plain_one = entry("kubernetes:core/v1:Secret", "s", {"stringData": {"password": KEY_PEM, "later": UNKNOWN}})
    rules, marked = repaired(repairing, plain_one)
    assert rules == {"stack-mark-secret"}
    assert marked.inputs["stringData"] == {SIGNATURE: SECRET, "value": plain_one.inputs["stringData"]}
    assert repairing.remediate(marked) == []
    assert repairing.remediate(entry("kubernetes:core/v1:Secret", "s", {"stringData": UNKNOWN})) == []


def test_every_repair_is_tested() -> None:
    assert set(BROKEN) | {"stack-mark-secret"} == set(REMEDIES)


def test_nothing_is_repaired_unless_it_is_asked_for(packs: Callable[[bool], Pack]) -> None:
    assert packs(True).remediate(entry("kubernetes:core/v1:Secret", "s", {"stringData": {"a": "b"}})) == []
