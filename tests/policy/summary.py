"""What the tests of the pack tell at the end of a run, whether they pass or not."""

from collections.abc import Iterator

import pytest

TOLD = pytest.StashKey[list[str]]()
"""In the stash of pytest's configuration: the lines, which tests/conftest.py prints as a section of their own."""
CAUGHT = pytest.StashKey[dict[str, set[str]]]()
"""Beside them: rule → where a case of it was caught. A dash in the table: it cannot be known there, or no case."""
PLACES = ("preview", "up", "state")


def tell(config: pytest.Config, *lines: str) -> None:
    """Have lines printed at the end."""
    config.stash.setdefault(TOLD, []).extend(lines)


def caught(config: pytest.Config, rule: str, place: str) -> None:
    """Note that a case of a rule was caught at a place."""
    config.stash.setdefault(CAUGHT, {}).setdefault(rule, set()).add(place)


def packed(config: pytest.Config) -> tuple[list[str], dict[str, list[str]]]:
    """What was told in this process, in types that pytest-xdist can send."""
    found = config.stash.get(CAUGHT, {})
    return config.stash.get(TOLD, []), {rule: sorted(places) for rule, places in found.items()}


def unpack(config: pytest.Config, sent: tuple[list[str], dict[str, list[str]]]) -> None:
    """Add what was told in another process."""
    lines, found = sent
    tell(config, *lines)
    for rule, places in found.items():
        for place in places:
            caught(config, rule, place)


def told(config: pytest.Config) -> Iterator[str]:
    """The lines, and the table of rules."""
    yield from config.stash.get(TOLD, [])
    rules = config.stash.get(CAUGHT, {})
    if rules:
        yield f"| rule | {' | '.join(PLACES)} |"
        yield "|---|---|---|---|"
    for rule in sorted(rules):
        yield f"| {rule} | {' | '.join('yes' if place in rules[rule] else '-' for place in PLACES)} |"
