"""Property values as rules see them: plain JSON, and UNKNOWN where a value is not there to be read.

A value is unknown while it is computed (previews), and where an exported state holds it encrypted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


class Unknown:
    """The type of UNKNOWN. It has no truth value and equals itself only, so a rule cannot use it by mistake."""

    def __repr__(self) -> str:
        """Its name."""
        return "UNKNOWN"

    def __bool__(self) -> bool:
        """Raises TypeError: an unknown value is neither true nor false."""
        raise TypeError("UNKNOWN is neither true nor false")


UNKNOWN = Unknown()

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"] | Unknown


@dataclass(frozen=True)
class Bad:
    """A rule is broken at ``path``; ``detail`` says how, never with a value."""

    path: str
    detail: str = ""


@dataclass(frozen=True)
class Unseen:
    """What stands at ``path`` could not be evaluated."""

    path: str


Verdict = Bad | Unseen
Verdicts = Iterator[Verdict]


@dataclass(frozen=True)
class Node:
    """A value and the property path that leads to it. What is below an unknown value is unknown too."""

    value: Value
    path: str = ""

    @property
    def unknown(self) -> bool:
        """Whether the value cannot be read."""
        return isinstance(self.value, Unknown)

    @property
    def missing(self) -> bool:
        """Whether there is none."""
        return self.value is None

    @property
    def text(self) -> str:
        """The value if it is text, else ""."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def number(self) -> float | None:
        """The value if it is a number (also one in text), else None."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | str):
            return None
        try:
            return float(self.value)
        except ValueError:
            return None

    def at(self, *keys: str) -> Node:
        """The value below, which may be missing."""
        node = self
        for key in keys:
            path = f"{node.path}.{key}" if node.path else key
            if node.unknown:
                node = Node(UNKNOWN, path)
            else:
                node = Node(node.value.get(key) if isinstance(node.value, dict) else None, path)
        return node

    def each(self) -> Iterator[Node]:
        """The elements of a list; of an unknown list one unknown element stands for all."""
        if self.unknown:
            yield Node(UNKNOWN, f"{self.path}[*]")
        elif isinstance(self.value, list):
            for index, element in enumerate(self.value):
                yield Node(element, f"{self.path}[{index}]")

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Key and value of each entry of a mapping; of an unknown one, "*" and an unknown value."""
        if self.unknown:
            yield "*", Node(UNKNOWN, f"{self.path}.*")
        elif isinstance(self.value, dict):
            for key in self.value:
                yield key, self.at(key)

    def texts(self) -> Iterator[Node]:
        """Every text below, and every unknown value."""
        if self.unknown or isinstance(self.value, str):
            yield self
        elif isinstance(self.value, list):
            for element in self.each():
                yield from element.texts()
        elif isinstance(self.value, dict):
            for _, element in self.entries():
                yield from element.texts()


def forbid(node: Node, bad: Callable[[Value], object], detail: str = "") -> Verdicts:
    """Broken where ``bad`` holds for the value; missing values are None."""
    if node.unknown:
        yield Unseen(node.path)
    elif bad(node.value):
        yield Bad(node.path, detail)


def demand(node: Node, good: Callable[[Value], object], detail: str = "") -> Verdicts:
    """Broken where ``good`` does not hold for the value; missing values are None."""
    yield from forbid(node, lambda value: not good(value), detail)


def demand_some(parent: Node, nodes: Iterator[Node], good: Callable[[Node], object], detail: str = "") -> Verdicts:
    """Broken at ``parent`` unless ``good`` holds for a node; not evaluated when only an unknown one could be it."""
    unseen = parent.unknown
    for node in nodes:
        if node.unknown:
            unseen = True
        elif good(node):
            return
    yield Unseen(parent.path) if unseen else Bad(parent.path, detail)


def is_true(value: Value) -> bool:
    """True, however it is spelled."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def given(value: Value) -> bool:
    """Whether something stands there: neither missing nor empty nor false."""
    return not isinstance(value, Unknown) and bool(value)


def written(node: Node) -> bool:
    """Whether something stands there, known or not."""
    return node.unknown or given(node.value)


def one_of(*values: Value) -> Callable[[Value], bool]:
    """A predicate: whether a value is one of these."""
    return lambda value: any(value == each and type(value) is type(each) for each in values)


def number_of(value: Value) -> float | None:
    """A number, however it is spelled."""
    return Node(value).number


def contains_unknown(value: Value) -> bool:
    """Whether a value or anything in it is unknown."""
    if isinstance(value, list):
        return any(contains_unknown(each) for each in value)
    if isinstance(value, dict):
        return any(contains_unknown(each) for each in value.values())
    return isinstance(value, Unknown)
