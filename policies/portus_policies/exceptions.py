"""Dated, owned exceptions from rules: ``exceptions.yaml`` beside the pack.

They belong to the pack, not to a stack, so that whoever deploys cannot waive a rule for himself.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from .all_rules import RULES
from .findings import Finding
from .resource import Resource
from .roles import role_of
from .rules.portus_settings import environment
from .values import Node

NEVER = frozenset({"K01", "K02", "K28", "D01", "D20", "P07"})
"""Rules that nothing excuses: each is a way onto the host, or a published password."""
_REQUIRED = ("rules", "resources", "reason", "owner", "expires")
_KNOWN = frozenset((*_REQUIRED, "roles", "paths", "values", "variables", "inside", "profile"))
_LISTS = ("rules", "roles", "paths", "values", "variables")
_SHORTEST_REASON_WORDS = 5


@dataclass(frozen=True)
class Exemption:
    """Findings that are shown but stop nothing until the end of the day ``expires``.

    Attributes:
        rules: ids.
        resources: pattern for ``TYPES::NAME`` as in a URN; ``*`` and ``?`` stand for anything but what joins the two.
        inside: type of the component that the resource has to belong to, by its parents; "" for none.
        roles: PortusStack roles that it holds for, of members of a PortusStack only; empty for any resource.
        paths: property paths, each whole; ``[*]`` stands for any place in a list, ``**.`` for whatever is above.
            Empty for all.
        values: patterns of the value that stands there; empty for all. A value that cannot be read has none of them.
        variables: environment variables that the container is told, each of them: what tells old images from new ones.
        profile: the profile that it belongs to; "" for every.
    """

    rules: tuple[str, ...]
    resources: str
    reason: str
    owner: str
    expires: datetime.date
    inside: str = ""
    roles: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    profile: str = ""

    def covers(self, finding: Finding, profile: str) -> bool:
        """Whether it is about this finding; dates are not looked at."""
        if finding.rule.id not in self.rules or self.profile not in ("", profile) or finding.resource is None:
            return False
        if not self._is_about(finding.resource):
            return False
        if self.paths and not any(_is_path(pattern, finding.path) for pattern in self.paths):
            return False
        return not self.values or _has_value(finding.resource, finding.path, self.values)

    def _is_about(self, resource: Resource) -> bool:
        """Type and name are matched apart, for a name may hold what looks like types."""
        types, _, name = self.resources.partition("::")
        if not fnmatchcase(resource.qualified_type, types) or not fnmatchcase(resource.name, name or "*"):
            return False
        if self.inside and self.inside not in resource.qualified_type.split("$")[:-1]:
            return False
        if self.variables and not set(self.variables) <= set(environment(resource)):
            return False
        return not self.roles or (resource.inside_component and role_of(resource) in self.roles)


def _is_path(pattern: str, path: str) -> bool:
    """Whether a pattern is about this very path: ``a[*].b`` about ``a[0].b``, and about nothing above or below it."""
    anywhere = pattern.startswith("**.")
    known = re.escape(pattern.removeprefix("**.")).replace(re.escape("[*]"), r"\[\d+\]")
    return bool(re.fullmatch(rf"(?:.*\.)?{known}" if anywhere else known, path))


def _has_value(resource: Resource, path: str, patterns: Sequence[str]) -> bool:
    """Whether one of the patterns is that of the text at a path. A key with a dot in it is not found."""
    node = resource.root
    for key, place in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        if key:
            node = node.at(key)
        else:
            node = next((each for each in node.each() if each.path.endswith(f"[{place}]")), Node(None))
    return bool(node.text) and any(fnmatchcase(node.text, pattern) for pattern in patterns)


@dataclass(frozen=True)
class Exceptions:
    """All exemptions, and what is wrong with the file."""

    exemptions: tuple[Exemption, ...] = ()
    problems: tuple[str, ...] = ()

    def excuse(self, finding: Finding, profile: str, today: datetime.date) -> Exemption | None:
        """The exemption that holds for a finding today."""
        held = (each for each in self.exemptions if each.expires >= today and each.covers(finding, profile))
        return next(held, None)

    def problems_on(self, today: datetime.date) -> tuple[str, ...]:
        """What is wrong with the file on a day: entries that cannot be followed, and those whose time is over."""
        expired = (
            f"the exception from {', '.join(each.rules)} for {each.resources} of {each.owner} expired on {each.expires}"
            for each in self.exemptions
            if each.expires < today
        )
        return (*self.problems, *expired)


def read_exceptions(path: Path) -> Exceptions:
    """The exceptions of a file; a file that is missing has none, one that is wrong is a problem and excuses nothing."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Exceptions()
    except (OSError, ValueError, yaml.YAMLError) as error:
        return Exceptions(problems=(f"{path.name} cannot be read: {type(error).__name__}",))
    return parse_exceptions(document)


def parse_exceptions(document: object) -> Exceptions:
    """Exceptions from YAML data."""
    if document is None:
        return Exceptions()
    if not isinstance(document, list):
        return Exceptions(problems=("it must be a list",))
    exemptions: list[Exemption] = []
    problems: list[str] = []
    ids = {rule.id for rule in RULES.values()}
    for number, entry in enumerate(document, 1):
        found = _problems(entry, ids)
        problems += [f"entry {number}: {problem}" for problem in found]
        if not found:
            exemptions.append(_exemption(entry))
    return Exceptions(tuple(exemptions), tuple(problems))


def _problems(entry: object, ids: Iterable[str]) -> list[str]:
    if not isinstance(entry, dict):
        return ["it must be a mapping"]
    found = [f"{key} is missing" for key in _REQUIRED if not entry.get(key)]
    found += [f"{key} is no key of an exception" for key in entry if key not in _KNOWN]
    rules = _texts(entry.get("rules"))
    found += [f"there is no rule {each}" for each in rules if each not in ids]
    found += [f"{each} cannot be excused" for each in rules if each in NEVER]
    found += [f"{key} must be a list of texts" for key in _LISTS if key in entry and not _is_list(entry[key])]
    found += ["resources must be TYPES::NAME"] if not _names_both(entry.get("resources")) else []
    if not isinstance(entry.get("expires"), datetime.date):
        found.append("expires must be a date, such as 2030-01-31")
    if len(str(entry.get("reason", "")).split()) < _SHORTEST_REASON_WORDS:
        found.append("the reason is too short to be one")
    return found


def _exemption(entry: dict[str, object]) -> Exemption:
    expires = entry["expires"]
    assert isinstance(expires, datetime.date)
    return Exemption(
        rules=_texts(entry["rules"]),
        resources=str(entry["resources"]),
        reason=" ".join(str(entry["reason"]).split()),
        owner=str(entry["owner"]),
        expires=expires,
        inside=str(entry.get("inside") or ""),
        roles=_texts(entry.get("roles")),
        paths=_texts(entry.get("paths")),
        values=_texts(entry.get("values")),
        variables=_texts(entry.get("variables")),
        profile=str(entry.get("profile") or ""),
    )


def _names_both(resources: object) -> bool:
    return not resources or resources == "*" or "::" in str(resources)


def _is_list(value: object) -> bool:
    """What is no list of texts would be read as none, which excuses everything."""
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) and each for each in value)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, Sequence) and not isinstance(value, str) else ()
