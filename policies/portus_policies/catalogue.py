"""The table of rules in the pack's README, made from the rules themselves."""

from __future__ import annotations

from pathlib import Path

from .all_rules import RULES
from .exceptions import NEVER
from .remedies import REMEDIES

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- catalogue: begin -->", "<!-- catalogue: end -->"
ELSEWHERE = {
    "P08 Portus' image holds no keys": "what is in an image no policy sees; D30 evaluates build arguments, "
    "tests/engine/docker/test_secrets.py looks into the images' history",
    "S04 arguments of the component are sane": "a component tells the engine no inputs; its settings refuse at preview "
    "(tests/unit/portus/test_rules.py, tests/engine/docker/test_bad_stack_files.py)",
    "D29 the image behind an id": "whether an image is what its digest says only the engine knows; `up` reports it",
    "K50 policies are enforced": "a network plugin that ignores them cannot be seen; "
    "tests/engine/kubernetes proves it on a cluster",
    "CIS Docker 5.7, 5.21, 5.23, 5.24, 5.28, 5.29": "no input of the provider expresses them; "
    "tests/engine/docker/test_judges.py looks at what runs",
}
"""What cannot be evaluated from what a policy sees, and who evaluates it."""


def table() -> str:
    """The rules, then what is evaluated elsewhere, in Markdown."""
    lines = ["| id | rule | demands | level | severity | source |", "|---|---|---|---|---|---|"]
    for rule in RULES.values():
        level = rule.level.value + (", can be repaired" if rule.name in REMEDIES else "")
        level += ", never excused" if rule.id in NEVER else ""
        lines.append(f"| {rule.id} | `{rule.name}` | {rule.title} | {level} | {rule.severity.value} | {rule.source} |")
    lines += ["", "| not evaluated here | why, and who does |", "|---|---|"]
    lines += [f"| {what} | {why} |" for what, why in ELSEWHERE.items()]
    return "\n".join(lines)


def written() -> str:
    """The table as the README has it."""
    text = README.read_text(encoding="utf-8")
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def rewrite() -> None:
    """Put the table into the README."""
    text = README.read_text(encoding="utf-8")
    head, rest = text.partition(BEGIN)[0], text.partition(END)[2]
    README.write_text(f"{head}{BEGIN}\n{table()}\n{END}{rest}", encoding="utf-8")
