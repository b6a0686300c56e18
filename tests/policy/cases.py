"""What breaks each rule: one change of a graph that breaks none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.policy.graphs import Mutation

PREVIEW, UP, STATE = "preview", "up", "state"
ALWAYS, KNOWN = (PREVIEW, UP, STATE), (UP, STATE)
"""Where a case has to be caught: everywhere, or only where values that a preview does not know are there."""


@dataclass(frozen=True)
class Case:
    """One change that breaks one rule.

    ``also`` are rules that the same change breaks for a reason.
    """

    rule: str
    base: str
    changes: tuple[Mutation, ...]
    also: frozenset[str] = frozenset()
    at: tuple[str, ...] = ALWAYS
    settings: Mapping[str, Any] = field(default_factory=dict)


def docker(rule: str, *changes: Mutation, also: str = "", at: tuple[str, ...] = ALWAYS, **settings: Any) -> Case:
    """A case on the recorded Docker target."""
    return Case(rule, "docker", changes, frozenset(also.split()), at, settings)


def kubernetes(rule: str, *changes: Mutation, also: str = "", at: tuple[str, ...] = ALWAYS, **settings: Any) -> Case:
    """A case on the Kubernetes objects."""
    return Case(rule, "kubernetes", changes, frozenset(also.split()), at, settings)
