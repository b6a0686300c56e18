"""What rules found: findings that never hold a value, and what they could not see."""

from __future__ import annotations

from dataclasses import dataclass

from .resource import Resource
from .rule import Rule


@dataclass(frozen=True)
class Finding:
    """A rule that is broken.

    ``resource`` is None when the stack as a whole is meant; ``path`` is the property, "" for the resource itself.
    """

    rule: Rule
    resource: Resource | None
    path: str
    detail: str = ""

    @property
    def subject(self) -> str:
        """The resource's name and the property."""
        name = self.resource.name if self.resource else "the stack"
        return f"{name}: {self.path}" if self.path else name

    @property
    def message(self) -> str:
        """Where, how, and what to write instead."""
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.subject}{detail}\nInstead: {self.rule.fix} ({self.rule.id}; {self.rule.source})"


@dataclass(frozen=True)
class Blind:
    """A rule could not see what stands at ``path``."""

    rule: Rule
    resource: Resource | None
    path: str
