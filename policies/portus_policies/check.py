"""`python -m portus_policies check FILE`: the same rules over an exported state or a preview, without an engine."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .all_rules import RULES
from .catalogue import rewrite
from .evaluate import Evaluation, evaluate_resource, evaluate_stack
from .exceptions import Exceptions, Exemption, read_exceptions
from .findings import Blind, Finding
from .formats import FORMATS
from .reading import BadInput, kept, read_resources
from .report import Report
from .resource import Resource, Stack
from .rule import Level
from .settings import InvalidSettings, Settings

CLEAN, FOUND, BAD_INPUT = 0, 1, 2
EXCEPTIONS_FILE = Path(__file__).parent.parent / "exceptions.yaml"
_LEVELS = ("disabled", "advisory", "mandatory", "remediate")
_EPILOG = "Exit codes: 0 clean or advisory findings only, 1 mandatory findings, 2 the input cannot be evaluated."


@dataclass(frozen=True)
class Configuration:
    """A policy configuration file, as the engine's `--policy-pack-config` takes it."""

    settings: Settings = Settings()  # noqa: RUF009 - frozen
    levels: Mapping[str, str] = field(default_factory=dict)

    def level_of(self, name: str) -> str:
        """The level of a rule."""
        return self.levels.get(name) or self.levels.get("all") or RULES[name].level.value


def read_configuration(path: Path | None) -> Configuration:
    """Read a configuration. Raises BadInput."""
    if path is None:
        return Configuration()
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{path.name} is not JSON") from None
    if not isinstance(document, dict):
        raise BadInput(f"{path.name}: it must be a mapping")
    levels: dict[str, str] = {}
    settings: Mapping[str, object] = {}
    for name, value in document.items():
        if name == "settings" and isinstance(value, dict):
            settings = value
            continue
        level = value.get("enforcementLevel") if isinstance(value, dict) else value
        if name not in RULES and name not in ("all", "notes"):
            raise BadInput(f"{path.name}: there is no rule {name}")
        if level not in _LEVELS:
            raise BadInput(f"{path.name}: {name}: the level must be one of {', '.join(_LEVELS)}")
        levels[name] = level
    try:
        return Configuration(Settings.from_mapping(settings), levels)
    except InvalidSettings as error:
        raise BadInput(f"{path.name}: {error}") from None


def check(path: Path, configuration: Configuration, exceptions: Exceptions, today: datetime.date) -> Report:
    """Evaluate a file. Raises BadInput."""
    evaluation = Evaluation()
    stack: list[Resource] = []
    for resource in read_resources(path, configuration.settings):
        one = evaluate_resource(resource)
        small = kept(resource)
        evaluation.findings += [Finding(each.rule, small, each.path, each.detail) for each in one.findings]
        evaluation.blind += [Blind(each.rule, small, each.path) for each in one.blind]
        stack.append(small)
    if not stack:
        raise BadInput(f"{path.name} has no resources")
    whole = evaluate_stack(Stack(tuple(stack), configuration.settings, True, exceptions.problems_on(today)))
    evaluation.findings += whole.findings
    evaluation.blind += whole.blind
    return _report(evaluation, configuration, exceptions, today, len(stack))


def _report(
    evaluation: Evaluation, configuration: Configuration, exceptions: Exceptions, today: datetime.date, resources: int
) -> Report:
    report = Report(resources)
    report.switched_off = [rule for name, rule in RULES.items() if configuration.level_of(name) == "disabled"]
    report.blind = evaluation.blind
    for finding in evaluation.findings:
        level = configuration.level_of(finding.rule.name)
        if level == "disabled":
            continue
        exemption: Exemption | None = exceptions.excuse(finding, configuration.settings.profile, today)
        if exemption:
            report.excused.append((exemption, finding))
        elif level == Level.ADVISORY.value:
            report.advisory.append(finding)
        else:
            report.mandatory.append(finding)
    return report


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m portus_policies", description="The rules of the policy pack.")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser(
        "check",
        help="evaluate an exported state, a saved plan or a preview",
        description="Evaluate the file of `pulumi stack export`, `preview --save-plan` or `preview --json`.",
        epilog=_EPILOG,
    )
    one.add_argument("file", type=Path, metavar="FILE")
    one.add_argument("--config", type=Path, metavar="FILE", help="levels and settings: stacks/policy.<stack>.json")
    one.add_argument("--exceptions", type=Path, metavar="FILE", default=EXCEPTIONS_FILE, help="default: the pack's own")
    one.add_argument("--format", choices=sorted(FORMATS), default="text", help="default: text")
    commands.add_parser("catalogue", help="write the table of rules into the pack's README")
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    chosen = parser().parse_args(arguments)
    if chosen.command == "catalogue":
        rewrite()
        return CLEAN
    try:
        exceptions = read_exceptions(chosen.exceptions)
        report = check(chosen.file, read_configuration(chosen.config), exceptions, datetime.date.today())
    except BadInput as error:
        print(f"portus-policies: error: {error}", file=sys.stderr)
        return BAD_INPUT
    print(FORMATS[chosen.format](report))
    return FOUND if report.mandatory else CLEAN
