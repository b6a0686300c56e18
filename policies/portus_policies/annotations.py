"""Findings as a code host shows them beside a change: GitHub's workflow commands, GitLab's code quality report.

Sources: GitHub "Workflow commands for GitHub Actions"; GitLab "Code Quality", report format.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from .findings import Finding
from .report import Report, printable

PLACE = "Pulumi.yaml"
"""Where findings are shown: a finding is about a resource, which has no line."""
_GITHUB = {"mandatory": "error", "advisory": "warning"}
_GITLAB = {"low": "minor", "medium": "major", "high": "critical", "critical": "blocker"}


def fingerprint(finding: Finding) -> str:
    """The same for the same rule, resource and property, from run to run."""
    urn = finding.resource.urn if finding.resource else ""
    return hashlib.sha256("\0".join((finding.rule.id, urn, finding.path)).encode("utf-8", "replace")).hexdigest()


def one_line(finding: Finding) -> str:
    """Where, how, why, and what to write instead."""
    rule, detail = finding.rule, f": {finding.detail}" if finding.detail else ""
    return printable(f"{finding.subject}{detail}. {rule.reason}. Instead: {rule.fix}").replace("\n", " ")


def as_github(report: Report) -> str:
    """A line for each finding that a GitHub workflow turns into an annotation."""
    return "\n".join(_command(_GITHUB[level], each) for level, found in report.levels for each in found)


def _command(name: str, finding: Finding) -> str:
    title = _property(f"{finding.rule.id} {finding.rule.name}")
    return f"::{name} file={PLACE},title={title}::{_data(one_line(finding))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_gitlab(report: Report) -> str:
    """GitLab's code quality report, shown in a merge request."""
    return json.dumps(list(_issues(report)), indent=2)


def _issues(report: Report) -> Iterator[dict[str, object]]:
    for level, found in report.levels:
        for each in found:
            yield {
                "description": f"{each.rule.id}: {one_line(each)}",
                "check_name": each.rule.name,
                "fingerprint": fingerprint(each),
                "severity": _GITLAB[each.rule.severity.value] if level == "mandatory" else "info",
                "location": {"path": PLACE, "lines": {"begin": 1}},
            }
