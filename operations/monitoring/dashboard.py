"""The panels as a dashboard of Grafana, for its import.

Format: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/.
"""

import json
from collections.abc import Iterator, Sequence

from .table import Panel

SELECTED = 'stack=~"$stack", portus_stack=~"$portus_stack"'
"""What the reader chose in the two lists above the panels."""
_WIDTH = 24
_SIZES = {"stat": (3, 4), "timeseries": (12, 8), "table": (12, 8)}
"""Kind of panel → columns, of which a row has 24, and rows."""
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_SCHEMA_VERSION = 38
"""Of Grafana 10, which later ones migrate by themselves."""


def dashboard(panels: Sequence[Panel]) -> str:
    """The file, as JSON."""
    made = [_panel(number, each, place) for number, (each, place) in enumerate(_placed(panels), 1)]
    document = {
        "title": "PortusStack",
        "uid": "portus-stack",
        "tags": ["portus-stack"],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
                _choice("stack", "Stack", "label_values(portus_stack_well, stack)"),
                _choice(
                    "portus_stack", "PortusStack", 'label_values(portus_stack_well{stack=~"$stack"}, portus_stack)'
                ),
            ]
        },
        "panels": made,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def expression(panel: Panel) -> str:
    """The query of a panel."""
    return panel.expression.replace("SELECTED", SELECTED)


def _choice(name: str, label: str, query: str) -> dict[str, object]:
    return {
        "name": name,
        "type": "query",
        "label": label,
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,  # as often as the time range changes
        "multi": True,
        "includeAll": True,
        "current": {"text": "All", "value": "$__all"},
    }


def _placed(panels: Sequence[Panel]) -> Iterator[tuple[Panel, dict[str, int]]]:
    """From left to right; a panel that has no room in its row begins the next."""
    left = top = height = 0
    for panel in panels:
        width, rows = _SIZES[panel.kind]
        if left + width > _WIDTH:
            left, top, height = 0, top + height, 0
        yield panel, {"x": left, "y": top, "w": width, "h": rows}
        left, height = left + width, max(height, rows)


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, object]:
    table = panel.kind == "table"
    target = {"refId": "A", "datasource": _SOURCE, "expr": expression(panel), "legendFormat": panel.legend}
    asked: dict[str, object] = {"instant": True, "format": "table"} if table else {}
    return {
        "id": number,
        "title": panel.title,
        "type": panel.kind,
        "datasource": _SOURCE,
        "gridPos": place,
        "targets": [{**target, **asked}],
        "fieldConfig": {"defaults": {"unit": panel.unit, **_thresholds(panel)}, "overrides": []},
    }


def _thresholds(panel: Panel) -> dict[str, object]:
    """Green and red, where there is a value that is bad; Grafana takes the colour of the last step that is reached."""
    if panel.bad is None:
        return {}
    first, then = ("red", "green") if panel.falling else ("green", "red")
    steps = [{"color": first, "value": None}, {"color": then, "value": panel.bad}]
    return {"thresholds": {"mode": "absolute", "steps": steps}, "color": {"mode": "thresholds"}}
