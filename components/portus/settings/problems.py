"""Collects everything that is wrong with the arguments, so that one preview shows it all."""

import re

from pulumi import InputPropertiesError, RunError
from pulumi.errors import InputPropertyErrorDetails


def camel_case(path: str) -> str:
    """``hosts[0].private_address`` → ``hosts[0].privateAddress``, the spelling of every language but Python."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), path)


class InvalidSettings(InputPropertiesError, RunError):
    """All problems of one PortusStack.

    The engine shows them by property to programs in any language, without a stack trace.
    """

    def __init__(self, name: str, problems: list[tuple[str, str]]) -> None:
        lines = "\n".join(f"  {path}: {reason}" for path, reason in problems)
        count = f"{len(problems)} invalid argument{'s' if len(problems) != 1 else ''}"
        details = [
            InputPropertyErrorDetails(property_path=camel_case(path), reason=reason) for path, reason in problems
        ]
        super().__init__(f"PortusStack {name!r} has {count}; nothing was created:\n{lines}", details)


class Problems:
    """A list of (path in Python spelling, what is wrong and what would be right)."""

    def __init__(self) -> None:
        self._problems: list[tuple[str, str]] = []

    def add(self, path: str, reason: str) -> None:
        """Note a problem. ``reason`` never holds a secret value."""
        self._problems.append((path, reason))

    def add_first(self, path: str, reason: str) -> None:
        """Note a problem unless one with ``path`` is known: what is wrong already needs no second complaint."""
        if all(known != path for known, _ in self._problems):
            self.add(path, reason)

    def concern(self, *paths: str) -> bool:
        """Whether one of ``paths``, or something below it, has a problem; rules that build on it cannot be judged."""
        return any(re.match(rf"{re.escape(path)}(\W|$)", known) for path in paths for known, _ in self._problems)

    def raise_if_any(self, name: str) -> None:
        """Raise InvalidSettings when a problem was noted."""
        if self._problems:
            raise InvalidSettings(name, self._problems)
