"""What a clean result does not show by itself: exceptions, rules that are off, values that were not there to see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from .all_rules import RULES
from .exceptions import Exemption
from .findings import Blind, Finding

_MOST_NAMES = 6


def exemption_notes(excused: Iterable[tuple[Exemption, Finding]]) -> list[str]:
    """One note for each exemption that was used."""
    used: dict[Exemption, list[Finding]] = defaultdict(list)
    for exemption, finding in excused:
        used[exemption].append(finding)
    return [
        f"excused until {exemption.expires} by {exemption.owner}: {_rules(findings)} on {_names(findings)}. "
        f"{exemption.reason}"
        for exemption, findings in used.items()
    ]


def switched_off_note(asked: Collection[str]) -> str:
    """The rules that the configuration switched off, "" when it did not."""
    off = [f"{rule.id} {name}" for name, rule in RULES.items() if name not in asked]
    return f"switched off by the configuration: {', '.join(off)}" if off else ""


def blind_note(blind: Collection[Blind]) -> str:
    """What could not be seen, "" when everything could."""
    if not blind:
        return ""
    places: dict[str, set[str]] = defaultdict(set)
    for each in blind:
        top = each.path.partition("[")[0]
        places[f"{each.resource.name}: {top}" if each.resource else top].add(each.rule.id)
    lines = [f"  {place}: {', '.join(sorted(rules))}" for place, rules in sorted(places.items())]
    return f"not to be seen yet, evaluated when the values are known ({len(places)} properties):\n" + "\n".join(lines)


def _rules(findings: Iterable[Finding]) -> str:
    return ", ".join(dict.fromkeys(f"{each.rule.id} {each.rule.name}" for each in findings))


def _names(findings: Iterable[Finding]) -> str:
    names = list(dict.fromkeys(each.resource.name if each.resource else "the stack" for each in findings))
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
