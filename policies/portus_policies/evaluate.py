"""Runs rules over a resource or a stack. A rule that breaks is a finding of its own: nothing goes silently green."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from . import all_rules
from .findings import Blind, Finding
from .resource import Resource, Stack
from .rule import Rule
from .values import Unseen, Verdict

_RULES_OF_TYPE: dict[str, tuple[Rule, ...]] = {}


@dataclass
class Evaluation:
    """What was found and what could not be seen."""

    findings: list[Finding] = field(default_factory=list)
    blind: list[Blind] = field(default_factory=list)

    def take(self, rule: Rule, resource: Resource | None, verdict: Verdict) -> None:
        """Add one verdict."""
        if isinstance(verdict, Unseen):
            self.blind.append(Blind(rule, resource, verdict.path))
        else:
            self.findings.append(Finding(rule, resource, verdict.path, verdict.detail))


def rules_of_type(resource_type: str) -> tuple[Rule, ...]:
    """The rules that look at resources of a type."""
    if resource_type not in _RULES_OF_TYPE:
        _RULES_OF_TYPE[resource_type] = tuple(
            each for each in all_rules.RULES.values() if each.applies_to(resource_type)
        )
    return _RULES_OF_TYPE[resource_type]


def evaluate_resource(resource: Resource, rules: Iterable[Rule] | None = None) -> Evaluation:
    """Run every rule that looks at resources of this type."""
    evaluation = Evaluation()
    for rule in rules_of_type(resource.type) if rules is None else rules:
        if rule.about_resource is None:
            continue
        try:
            for verdict in rule.about_resource(resource):
                evaluation.take(rule, resource, verdict)
        except Exception as error:
            evaluation.findings.append(_crash(rule, resource, error))
    return evaluation


def evaluate_stack(stack: Stack, rules: Iterable[Rule] | None = None) -> Evaluation:
    """Run every rule about whole stacks."""
    evaluation = Evaluation()
    for rule in stack_rules() if rules is None else rules:
        if rule.about_stack is None:
            continue
        try:
            for about in rule.about_stack(stack):
                evaluation.take(rule, about.resource, about.verdict)
        except Exception as error:
            evaluation.findings.append(_crash(rule, None, error))
    return evaluation


def stack_rules() -> Iterator[Rule]:
    """The rules about whole stacks."""
    return (rule for rule in all_rules.RULES.values() if rule.about_stack is not None)


def _crash(rule: Rule, resource: Resource | None, error: Exception) -> Finding:
    """The rule did not evaluate, which is no clean bill. The error's text may hold a value: only its type is told."""
    return Finding(rule, resource, "", f"the rule itself failed ({type(error).__name__}); please report this")
