"""Where everything goes: a place for each process, a way for each link.

The roles are few and known, so their places are: outsiders left, then the edge, what it leads to, and what those lean
on; tasks stand above what they talk to. A process that nobody has thought of gets the next place that is free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..recorded import OUTSIDE, RecordedLink

ELSEWHERE = "elsewhere"
"""Where links to the outside end: the same outside, drawn on the other side."""
CARD_WIDTH, CARD_HEIGHT = 236.0, 124.0
_COLUMNS = (40.0, 262.0, 640.0, 1018.0)
_ROWS = (0.0, 196.0, 404.0, 612.0)
_OUTSIDE_WIDTH = 112.0
_PLACES = {
    "smoke_check": (1, 0),
    "bootstrap": (2, 0),
    "portus": (2, 1),
    "registry": (2, 2),
    "database": (3, 1),
    "background": (3, 2),
    "backup": (3, 0),
}
_MARGIN = 26.0
_DETOUR = 46.0
_CORNER = 14.0
WIDTH = _COLUMNS[-1] + CARD_WIDTH + 40

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A place: left upper corner, size, and the column and row it stands in; the edge stands in two rows."""

    x: float
    y: float
    width: float
    height: float
    column: int
    row: float

    def side(self, name: str, share: float) -> Point:
        """The point on a side, ``share`` of its length from its left or upper end."""
        if name in ("left", "right"):
            return (self.x + (self.width if name == "right" else 0), self.y + self.height * share)
        return (self.x + self.width * share, self.y + (self.height if name == "bottom" else 0))


@dataclass(frozen=True)
class Way:
    """The way of a link: SVG path commands, and where its label stands and how (SVG's ``text-anchor``)."""

    commands: str
    label: Point
    anchor: str


def boxes_of(processes: Sequence[str], leaves: bool, top: float) -> dict[str, Box]:
    """Places by process, :data:`OUTSIDE` and, where a link ``leaves``, :data:`ELSEWHERE`; ``top`` in px."""
    free = [(column, row) for row in range(len(_ROWS)) for column in (3, 2, 1)]
    places = {name: _PLACES[name] for name in processes if name in _PLACES}
    free = [place for place in free if place not in places.values() and place not in ((1, 1), (1, 2))]
    unknown = [name for name in processes if name not in places and name != "edge"]
    if leaves:
        unknown.insert(0, ELSEWHERE)
        free.sort(key=lambda place: (place != (3, 1), place != (3, 0)))
    places |= dict(zip(unknown, free, strict=False))
    boxes = {
        name: Box(_COLUMNS[column], top + _ROWS[row], CARD_WIDTH, CARD_HEIGHT, column, row)
        for name, (column, row) in places.items()
    }
    height = _ROWS[2] - _ROWS[1] + CARD_HEIGHT
    boxes["edge"] = Box(_COLUMNS[1], top + _ROWS[1], CARD_WIDTH, height, 1, 1.5)
    boxes[OUTSIDE] = Box(_COLUMNS[0], top + _ROWS[1] + height / 2 - 70, _OUTSIDE_WIDTH, 140, 0, 1.5)
    return boxes


def bottom_of(boxes: Mapping[str, Box]) -> float:
    """Beneath everything, detours too; px."""
    return max(box.y + box.height for box in boxes.values()) + _DETOUR


def ways_of(links: Sequence[RecordedLink], boxes: Mapping[str, Box]) -> list[Way]:
    """A way for each link. The ends on one side of a box are spread over it, in the order of where they lead."""
    ends = [_ends(link, boxes) for link in links]
    sides = [_sides(boxes[source], boxes[destination], boxes) for source, destination in ends]
    leaving: dict[tuple[str, str], list[tuple[float, int, int]]] = {}
    for index, ((source, destination), (first, second)) in enumerate(zip(ends, sides, strict=True)):
        leaving.setdefault((source, first), []).append((_rank(boxes[destination], first), index, 0))
        leaving.setdefault((destination, second), []).append((_rank(boxes[source], second), index, 1))
    points: dict[tuple[int, int], Point] = {}
    for (name, side), found in leaving.items():
        # A pair of boxes lists its links in the same order on both sides, so that they run side by side.
        for position, (_, index, end) in enumerate(sorted(found)):
            points[(index, end)] = boxes[name].side(side, (position + 1) / (len(found) + 1))
    floor = bottom_of(boxes) - _MARGIN
    return [_way(points[(index, 0)], points[(index, 1)], side, floor) for index, side in enumerate(sides)]


def _ends(link: RecordedLink, boxes: Mapping[str, Box]) -> tuple[str, str]:
    return link.source, ELSEWHERE if link.destination == OUTSIDE and ELSEWHERE in boxes else link.destination


def _rank(other: Box, side: str) -> float:
    """What orders the ends on one side: by where the other end is."""
    return other.row * 10 + other.column if side in ("left", "right") else other.column * 10 + other.row


def _sides(source: Box, destination: Box, boxes: Mapping[str, Box]) -> tuple[str, str]:
    if source.column == destination.column:
        return ("bottom", "top") if source.row < destination.row else ("top", "bottom")
    between = range(min(source.column, destination.column) + 1, max(source.column, destination.column))
    if any(box.column in between and box.row == source.row for box in boxes.values()):
        return ("bottom", "bottom")
    return ("right", "left") if source.column < destination.column else ("left", "right")


def _way(start: Point, end: Point, sides: tuple[str, str], floor: float) -> Way:
    (x, y), (to_x, to_y) = start, end
    if sides == ("bottom", "bottom"):
        turn = _CORNER if to_x > x else -_CORNER
        commands = (
            f"M{x:g},{y:g} L{x:g},{floor - _CORNER:g} Q{x:g},{floor:g} {x + turn:g},{floor:g} "
            f"L{to_x - turn:g},{floor:g} Q{to_x:g},{floor:g} {to_x:g},{floor - _CORNER:g} L{to_x:g},{to_y:g}"
        )
        return Way(commands, ((x + to_x) / 2, floor + 4), "middle")
    if sides[0] in ("top", "bottom"):
        middle = (y + to_y) / 2
        commands = f"M{x:g},{y:g} C{x:g},{middle:g} {to_x:g},{middle:g} {to_x:g},{to_y:g}"
        return Way(commands, ((x + to_x) / 2 + 7, middle + 4), "start")
    middle = (x + to_x) / 2
    commands = f"M{x:g},{y:g} C{middle:g},{y:g} {middle:g},{to_y:g} {to_x:g},{to_y:g}"
    return Way(commands, (middle, (y + to_y) / 2 + 4), "middle")
