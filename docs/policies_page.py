"""The catalogue in docs/policies.md, made from the rules: `PYTHONPATH=policies python -m docs.policies_page`."""

import re
from itertools import groupby
from pathlib import Path

from portus_policies.all_rules import RULES
from portus_policies.catalogue import ELSEWHERE
from portus_policies.exceptions import NEVER
from portus_policies.remedies import REMEDIES
from portus_policies.rule import Rule

PAGE = Path(__file__).parent / "policies.md"
BEGIN, END = "<!-- catalogue: begin -->", "<!-- catalogue: end -->"
_NAMES = {"tls": "TLS", "kubernetes": "Kubernetes", "docker": "Docker", "portus": "Portus"}


def catalogue() -> str:
    """Every rule with its reason and its remedy, by file of rules; then what is evaluated elsewhere."""
    lines: list[str] = []
    for room, rules in groupby(RULES.values(), key=lambda rule: rule.room):
        lines += [f"### {_title(room)}", "", "| rule | demands | because | instead |", "|---|---|---|---|"]
        lines += [*map(_row, rules), ""]
    lines += ["### Evaluated elsewhere", "", "| what | why, and who does |", "|---|---|"]
    lines += [f"| {_cell(what)} | {_cell(why)} |" for what, why in ELSEWHERE.items()]
    return "\n".join(lines)


def _title(room: str) -> str:
    words = room.split("_")
    return " ".join([_NAMES.get(words[0], words[0].capitalize()), *words[1:]])


def _row(rule: Rule) -> str:
    marks = [rule.severity.value, rule.level.value]
    marks += ["can be repaired"] if rule.name in REMEDIES else []
    marks += ["never excused"] if rule.id in NEVER else []
    name = f"{rule.id} `{rule.name}` ({', '.join(marks)})"
    return f"| {name} | {_cell(rule.title)} | {_cell(rule.reason)} | {_cell(rule.fix)} |"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def with_catalogue(text: str) -> str:
    """The page with the catalogue as the rules have it now."""
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{catalogue()}\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Write the catalogue into the page."""
    PAGE.write_text(with_catalogue(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
