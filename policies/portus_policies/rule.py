"""A rule: a pure function and, beside it, its name, how bad it is, why it is there and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import Enum

from .resource import Resource, Stack
from .values import Verdict, Verdicts


class Level(Enum):
    """What a finding does: stop the change, or be shown."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


class Severity(Enum):
    """How bad a finding is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


MANDATORY, ADVISORY = Level.MANDATORY, Level.ADVISORY
LOW, MEDIUM, HIGH, CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL


@dataclass(frozen=True)
class About:
    """A stack rule's verdict and the resource that it is about; None for the stack itself."""

    resource: Resource | None
    verdict: Verdict


AboutResource = Callable[[Resource], Verdicts]
AboutStack = Callable[[Stack], Iterator[About]]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        id: its id in the catalogue (``K01``).
        name: its name in output and configuration (``k8s-no-privileged``).
        title: what it demands, a few words.
        reason: why it matters.
        fix: what to write instead.
        source: the standards that ask for it.
        room: the file that it stands in.
        types: the resource types that it looks at; empty for all. None for rules about a whole stack.
    """

    id: str
    name: str
    title: str
    level: Level
    severity: Severity
    reason: str
    fix: str
    source: str
    room: str
    types: frozenset[str] | None
    about_resource: AboutResource | None = None
    about_stack: AboutStack | None = None

    def applies_to(self, resource_type: str) -> bool:
        """Whether it looks at resources of this type."""
        return self.types is not None and (not self.types or resource_type in self.types)


RULES: dict[str, Rule] = {}
"""Every rule by its name, in the catalogue's order."""


def rule(  # noqa: PLR0913 - what a rule is called is not to be packed away
    identifier: str,
    name: str,
    title: str,
    level: Level,
    severity: Severity,
    *,
    reason: str,
    fix: str,
    source: str,
    types: Collection[str] = (),
) -> Callable[[AboutResource], AboutResource]:
    """Make a function a rule about single resources of the given types (all types when there are none)."""

    def register(evaluate: AboutResource) -> AboutResource:
        room = evaluate.__module__.rpartition(".")[2]
        _add(Rule(identifier, name, title, level, severity, reason, fix, source, room, frozenset(types), evaluate))
        return evaluate

    return register


def stack_rule(  # noqa: PLR0913 - as above
    identifier: str,
    name: str,
    title: str,
    level: Level,
    severity: Severity,
    *,
    reason: str,
    fix: str,
    source: str,
) -> Callable[[AboutStack], AboutStack]:
    """Make a function a rule about a whole stack."""

    def register(evaluate: AboutStack) -> AboutStack:
        room = evaluate.__module__.rpartition(".")[2]
        _add(Rule(identifier, name, title, level, severity, reason, fix, source, room, None, None, evaluate))
        return evaluate

    return register


def _add(new: Rule) -> None:
    if new.name in RULES or new.id in {each.id for each in RULES.values()}:
        raise ValueError(f"there is a rule {new.id} or {new.name} already")
    RULES[new.name] = new
