"""What counts as missed, and what the table and the plot show."""

from xml.etree import ElementTree

import pytest

from benchmarks.measure import Row, pairs, table
from benchmarks.plot import plot

ROWS = [
    Row("fast enough", (1.0, 1.1, 1.2), 2.0),
    Row("within the spread", (1.9, 2.1, 2.4), 2.0),
    Row("too slow", (2.9, 3.0, 3.1), 2.0),
    Row("speed", (0.95, 0.97, 0.99), 0.9, at_least=True),
    Row("too little speed", (0.5, 0.51, 0.52), 0.9, at_least=True),
]


@pytest.mark.parametrize(
    ("row", "met", "missed"),
    list(zip(ROWS, (True, False, False, True, False), (False, False, True, False, True), strict=True)),
    ids=lambda value: value.name if isinstance(value, Row) else str(value),
)
def test_a_bar_is_missed_by_more_than_the_spread(row: Row, met: bool, missed: bool) -> None:
    assert (row.met, row.missed) == (met, missed)


def test_table_tells_medians_spreads_and_verdicts() -> None:
    lines = table(ROWS).splitlines()
    assert "| 2.10 " in lines[3] and "| 1.90 to 2.40 |" in lines[3] and lines[3].endswith("| within the spread |")
    assert lines[2].endswith("| yes |") and lines[4].endswith("| NO |") and "≥ 0.9" in lines[5]


def test_plot_shows_every_row_and_marks_what_was_missed() -> None:
    found = ElementTree.fromstring(plot(ROWS))
    shown = [each.text for each in found.iter("{http://www.w3.org/2000/svg}text")]
    assert {row.name for row in ROWS} <= set(shown)
    colours = [each.get("fill") for each in found.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(colours) == len(ROWS) and colours[2] == colours[4] != colours[0] == colours[3]


def test_pairs_are_taken_in_turn() -> None:
    order: list[str] = []
    ratios = pairs(lambda: order.append("ours"), lambda: order.append("peer"), 3)
    assert order == ["ours", "peer"] * 3 and len(ratios) == 3
