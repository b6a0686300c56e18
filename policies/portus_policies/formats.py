"""How `check` tells what it found: for people, for programs, for code scanning, for test reports, for code hosts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from xml.sax.saxutils import quoteattr

from .all_rules import RULES
from .annotations import PLACE, as_github, as_gitlab, fingerprint
from .findings import Finding
from .notes import blind_note, exemption_notes
from .report import Report, printable
from .rule import Rule

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF_LEVELS = {"mandatory": "error", "advisory": "warning"}
_SARIF_SEVERITIES = {"low": "3.0", "medium": "5.0", "high": "8.0", "critical": "9.5"}
"""Of a rule, on the scale of CVSS, as GitHub's code scanning groups them."""


def as_text(report: Report) -> str:
    """For people."""
    lines: list[str] = []
    for level, findings in report.levels:
        for finding in findings:
            rule = finding.rule
            lines += [
                f"[{level}] {rule.id} {rule.name} ({rule.severity.value}): {printable(finding.subject)}"
                + (f": {printable(finding.detail)}" if finding.detail else ""),
                f"    {rule.title}: {rule.reason}",
                f"    Instead: {rule.fix} ({rule.source})",
            ]
    lines += [f"[excused] {printable(note)}" for note in exemption_notes(report.excused)]
    if report.switched_off:
        names = ", ".join(f"{rule.id} {rule.name}" for rule in report.switched_off)
        lines.append(f"[switched off] by the configuration: {names}")
    if report.blind:
        lines.append(f"[unseen] {printable(blind_note(report.blind))}")
    rules = len(RULES) - len(report.switched_off)
    lines.append(
        f"{report.resources} resources, {rules} rules: {len(report.mandatory)} mandatory, "
        f"{len(report.advisory)} advisory, {len(report.excused)} excused"
    )
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """For programs."""
    findings = [{**_described(finding), "level": level} for level, found in report.levels for finding in found] + [
        {**_described(finding), "level": "excused", "until": exemption.expires.isoformat(), "owner": exemption.owner}
        for exemption, finding in report.excused
    ]
    unseen = [
        {"rule": each.rule.id, "urn": each.resource.urn if each.resource else "", "path": each.path}
        for each in report.blind
    ]
    off = [rule.name for rule in report.switched_off]
    return json.dumps(
        {"resources": report.resources, "findings": findings, "unseen": unseen, "switchedOff": off}, indent=2
    )


def _described(finding: Finding) -> dict[str, object]:
    rule = finding.rule
    return {
        "rule": rule.id,
        "name": rule.name,
        "severity": rule.severity.value,
        "urn": finding.resource.urn if finding.resource else "",
        "path": finding.path,
        "detail": finding.detail,
        "reason": rule.reason,
        "fix": rule.fix,
    }


def as_sarif(report: Report) -> str:
    """SARIF 2.1.0, for code scanning. What an exception excuses is there too, suppressed."""
    results = [_sarif_result(finding, _SARIF_LEVELS[level]) for level, found in report.levels for finding in found]
    results += [
        {
            **_sarif_result(finding, "note"),
            "suppressions": [
                {
                    "kind": "external",
                    "justification": f"{exemption.reason} (until {exemption.expires}, {exemption.owner})",
                }
            ],
        }
        for exemption, finding in report.excused
    ]
    found = [*report.mandatory, *report.advisory, *(finding for _, finding in report.excused)]
    rules = [_sarif_rule(rule) for rule in {finding.rule.id: finding.rule for finding in found}.values()]
    tool = {"driver": {"name": "portus-policies", "rules": rules}}
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": tool, "results": results}]}, indent=2)


def _sarif_rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.reason},
        "help": {"text": f"Instead: {rule.fix} ({rule.source})"},
        "properties": {"tags": ["security"], "security-severity": _SARIF_SEVERITIES[rule.severity.value]},
    }


def _sarif_result(finding: Finding, level: str) -> dict[str, object]:
    place = {"artifactLocation": {"uri": PLACE}, "region": {"startLine": 1}}
    name = finding.resource.urn if finding.resource else "stack"
    return {
        "ruleId": finding.rule.id,
        "level": level,
        "message": {"text": f"{finding.subject}. {finding.rule.reason}. Instead: {finding.rule.fix}"},
        "locations": [{"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": name}]}],
        "partialFingerprints": {"finding/v1": fingerprint(finding)},
    }


def as_junit(report: Report) -> str:
    """JUnit XML: a case for each rule, failed by its mandatory findings."""
    failures = len({finding.rule.id for finding in report.mandatory})
    lines = [f'<testsuite name="portus-policies" tests="{len(RULES)}" failures="{failures}">']
    for rule in RULES.values():
        found = [finding for finding in report.mandatory if finding.rule is rule]
        lines.append(f"  <testcase classname={quoteattr(rule.room)} name={quoteattr(f'{rule.id} {rule.name}')}>")
        if rule in report.switched_off:
            lines.append('    <skipped message="switched off by the configuration"/>')
        if found:
            lines.append(f"    <failure message={quoteattr(rule.title)}>{_escaped(found)}</failure>")
        lines.append("  </testcase>")
    return "\n".join([*lines, "</testsuite>"])


def _escaped(findings: Iterable[Finding]) -> str:
    text = "\n".join(printable(finding.message) for finding in findings)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "junit": as_junit,
    "github": as_github,
    "gitlab": as_gitlab,
}
"""Name of a format → what writes it."""
