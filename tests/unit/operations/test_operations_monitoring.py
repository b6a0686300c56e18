"""The table of alerts and panels, and the files that are made from it."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.__main__ import _parse, main
from operations.monitoring.command import texts
from operations.monitoring.dashboard import expression
from operations.monitoring.table import ALERTS, CRITICAL, PANELS, WARNING, Alert
from operations.status.metrics import METRICS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
EXPRESSIONS = [*(each.expression for each in ALERTS), *(expression(each) for each in PANELS)]


def test_the_committed_files_are_what_the_table_makes() -> None:
    for name, text in texts().items():
        committed = (ROOT / "operations" / "monitoring" / name).read_text(encoding="utf-8")
        assert committed == text, "make monitoring ARGS=operations/monitoring"


def test_every_metric_of_an_alert_or_panel_is_written() -> None:
    known = {each.full_name for each in METRICS}
    for each in EXPRESSIONS:
        used = set(re.findall(r"\bportus_stack_[a-z_]+", each.replace('portus_stack=~"$portus_stack"', "")))
        assert used and used <= known, each


def test_the_page_has_every_metric_with_its_words() -> None:
    for each in METRICS:
        labels = ", ".join(f"`{label}`" for label in each.labels)
        assert f"| `{each.full_name}` | {labels} | {each.help} |" in PAGE, each.name


@pytest.mark.parametrize("alert", ALERTS, ids=lambda each: each.name)
def test_an_alert_says_what_to_do(alert: Alert) -> None:
    (rule,) = (each for each in _rules() if each["alert"] == alert.full_name)
    assert rule["labels"]["severity"] in (CRITICAL, WARNING)
    command = re.match(r"Run `portus-stack (.*)`\. \w+", rule["annotations"]["description"])
    assert command
    named = command[1].replace("{{ $labels.stack }}", "prod").replace("{{ $labels.portus_stack }}", "hub")
    assert _parse(named.split()).stack == "prod", "or it ends with 2"
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert page == "docs/monitoring.md" and anchor in {
        heading.lower() for heading in re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)
    }


def test_every_runbook_has_an_alert() -> None:
    assert re.findall(r"^### (PortusStack\w+)$", PAGE, re.MULTILINE) == [each.full_name for each in ALERTS]


def test_both_files_are_written_without_any_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    assert main(["monitoring", "out"]) == 0
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == texts()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitoring", str(tmp_path / "none")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_panels_lie_beside_one_another_and_ask_what_was_chosen() -> None:
    panels = json.loads(texts()["dashboard.json"])["panels"]
    assert [each["id"] for each in panels] == list(range(1, len(PANELS) + 1))
    for first, second in combinations([each["gridPos"] for each in panels], 2):
        beside = first["x"] + first["w"] <= second["x"] or second["x"] + second["w"] <= first["x"]
        assert beside or first["y"] + first["h"] <= second["y"] or second["y"] + second["h"] <= first["y"]
    for each in panels:
        assert each["gridPos"]["x"] + each["gridPos"]["w"] <= 24
        assert 'stack=~"$stack", portus_stack=~"$portus_stack"' in each["targets"][0]["expr"]


def _rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(texts()["alerts.yaml"])["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found
