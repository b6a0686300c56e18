"""The rules as policies of the engine.

The SDK hands each policy a freshly parsed copy of every resource, which with some 170 policies would take longer than
the preview itself. So the first policy evaluates the resource by all rules at once, and every other one is asked
(`has_validation`, `StackPolicy.__class__`) whether it has anything to say before the SDK parses for it: see
docs/decisions/0020.
"""

from __future__ import annotations

import datetime
import threading
from pathlib import Path
from typing import TypedDict

import pulumi
import pulumi_policy as sdk
from pulumi_policy.deserialize import serialize_properties

from .all_rules import RULES
from .engine_view import resource_of, stack_resource
from .evaluate import evaluate_resource, evaluate_stack, stack_rules
from .exceptions import Exemption, read_exceptions
from .findings import Blind, Finding
from .notes import blind_note, exemption_notes, switched_off_note
from .remedies import REMEDIES, Properties
from .resource import Resource, Stack
from .rule import Rule
from .settings import SCHEMA, InvalidSettings, Settings

EXCEPTIONS_FILE = Path(__file__).parent.parent / "exceptions.yaml"
SETTINGS, NOTES = "settings", "notes"
_LEVELS = {"mandatory": sdk.EnforcementLevel.MANDATORY, "advisory": sdk.EnforcementLevel.ADVISORY}


class Run:
    """What is remembered from one call of the engine to the next. The SDK answers on several threads."""

    def __init__(self, today: datetime.date) -> None:
        self._lock = threading.Lock()
        self._current = threading.local()
        self._today = today
        self.exceptions = read_exceptions(EXCEPTIONS_FILE)
        self.settings = Settings()
        self.resources: dict[str, Resource] = {}
        self.asked: set[str] = set()
        self.blind: list[Blind] = []
        self.excused: list[tuple[Exemption, Finding]] = []

    def evaluate(self, resource: Resource) -> None:
        """Evaluate a resource by every rule; what was found waits for the policies that report it."""
        evaluation = evaluate_resource(resource)
        with self._lock:
            self.resources[resource.urn] = resource
            self.blind += evaluation.blind
        self._current.findings, self._current.is_stack = self._sorted(evaluation.findings), False

    def evaluate_stack(self, stack: Stack) -> None:
        """Evaluate the stack by every rule about stacks."""
        evaluation = evaluate_stack(stack)
        with self._lock:
            self.blind += evaluation.blind
        self._current.findings, self._current.is_stack = self._sorted(evaluation.findings), True

    def is_silent(self, rule: Rule) -> bool:
        """Whether this thread is evaluating the stack, and the rule found nothing in it."""
        return getattr(self._current, "is_stack", False) and not self.findings(rule)

    def findings(self, rule: Rule) -> list[Finding]:
        """What a rule found in what is evaluated at the moment, by this thread."""
        with self._lock:
            self.asked.add(rule.name)
        found: dict[str, list[Finding]] = getattr(self._current, "findings", {})
        return found.get(rule.name, [])

    def _sorted(self, findings: list[Finding]) -> dict[str, list[Finding]]:
        held: dict[str, list[Finding]] = {}
        for finding in findings:
            exemption = self.exceptions.excuse(finding, self.settings.profile, self._today)
            if exemption:
                with self._lock:
                    self.excused.append((exemption, finding))
            else:
                held.setdefault(finding.rule.name, []).append(finding)
        return held

    def exception_problems(self) -> tuple[str, ...]:
        """What is wrong with the file of exceptions today."""
        return self.exceptions.problems_on(self._today)


class SettingsPolicy(sdk.ResourceValidationPolicy):
    """Comes first: takes the settings and evaluates the resource. It reports settings that it cannot follow."""

    def __init__(self, run: Run) -> None:
        super().__init__(
            SETTINGS,
            "the settings of the policy pack",
            enforcement_level=sdk.EnforcementLevel.MANDATORY,
            config_schema=sdk.PolicyConfigSchema(properties=SCHEMA),
        )
        self._run = run

    def validate(self, args: sdk.ResourceValidationArgs, report_violation: sdk.ReportViolation) -> None:
        """Evaluate one resource."""
        try:
            self._run.settings = Settings.from_mapping(args.get_config())
        except InvalidSettings as error:
            report_violation(str(error), None)
        self._run.evaluate(resource_of(args, self._run.settings))


class ResourcePolicy(sdk.ResourceValidationPolicy):
    """One rule about single resources."""

    def __init__(self, run: Run, rule: Rule) -> None:
        super().__init__(**_described(rule))
        self._run, self._rule = run, rule

    def has_validation(self) -> bool:
        """Whether the rule found something in the resource that is evaluated at the moment."""
        return bool(self._run.findings(self._rule))

    def validate(self, args: sdk.ResourceValidationArgs, report_violation: sdk.ReportViolation) -> None:
        """Report what was found."""
        for finding in self._run.findings(self._rule):
            report_violation(finding.message, args.urn)

    def has_remediation(self) -> bool:
        """Whether the rule can also repair what it finds (where its level is `remediate`)."""
        return self._rule.name in REMEDIES

    def remediate(self, args: sdk.ResourceValidationArgs) -> Properties | None:  # type: ignore[override]
        """The repaired inputs, None when there is nothing to repair. The SDK takes them as they are, or awaits them."""
        if not self._rule.applies_to(args.resource_type):
            return None
        return REMEDIES[self._rule.name](args.resource_type, serialize_properties(args.props))


class StackCollector(sdk.StackValidationPolicy):
    """Comes before the other policies about stacks: it evaluates the stack for all of them."""

    def __init__(self, run: Run) -> None:
        super().__init__("stack", "the stack as a whole", enforcement_level=sdk.EnforcementLevel.ADVISORY)
        self._run = run

    def validate(self, args: sdk.StackValidationArgs, report_violation: sdk.ReportViolation) -> None:
        """Evaluate the stack by what its programs asked for; the engine's own view is used for what leads where."""
        run = self._run
        resources = tuple(stack_resource(each, run.resources.get(each.urn), run.settings) for each in args.resources)
        run.evaluate_stack(Stack(resources, run.settings, pulumi.runtime.is_dry_run(), run.exception_problems()))


class StackPolicy(sdk.Policy):
    """One rule about a whole stack.

    The SDK has no `has_validation` for these. It parses all resources for whatever `isinstance` calls a stack policy,
    after it has left out those that are switched off: so one that has nothing to say is none at that moment.
    """

    def __init__(self, run: Run, rule: Rule) -> None:
        super().__init__(**_described(rule))
        self._run, self._rule = run, rule

    @property  # type: ignore[misc] # typeshed has a setter too
    def __class__(self) -> type[sdk.Policy]:  # type: ignore[override]
        """What `isinstance` takes it for."""
        return sdk.Policy if self._run.is_silent(self._rule) else sdk.StackValidationPolicy

    def validate(self, args: sdk.StackValidationArgs, report_violation: sdk.ReportViolation) -> None:
        """Report what was found."""
        for finding in self._run.findings(self._rule):
            report_violation(finding.message, finding.resource.urn if finding.resource else None)


class NotesPolicy(sdk.StackValidationPolicy):
    """Comes last: says what was excused, switched off, or not to be seen."""

    def __init__(self, run: Run) -> None:
        super().__init__(NOTES, "what the rules above do not show", enforcement_level=sdk.EnforcementLevel.ADVISORY)
        self._run = run

    def validate(self, args: sdk.StackValidationArgs, report_violation: sdk.ReportViolation) -> None:
        """Report the notes."""
        notes = [*exemption_notes(self._run.excused), switched_off_note(self._run.asked), blind_note(self._run.blind)]
        for note in notes:
            if note:
                report_violation(note, None)


def policies(today: datetime.date | None = None) -> list[sdk.Policy]:
    """Every policy, in the order in which the SDK must ask them."""
    run = Run(today or datetime.date.today())
    about_stacks = list(stack_rules())
    about_resources = [rule for rule in RULES.values() if rule.about_resource is not None]
    return [
        SettingsPolicy(run),
        *(ResourcePolicy(run, rule) for rule in about_resources),
        StackCollector(run),
        *(StackPolicy(run, rule) for rule in about_stacks),
        NotesPolicy(run),
    ]


def serve() -> None:
    """Serve the pack until the engine ends it."""
    sdk.PolicyPack("portus-stack", policies(), enforcement_level=sdk.EnforcementLevel.ADVISORY)


class _Description(TypedDict):
    name: str
    description: str
    enforcement_level: sdk.EnforcementLevel
    display_name: str
    severity: sdk.Severity
    remediation_steps: str
    tags: list[str]


def _described(rule: Rule) -> _Description:
    return {
        "name": rule.name,
        "description": f"{rule.title}: {rule.reason}",
        "enforcement_level": _LEVELS[rule.level.value],
        "display_name": f"{rule.id} {rule.title}",
        "severity": sdk.Severity[rule.severity.name],
        "remediation_steps": rule.fix,
        "tags": [rule.id, rule.room],
    }
