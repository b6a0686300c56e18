"""Rules about what leads from one resource to another, and about the pack itself."""

import dataclasses
import datetime
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from portus_policies import resource as view
from portus_policies.evaluate import evaluate_stack
from portus_policies.exceptions import parse_exceptions
from portus_policies.resource import Resource, Stack
from portus_policies.roles import EDGE
from portus_policies.rules.docker_ports import _TLS_PORTS
from portus_policies.settings import SCHEMA, Settings
from portus_policies.wire import plain_properties

from components.portus import naming
from components.portus.roles.edge_configuration import OUTSIDE_PORT
from tests.component.recorder import COMPONENT
from tests.policy.cases import PREVIEW, STATE, UP
from tests.policy.conftest import SETTINGS
from tests.policy.graphs import Change, Entry, Graph, entry, put
from tests.policy.pack import PACK, Pack
from tests.policy.summary import caught

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def urn(graph: Graph, name: str, kind: str = "") -> str:
    (found,) = [each.urn for each in graph if each.name == name and kind in each.type]
    return found


def leads(graph: Graph, name: str, kind: str, **dependencies: list[str]) -> Graph:
    """The graph with other sources for the properties of one resource."""
    return tuple(
        dataclasses.replace(each, dependencies={**each.dependencies, **{k: tuple(v) for k, v in dependencies.items()}})
        if each.name == name and kind in each.type
        else each
        for each in graph
    )


def sources(graph: Graph, name: str, kind: str, key: str) -> list[str]:
    (found,) = [each for each in graph if each.name == name and kind in each.type]
    return list(found.dependencies[key])


def uploads_of(graph: Graph, name: str, old: str, new: str) -> Graph:
    """The graph with the uploads of a container coming from another resource."""
    changed = [
        urn(graph, new) if each == urn(graph, old) else each for each in sources(graph, name, "Container", "uploads")
    ]
    return leads(graph, name, "Container", uploads=changed)


def _token_certificate_of_another_key(graph: Graph) -> Graph:
    return leads(graph, "hub-token-certificate", "SelfSignedCert", privateKeyPem=[urn(graph, "hub-edge-key")])


def _foreign_generator(graph: Graph) -> Graph:
    new = entry("random:index/randomString:RandomString", "database-password", {"length": 40})
    changed = (*graph, new)
    return leads(
        changed, "hub-portus", "Container", uploads=[*sources(graph, "hub-portus", "Container", "uploads"), new.urn]
    )


def _second_token_key(graph: Graph) -> Graph:
    parts = [each for each in graph if each.name in ("hub-token-key", "hub-token-certificate")]
    key, certificate = (dataclasses.replace(each, urn=f"{each.urn}-2", name=f"{each.name}-2") for each in parts)
    certificate = dataclasses.replace(certificate, dependencies={"privateKeyPem": (key.urn,)})
    return (*graph, key, certificate)


def _helm_release(graph: Graph) -> Graph:
    inside = "urn:pulumi:test::portus-stack::portus:index:PortusStack$kubernetes:helm.sh/v3:Release::hub-release"
    inputs = {"metadata": {"namespace": "x"}}
    return (*graph, Entry(inside, "kubernetes:helm.sh/v3:Release", "hub-release", inputs))


RELATIONS: Mapping[str, Callable[[Graph], Graph]] = {
    "T07": lambda graph: uploads_of(graph, "hub-edge-files", "hub-edge-key", "hub-registry-key"),
    "T08": lambda graph: leads(
        graph,
        "hub-edge-files",
        "Container",
        uploads=[*sources(graph, "hub-edge-files", "Container", "uploads"), urn(graph, "hub-ca-key")],
    ),
    "G06": _token_certificate_of_another_key,
    "R02": _foreign_generator,
    "S05": _second_token_key,
    "K44": _helm_release,
}


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
@pytest.mark.parametrize("rule", RELATIONS)
def test_a_wrong_relation_is_caught_before_values_are_known(  # noqa: PLR0913, PLR0917 - fixtures
    rule: str,
    preview: bool,
    packs: Callable[[bool], Pack],
    graph: Callable[[str, bool], Graph],
    rule_ids: Mapping[str, str],
    pytestconfig: pytest.Config,
) -> None:
    known = graph("docker", preview)
    pack = packs(preview)
    pack.judge(known)
    given = RELATIONS[rule](known)
    found = {rule_ids[each.policy] for each in pack.judge(given, known)}
    pack.restore(given, known)
    assert rule in found
    caught(pytestconfig, rule, PREVIEW if preview else UP)


def test_one_secret_for_two_purposes_is_caught(
    packs: Callable[[bool], Pack], graph: Callable[[str, bool], Graph], pytestconfig: pytest.Config
) -> None:
    known = graph("docker", False)
    packs(False).judge(known)

    def edit(inputs: dict[str, Any]) -> None:
        by_file = {each["file"]: each for each in inputs["uploads"]}
        same = by_file["/etc/portus-stack/portus_password"]["content"]
        by_file["/etc/portus-stack/portus_db_password"]["content"] = same

    given = Change("hub-portus", edit, "container:Container").applied(known)
    told = packs(False).judge(given, known)
    packs(False).restore(given, known)
    assert {each.policy for each in told} == {"rnd-distinct"}
    assert all("SENTINEL" not in each.message for each in told)
    caught(pytestconfig, "R04", UP)


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_a_way_out_that_no_link_of_the_plan_has_is_caught(
    preview: bool, packs: Callable[[bool], Pack], graph: Callable[[str, bool], Graph], rule_ids: Mapping[str, str]
) -> None:
    known, pack = graph("component on kubernetes", preview), packs(preview)
    pack.judge(known)
    given = Change("hub-portus", put("spec/egress/0/to", []), "NetworkPolicy").applied(known)
    told = pack.judge(given, known)
    pack.restore(given, known)
    assert {(rule_ids[each.policy], each.name) for each in told} == {("K53", "hub-portus")}


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_a_way_past_the_edge_is_caught_whatever_it_calls_itself(
    preview: bool,
    packs: Callable[[bool], Pack],
    graph: Callable[[str, bool], Graph],
    rule_ids: Mapping[str, str],
    pytestconfig: pytest.Config,
) -> None:
    known, pack = graph("component on kubernetes", preview), packs(preview)
    pack.judge(known)
    selector = {"org.portus-stack.name": "hub", "org.portus-stack.role": "portus"}
    metadata = {"name": "web", "namespace": "hub", "labels": {"app.kubernetes.io/name": "web"}}
    spec = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "selector": selector, "ports": [{"port": 443}]}
    new = entry("kubernetes:core/v1:Service", "web", {"metadata": metadata, "spec": spec})
    told = pack.judge((*known, new), known)
    assert {rule_ids[each.policy] for each in told if each.name == "web" and each.level == "mandatory"} == {"K66"}
    caught(pytestconfig, "K66", PREVIEW if preview else UP)


def test_at_up_nothing_may_be_unknown(
    packs: Callable[[bool], Pack], graph: Callable[[str, bool], Graph], pytestconfig: pytest.Config
) -> None:
    known = graph("docker", False)
    packs(False).judge(known)
    given = Change("hub-edge", put("image", UNKNOWN), "container:Container").applied(known)
    told = packs(False).judge(given, known)
    packs(False).restore(given, known)
    assert [each.policy for each in told] == ["stack-nothing-unknown"]
    caught(pytestconfig, "S12", UP)


def test_what_a_preview_cannot_see_is_told(packs: Callable[[bool], Pack], graph: Callable[[str, bool], Graph]) -> None:
    pack, known = packs(True), graph("docker", True)
    pack.judge(known)
    notes = [each.message for each in pack.analyze_stack(known) if each.policy == "notes"]
    assert any("hub-registry-files: uploads" in note and "G03" in note for note in notes)


def test_a_rule_that_is_switched_off_is_told(graph: Callable[[str, bool], Graph]) -> None:
    pack = Pack(True, SETTINGS)
    try:
        pack.configure({"settings": SETTINGS, "dkr-memory": "disabled", "stack-protect": "disabled"})
        known = graph("docker", True)
        worse = Change("hub-edge", lambda inputs: inputs.pop("memory"), "container:Container").applied(known)
        for one in worse:
            assert "dkr-memory" not in {each.policy for each in pack.analyze(one)}
        notes = [each.message for each in pack.analyze_stack(worse) if each.policy == "notes"]
        (off,) = [note for note in notes if "switched off" in note]
        assert "D09 dkr-memory" in off and "S02 stack-protect" in off and "dkr-cpu" not in off
    finally:
        pack.close()


def test_settings_that_cannot_be_followed_stop_everything(graph: Callable[[str, bool], Graph]) -> None:
    pack = Pack(True, {})
    try:
        pack.configure({"settings": {"profile": "lax"}})
        told = pack.analyze(graph("docker", True)[0])
        assert [(each.policy, each.level) for each in told] == [("settings", "mandatory")]
        assert "strict, compat" in told[0].message
    finally:
        pack.close()


def test_an_expired_exception_excuses_nothing_and_is_told(
    tmp_path: Path, graph: Callable[[str, bool], Graph], pytestconfig: pytest.Config
) -> None:
    folder = tmp_path / "pack"
    shutil.copytree(PACK, folder, ignore=shutil.ignore_patterns("__pycache__", "venv"))
    file = folder / "exceptions.yaml"
    file.write_text(file.read_text().replace("expires: 2027-11-30", "expires: 2020-01-31"))
    pack = Pack(True, SETTINGS, folder)
    try:
        rules = {each.policy for each in pack.judge(graph("docker", True))}
        assert {"stack-exceptions", "dkr-image-digest", "dkr-user"} <= rules
        caught(pytestconfig, "S11", PREVIEW)
    finally:
        pack.close()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"reason": "because"}, "too short"),
        ({"owner": ""}, "owner is missing"),
        ({"expires": "soon"}, "must be a date"),
        ({"rules": ["D01"]}, "D01 cannot be excused"),
        ({"rules": ["X99"]}, "no rule X99"),
        ({"until": "x"}, "until is no key"),
    ],
)
def test_an_exception_without_its_papers_is_refused(changes: Mapping[str, object], problem: str) -> None:
    whole: dict[str, object] = {
        "rules": ["D12"],
        "resources": "*",
        "reason": "a reason that is long enough",
        "owner": "somebody",
        "expires": datetime.date(2030, 1, 1),
    }
    assert parse_exceptions([whole]).problems == ()
    parsed = parse_exceptions([{**whole, **changes}])
    assert parsed.exemptions == () and problem in "; ".join(parsed.problems)


def test_open_outputs_are_seen_in_a_state(pytestconfig: pytest.Config) -> None:
    password = Resource(
        "urn:pulumi:t::p::random:x::pw",
        "random:index/randomPassword:RandomPassword",
        "pw",
        {},
        outputs={"result": "generated-value"},
    )
    for secrets, broken in ((frozenset[str](), True), (frozenset({"admin"}), False)):
        root = Resource("u", "pulumi:pulumi:Stack", "s", {}, outputs={"admin": "generated-value"}, secrets=secrets)
        found = evaluate_stack(Stack((root, password))).findings
        assert [each.rule.id for each in found] == (["S01"] if broken else [])
    caught(pytestconfig, "S01", STATE)


def test_the_packs_names_are_the_components() -> None:
    """The pack imports nothing of the component, so that it can judge without it."""
    assert (view.COMPONENT, view.NAME_LABEL, view.ROLE_LABEL) == (COMPONENT, naming.NAME_LABEL, naming.ROLE_LABEL)


def test_the_settings_schema_is_the_settings() -> None:
    assert set(SCHEMA) == {each.name for each in dataclasses.fields(Settings)}


def test_secrets_are_told_from_plain_values() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '{"a": 1}'}
    values, secrets = plain_properties({"open": "x", "hidden": [secret]})
    assert values == {"open": "x", "hidden": [{"a": 1}]} and secrets == {"hidden[0]"}


def test_outsiders_port_of_the_edge_is_known_to_speak_tls() -> None:
    assert OUTSIDE_PORT in _TLS_PORTS[EDGE]
