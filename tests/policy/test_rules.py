"""Every rule over gRPC, through the real SDK: silent on the graph as it is, told when one thing is made worse."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from portus_policies.check import EXCEPTIONS_FILE, check, read_configuration
from portus_policies.exceptions import read_exceptions

from tests.policy.cases import PREVIEW, STATE, UP, Case
from tests.policy.conftest import SETTINGS
from tests.policy.docker_cases import CASES as DOCKER
from tests.policy.graphs import Graph, state_of
from tests.policy.kubernetes_cases import CASES as KUBERNETES
from tests.policy.pack import Pack, Told
from tests.policy.role_cases import CASES as ROLES
from tests.policy.summary import caught

CASES = (*KUBERNETES, *DOCKER, *ROLES)
ELSEWHERE = {"S01", "S11", "S12", "K44", "K66", "K68", "R02", "R04", "G06", "S05", "T07", "T08", "S13"}
"""Rules whose cases need more than one change (test_relations.py), or are read in a state only (test_meanings.py)."""
TODAY = datetime.date(2027, 1, 1)


def changed(case: Case, graph: Graph) -> Graph:
    """The graph with the changes of a case."""
    for change in case.changes:
        graph = change.applied(graph)
    return graph


def found(told: list[Told], ids: dict[str, str]) -> set[tuple[str, str]]:
    """(rule, resource) of diagnostics."""
    return {(ids.get(each.policy, each.policy), each.urn) for each in told}


@pytest.fixture(scope="session")
def base_findings(
    packs: Callable[[bool], Pack], graph: Callable[[str, bool], Graph], rule_ids: dict[str, str]
) -> Callable[[str, bool], set[tuple[str, str]]]:
    """What the graph as it is gives: nothing, and that is asserted."""
    known: dict[tuple[str, bool], set[tuple[str, str]]] = {}

    def find(name: str, preview: bool) -> set[tuple[str, str]]:
        if (name, preview) not in known:
            known[name, preview] = found(packs(preview).judge(graph(name, preview)), rule_ids)
        return known[name, preview]

    return find


@pytest.mark.parametrize("base", ["docker", "kubernetes"])
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_the_graphs_as_they_are_break_no_rule(
    base: str, preview: bool, base_findings: Callable[[str, bool], set[tuple[str, str]]]
) -> None:
    assert base_findings(base, preview) == set()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.changes[0].__class__.__name__}")
def test_a_change_for_the_worse_breaks_its_rule_and_no_other(  # noqa: PLR0913, PLR0917 - fixtures
    case: Case,
    packs: Callable[[bool], Pack],
    graph: Callable[[str, bool], Graph],
    rule_ids: dict[str, str],
    base_findings: Callable[[str, bool], set[tuple[str, str]]],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    worse = changed(case, graph(case.base, False))
    settings = {"settings": {**SETTINGS, **case.settings}}
    for where, preview in ((PREVIEW, True), (UP, False)):
        if where not in case.at:
            continue
        pack = packs(preview)
        assert base_findings(case.base, preview) == set(), "the pack has seen the graph as it is"
        pack.configure(settings)
        known = graph(case.base, preview)
        given = changed(case, known)
        # Other settings concern every resource; with the usual ones those that did not change are known to be clean.
        told = pack.judge(given, () if case.settings else known)
        pack.configure({"settings": SETTINGS})
        pack.restore(given, known)
        assert not [each.message for each in told if "SENTINEL" in each.message], "a finding holds no value"
        rules = {rule for rule, _ in found(told, rule_ids)}
        assert case.rule in rules, f"{where}: not caught; found {rules}"
        assert rules - {case.rule} <= case.also, f"{where}: also {rules - {case.rule} - case.also}"
        caught(pytestconfig, case.rule, where)
    if STATE in case.at:
        rules = checked(worse, {**SETTINGS, **case.settings}, tmp_path)
        assert case.rule in rules, f"state: not caught; found {rules}"
        caught(pytestconfig, case.rule, STATE)


def checked(graph: Graph, settings: object, folder: Path) -> set[str]:
    """The rules that `check` finds broken in the graph's state."""
    file, configuration = folder / "state.json", folder / "policy.json"
    file.write_text(json.dumps(state_of(graph)))
    configuration.write_text(json.dumps({"settings": settings}))
    report = check(file, read_configuration(configuration), read_exceptions(EXCEPTIONS_FILE), TODAY)
    return {each.rule.id for each in (*report.mandatory, *report.advisory)}


def test_every_rule_has_a_case(rule_ids: dict[str, str]) -> None:
    assert set(rule_ids.values()) - {case.rule for case in CASES} == ELSEWHERE
