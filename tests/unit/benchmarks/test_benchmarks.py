"""What counts as missed, and what the table and the plot show."""

import subprocess
import sys
from xml.etree import ElementTree

import pytest

from benchmarks.measure import Row, pairs, table
from benchmarks.plot import plot
from benchmarks.processes import part_of, processor_seconds

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


BUSY = """
import os, time
child = os.fork()
while time.process_time() < 0.3:
    pass
if child:
    os.wait()
"""


def test_processor_time_of_a_process_and_of_what_it_started_is_told() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()", "pulumi.policy"], stdin=subprocess.PIPE) as another:
        used = processor_seconds(lambda: subprocess.run([sys.executable, "-c", BUSY], check=True))
        another.communicate(b"\n")
    assert list(used) == ["language host"]
    assert 0.5 < used["language host"] < 1.5


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("pulumi --non-interactive preview", "engine"),
        ("/opt/plugins/resource-docker-v5.2.0/pulumi-resource-docker 127.0.0.1:1", "plugin docker"),
        ("/opt/plugins/resource-tls-v5.3.0/pulumi-resource-tls 127.0.0.1:1", "plugin tls"),
        ("/venv/bin/python -u /bin/pulumi-language-python-exec --dry_run true .", "program"),
        ("/venv/bin/python -u -m pulumi.policy 127.0.0.1:1 /pack", "policy pack"),
        ("/venv/bin/python /bin/pulumi-language-python-exec 127.0.0.1:1", "language host"),
    ],
)
def test_a_command_line_tells_the_part(command: str, part: str) -> None:
    assert part_of(command.split()) == part
