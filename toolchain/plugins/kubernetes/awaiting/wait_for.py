"""The annotation `pulumi.com/waitFor`: the program says when an object is ready.

Source: `metadata/overrides.go` and `await/condition` of pulumi-kubernetes: `condition=TYPE[=STATUS]`,
`jsonpath={PATH}[=VALUE]`, or a JSON list of these. Of JSONPath (RFC 9535) names, indexes and `*` are covered.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from toolchain.plugins.framework import Properties, ProviderError, Value
from toolchain.plugins.kubernetes.awaiting.awaiter import CONDITION, Awaiter, Wait
from toolchain.plugins.kubernetes.objects import at, conditions, number, text

WAIT_FOR: Final = "pulumi.com/waitFor"

_STEP: Final = re.compile(r"\.([A-Za-z_][\w-]*)|\.(\*)|\[(\d+|\*)\]|\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
_JSON_PATH: Final = re.compile(r"\{(\$?(?P<path>[^{}]*))\}(?:=(?P<value>.*))?", re.DOTALL)


@dataclass(frozen=True)
class _Condition:
    expression: str
    type: str
    status: str

    def holds(self, obj: Properties, wait: Wait) -> bool:
        found = conditions(obj)
        if not found:
            wait.progress("Has no .status.conditions")
            return False
        for name, condition in found.items():
            if name.lower() == self.type.lower():
                status = text(condition, "status")
                wait.progress(f"Resource has condition {name}={status} (want {self.status})")
                observed = number(condition, "observedGeneration") or number(obj, "status", "observedGeneration")
                return status.lower() == self.status.lower() and not _is_old(obj, observed)
        wait.progress(f"Waiting for {self.expression}")
        return False


@dataclass(frozen=True)
class _JsonPath:
    expression: str
    steps: tuple[str | int, ...]
    value: str | None

    def holds(self, obj: Properties, wait: Wait) -> bool:
        found = list(_matches(obj, self.steps))
        if _is_old(obj, number(obj, "status", "observedGeneration")):
            return False
        if not found:
            wait.progress(f"Waiting for {self.expression}")
            return False
        if self.value is None:
            wait.progress(f"Found {self.expression}")
            return True
        if isinstance(found[0], dict | list):
            raise ProviderError(f"{self.expression} has a non-primitive value")
        shown = _shown(found[0])
        done = shown == self.value
        wait.progress(f"Found {self.expression}" if done else f'Waiting for {self.expression} (found "{shown}")')
        return done


class WaitForAwaiter(Awaiter):
    """All expressions of the annotation hold."""

    timed_out = CONDITION

    def __init__(self, wait: Wait, annotation: str) -> None:
        super().__init__(wait)
        self._conditions = parse(annotation)

    def ready(self) -> bool:
        obj = self.wait.current()
        return all([condition.holds(obj, self.wait) for condition in self._conditions])


def parse(annotation: str) -> list[_Condition | _JsonPath]:
    """The expressions of an annotation. Raises `ProviderError`."""
    try:
        listed = json.loads(annotation) if annotation.startswith("[") else [annotation]
    except ValueError as error:
        raise ProviderError(f"{WAIT_FOR} is no JSON array: {annotation}") from error
    return [_expression(str(item)) for item in listed]


def _expression(expression: str) -> _Condition | _JsonPath:
    if expression.startswith("condition="):
        name, _, status = expression.removeprefix("condition=").partition("=")
        return _Condition(expression, name, status or "True")
    if not expression.startswith("jsonpath="):
        raise ProviderError(f'expected a "jsonpath=" or "condition=" prefix, got "{expression}"')
    match = _JSON_PATH.fullmatch(expression.removeprefix("jsonpath="))
    if match is None or (match["value"] or "").startswith("{"):
        raise ProviderError(f'expected jsonpath={{PATH}} or jsonpath={{PATH}}=VALUE, got "{expression}"')
    steps: list[str | int] = []
    path, end = match["path"], 0
    for step in _STEP.finditer(path):
        if step.start() != end:
            break
        end = step.end()
        name, star, index, single, double = step.groups()
        steps.append(int(index) if index and index.isdigit() else name or star or index or single or double or "")
    if end != len(path):
        raise ProviderError(f'names, indexes and * are covered in a JSONPath, not "{path[end:]}" of "{expression}"')
    return _JsonPath(expression, tuple(steps), match["value"])


def _matches(value: Value, steps: tuple[str | int, ...]) -> Iterator[Value]:
    if not steps:
        yield value
        return
    step, *rest = steps
    if step == "*":
        below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for item in below:
            yield from _matches(item, tuple(rest))
    elif isinstance(step, int):
        if isinstance(value, list) and step < len(value):
            yield from _matches(value[step], tuple(rest))
    elif isinstance(value, dict) and step in value:
        yield from _matches(at(value, step), tuple(rest))


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value) if isinstance(value, bool | int | float) else ""


def _is_old(obj: Properties, observed: int) -> bool:
    return 0 < observed < number(obj, "metadata", "generation")
