"""The links between the roles of a PortusStack, as its record in the stack tells them: docs/decisions/0025."""

from __future__ import annotations

from .resource import Stack

_RECORDS = {"portus:internal:Topology": "-topology", "portus:internal:Plan": "-plan"}
"""Type of the component's record of its topology → the end of its name; the second until version 0.1."""
_OUTSIDE = "outside"
_NAME_SERVICE = 53


def planned_ways_out(stack: Stack) -> dict[str, set[tuple[str, float | None]]]:
    """Name of a PortusStack → the (role, port) pairs that lead out of it; names are asked where something does."""
    found: dict[str, set[tuple[str, float | None]]] = {}
    for record in stack.of_type(*_RECORDS):
        ways: set[tuple[str, float | None]] = set()
        for link in record.at("links").each():
            if link.at("destination").text == _OUTSIDE:
                role = link.at("source").text
                ways |= {(role, link.at("port").number), (role, _NAME_SERVICE)}
        if not record.at("links").unknown:
            found[record.name.removesuffix(_RECORDS[record.type])] = ways
    return found
