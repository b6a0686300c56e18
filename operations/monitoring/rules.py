"""The alerts as a rule file of Prometheus.

Format: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/.
"""

from collections.abc import Sequence

import yaml

from .table import Alert

GROUP = "portus-stack"
_HEAD = "# Made by `portus-stack monitoring` from operations/monitoring/table.py. Do not edit.\n"
_WHICH = "PortusStack {{ $labels.portus_stack }} of the stack {{ $labels.stack }}"


def rules(alerts: Sequence[Alert]) -> str:
    """The file, as YAML."""
    group = {"name": GROUP, "rules": [rule(each) for each in alerts]}
    return _HEAD + yaml.safe_dump({"groups": [group]}, sort_keys=False, width=120, allow_unicode=True)


def rule(alert: Alert) -> dict[str, object]:
    """One alert as Prometheus reads it."""
    return {
        "alert": alert.full_name,
        "expr": alert.expression,
        "for": alert.lasts,
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": f"{_WHICH}: {alert.summary}",
            "description": f"Run `portus-stack {alert.command}`. {alert.remedy}",
            "runbook": f"docs/monitoring.md#{alert.full_name.lower()}",
        },
    }
