"""Everything that `check` found, before it is written in one of the formats."""

from __future__ import annotations

from dataclasses import dataclass, field

from .exceptions import Exemption
from .findings import Blind, Finding
from .rule import Rule


@dataclass
class Report:
    """Everything that `check` found."""

    resources: int
    mandatory: list[Finding] = field(default_factory=list)
    advisory: list[Finding] = field(default_factory=list)
    excused: list[tuple[Exemption, Finding]] = field(default_factory=list)
    blind: list[Blind] = field(default_factory=list)
    switched_off: list[Rule] = field(default_factory=list)

    @property
    def levels(self) -> tuple[tuple[str, list[Finding]], ...]:
        """Findings by level, the worst first."""
        return ("mandatory", self.mandatory), ("advisory", self.advisory)


def printable(text: str) -> str:
    """Names come from the file: what would move the cursor, or cannot be written, is shown as its code."""
    return "".join(each if each.isprintable() or each == "\n" else f"\\u{ord(each):04x}" for each in text)
