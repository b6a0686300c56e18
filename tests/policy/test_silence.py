"""A rule about stacks that has nothing to say costs the SDK no parsing: docs/decisions/0020."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from portus_policies import pack
from portus_policies.evaluate import stack_rules
from pulumi_policy import policy as sdk

from tests.policy.cases import UP
from tests.policy.docker_cases import CASES as DOCKER
from tests.policy.graphs import Graph
from tests.policy.pack import Pack

_PARSE = "deserialize_properties"


class _InThisProcess(Pack):
    """The SDK's own servicer with all policies, without a process around it."""

    def __init__(self) -> None:
        level = sdk.EnforcementLevel.ADVISORY
        servicer: Any = sdk._PolicyAnalyzerServicer("test", "1", pack.policies(), level, None, *[None] * 6)
        calls = {call: getattr(servicer, call) for call in ("Analyze", "AnalyzeStack")}
        self.stub: Any = SimpleNamespace(**{call: lambda asked, do=do: do(asked, None) for call, do in calls.items()})


def test_a_stack_is_parsed_for_those_that_speak(
    graph: Callable[[str, bool], Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[Any] = []
    parse: Any = getattr(sdk, _PARSE)

    def counted(properties: Any) -> Any:
        parsed.append(properties)
        return parse(properties)

    about_stacks = {rule.id for rule in stack_rules()}
    broken = graph("docker", False)
    for change in next(case for case in DOCKER if case.rule in about_stacks and UP in case.at).changes:
        broken = change.applied(broken)
    running = _InThisProcess()
    for judged in (graph("docker", False), broken):
        for each in judged:
            running.analyze(each)
        monkeypatch.setattr(sdk, _PARSE, counted)
        parsed.clear()
        speaking = {told.policy for told in running.analyze_stack(judged)} | {"stack", pack.NOTES}
        assert len(parsed) == len(judged) * len(speaking)
        monkeypatch.undo()
    assert len(speaking) > 2, "a rule about stacks spoke"
