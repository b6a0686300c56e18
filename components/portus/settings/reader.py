"""Reads one group of arguments, field by field, and notes what is wrong instead of raising."""

import difflib
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import pulumi

from .problems import Problems
from .scalars import quotes_astray, quotes_missing

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SHOWN_LENGTH = 60
MAX_TEXT_LENGTH = 1024

_Known = TypeVar("_Known", bound=str)


def shown(value: object) -> str:
    """A short, printable form of a value that is not secret: no group or list, no password in an address."""
    if not isinstance(value, bool | int | float | str):
        return "a group" if isinstance(value, Mapping) else f"a {type(value).__name__}"
    text = re.sub(r"//[^/@]*@", "//…@", ascii(value))
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"


class Reader:
    """One mapping of arguments at ``path``. Call :meth:`finish` last: it names the keys that nobody asked for."""

    def __init__(self, values: object, path: str, problems: Problems) -> None:
        self.path = path
        self._problems = problems
        self._asked: set[str] = set()
        self._values: Mapping[str, object] = {}
        if isinstance(values, Mapping):
            self._values = {str(key): value for key, value in values.items()}
        elif values is not None:
            problems.add(path or "args", f"must be a group of arguments, not a {type(values).__name__}")

    def at(self, key: str) -> str:
        """The path of ``key``."""
        return f"{self.path}.{key}" if self.path else key

    def problem(self, key: str, reason: str) -> None:
        """Note that ``key`` is wrong."""
        self._problems.add_first(self.at(key), reason)

    def also(self, key: str, reason: str) -> None:
        """Note that ``key`` is wrong in one more way."""
        self._problems.add(self.at(key), reason)

    def sound(self, key: str) -> bool:
        """Whether nothing is known to be wrong with ``key``."""
        return not self._problems.concern(self.at(key))

    def known(self, key: str) -> str | None:
        """The text at ``key`` that was read before; None where it is an Output, or wrong."""
        value = self._values.get(key)
        return value if isinstance(value, str) and self.sound(key) else None

    def has(self, key: str) -> bool:
        """Whether ``key`` is given and not null."""
        return self._take(key) is not None

    def given(self, key: str) -> bool:
        """Whether ``key`` is given and not null; its value may be an Output."""
        self._asked.add(key)
        return self._values.get(key) is not None

    def _take(self, key: str) -> object:
        self._asked.add(key)
        value = self._values.get(key)
        if isinstance(value, pulumi.Output):
            self.problem(key, "must be a plain value, known before anything is deployed; an Output cannot be used here")
            return None
        return value

    def group(self, key: str) -> "Reader":
        """The nested group ``key``, empty when it is absent."""
        return Reader(self._take(key), self.at(key), self._problems)

    def mapping(self, key: str) -> Mapping[str, object]:
        """The nested group ``key`` as it is, for keys that are not known beforehand."""
        return Reader(self._take(key), self.at(key), self._problems)._values

    def words(self, key: str, key_form: tuple[str, str], value_form: tuple[str, str]) -> dict[str, str]:
        """A mapping of texts; each form is a pattern and what would be right, as in :meth:`text`.

        Values are not shown: environments hold what should not stand there.
        """
        found: dict[str, str] = {}
        for word, value in self.mapping(key).items():
            if _CONTROL.search(word) or not re.fullmatch(key_form[0], word):
                self.problem(key, f"must have keys that are each {key_form[1]}")
            elif not isinstance(value, str) or not _fits(value_form[0], value):
                self.problem(key, f"must have at {word} {value_form[1]}{_hint(value, value_form[0])}")
            else:
                found[word] = value
        return found

    def groups(self, key: str) -> list["Reader"]:
        """The list of groups ``key``."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list | tuple) or not value:
            self.problem(key, "must be a list with at least one entry")
            return []
        return [Reader(item, f"{self.at(key)}[{index}]", self._problems) for index, item in enumerate(value)]

    def text(self, key: str, default: str | None, pattern: str = ".+", right: str = "text") -> str:
        """A string that matches ``pattern`` as a whole; ``right`` says what would be right.

        ``default`` None makes it required.
        """
        value = self._take(key)
        if value is None:
            if default is None:
                self.problem(key, f"is required: {right}")
            return default or ""
        if not isinstance(value, str):
            self.problem(key, f"must be {right}, not {shown(value)}{_hint(value, pattern)}")
        elif len(value) > MAX_TEXT_LENGTH:
            self.problem(key, f"is {len(value)} characters long; at most {MAX_TEXT_LENGTH} are allowed")
        elif not _fits(pattern, value):
            self.problem(key, f"must be {right}, not {shown(value)}")
        else:
            return value
        return default or ""

    def texts(self, key: str, default: tuple[str, ...], pattern: str, right: str) -> tuple[str, ...]:
        """A list of strings that each match ``pattern``."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, list | tuple):
            self.problem(key, f"must be a list, each entry {right}")
            return default
        for index, item in enumerate(value):
            if not isinstance(item, str) or not _fits(pattern, item):
                hint = _hint(item, pattern)
                self._problems.add(f"{self.at(key)}[{index}]", f"must be {right}, not {shown(item)}{hint}")
        return tuple(str(item) for item in value)

    def choice(self, key: str, default: _Known, choices: tuple[_Known, ...]) -> _Known:
        """One of ``choices``."""
        value = self._take(key)
        if value is None:
            return default
        for known in choices:
            if isinstance(value, str) and value == known:
                return known
        words = ", ".join(str.__str__(known) for known in choices)
        self.problem(key, f"must be one of {words}, not {shown(value)}{nearest(value, choices)}")
        return default

    def integer(self, key: str, default: int, low: int, high: int, unit: str = "") -> int:
        """A whole number; other languages send 5.0 for 5."""
        value = self._take(key)
        if value is None:
            return default
        whole = not isinstance(value, bool) and isinstance(value, int | float) and value == value // 1
        if not whole or not low <= int(value) <= high:  # type: ignore[call-overload]
            hint = quotes_astray(value, lambda meant: not isinstance(meant, bool))
            words = f"must be a whole number from {low} to {high}{unit and ' ' + unit}, not {shown(value)}{hint}"
            self.problem(key, words)
            return default
        return int(value)  # type: ignore[call-overload, no-any-return]

    def number(self, key: str, default: float, low: float, high: float, unit: str) -> float:
        """A number."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            hint = quotes_astray(value, lambda meant: not isinstance(meant, bool))
            self.problem(key, f"must be a number from {low} to {high} {unit}, not {shown(value)}{hint}")
            return default
        return float(value)

    def boolean(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            hint = quotes_astray(value, lambda meant: isinstance(meant, bool))
            self.problem(key, f"must be true or false, not {shown(value)}{hint}")
            return default
        return value

    def secret(self, key: str, pattern: str = "(?s).+", right: str = "text") -> pulumi.Output[str]:
        """A required value that may be an Output; always secret.

        A plain value is checked now, an Output when it is known.
        """
        self._asked.add(key)
        value = self._values.get(key)
        wrong = f"must be {right} (its value is secret and not shown)"
        if isinstance(value, pulumi.Output):
            return pulumi.Output.secret(value.apply(_checked(pattern, f"{self.at(key)} {wrong}")))
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return pulumi.Output.secret(value)
        self.problem(key, f"is required: {right}" if value is None else f"{wrong}{_hint(value, pattern)}")
        return pulumi.Output.secret("")

    def public(self, key: str, pattern: str, right: str) -> pulumi.Output[str]:
        """A required value that may be an Output and is not secret."""
        return pulumi.Output.unsecret(self.secret(key, pattern, right))

    def finish(self) -> None:
        """Note every key that was never asked for, with the nearest one that exists."""
        for key in self._values:
            if key not in self._asked:
                self.problem(key, f"is not an argument{nearest(key, tuple(self._asked))}")


def _fits(pattern: str, value: str) -> bool:
    short = len(value) <= MAX_TEXT_LENGTH
    return short and not _CONTROL.search(value) and re.fullmatch(pattern, value) is not None


def _hint(value: object, pattern: str) -> str:
    return quotes_missing(value, lambda text: _fits(pattern, text))


def _checked(pattern: str, message: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise pulumi.RunError(message)
        return value

    return check


def nearest(word: object, known: tuple[str, ...]) -> str:
    """``; did you mean …?`` when one of the known words is close, else nothing."""
    close = difflib.get_close_matches(str(word), [str.__str__(item) for item in known], n=1)
    return f"; did you mean {close[0]}?" if close else ""
