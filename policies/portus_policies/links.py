"""The links between roles that a PortusStack was planned with, as its record in the stack tells them."""

from __future__ import annotations

from .resource import Stack

PLAN = "portus:internal:Plan"
"""The component's record of its plan: docs/decisions/0025."""
_SUFFIX = "-plan"
_OUTSIDE = "outside"
_NAME_SERVICE = 53


def planned_ways_out(stack: Stack) -> dict[str, set[tuple[str, float | None]]]:
    """Name of a PortusStack → the (role, port) pairs that lead out of it; names are asked where something does."""
    found: dict[str, set[tuple[str, float | None]]] = {}
    for plan in stack.of_type(PLAN):
        ways: set[tuple[str, float | None]] = set()
        for link in plan.at("links").each():
            if link.at("destination").text == _OUTSIDE:
                role = link.at("source").text
                ways |= {(role, link.at("port").number), (role, _NAME_SERVICE)}
        if not plan.at("links").unknown:
            found[plan.name.removesuffix(_SUFFIX)] = ways
    return found
