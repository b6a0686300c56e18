"""What every task script shares: its settings file, its messages and the loop that retries until the work is done.

The scripts run in a container with nothing but Python's standard library, beside this file.
"""

import argparse
import json
import os
import re
import signal
import sys
import time
import traceback
from base64 import b64encode
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeAlias
from urllib.parse import quote, quote_plus

SETTINGS_FILE = Path("/etc/portus-stack/settings.json")
DONE_FILE = Path("/tmp/done")
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 15.0
CAUSE_LENGTH = 400
REDACTED = "[redacted]"
SETTINGS_ERROR_EXIT = 2

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Failure(Exception):
    """One attempt failed: the step, the cause in the other side's words, and what to do next."""

    def __init__(self, step: str, cause: str, remedy: str) -> None:
        super().__init__(f"{step}: {cause}. {remedy}")
        self.step, self.cause, self.remedy = step, cause, remedy


class SettingsError(Exception):
    """The settings file cannot be used; retrying would not help."""


class Redactor:
    """Replaces every secret that was read, in each form in which a server may echo it."""

    _JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?")

    def __init__(self) -> None:
        self._forms: set[str] = set()

    def add(self, secret: str) -> None:
        """Hide `secret` from now on: as it is, URL-encoded, HTML-escaped, in JSON and in Base64."""
        for text in (secret, quote(secret, safe=""), quote_plus(secret), escape(secret), json.dumps(secret)[1:-1]):
            self._forms.add(text)
        self._forms.add(b64encode(secret.encode()).decode())

    def clean(self, text: str) -> str:
        """`text` on one line, without secrets, tokens and control characters, at most CAUSE_LENGTH characters."""
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, REDACTED)
        text = self._JWT.sub(REDACTED, text)
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= CAUSE_LENGTH else text[: CAUSE_LENGTH - 1] + "…"


class Section:
    """One object of the settings file, read key by key; errors name the key's full path."""

    def __init__(self, data: Json, path: str, redactor: Redactor) -> None:
        if not isinstance(data, dict):
            raise SettingsError(f"{path or 'the file'} must be a JSON object")
        self._data, self._path, self.redactor = dict(data), path, redactor

    def _take(self, key: str) -> Json:
        return self._data.pop(key, None)

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def text(self, key: str, default: str | None = None) -> str:
        """A non-empty string; required unless there is a default."""
        value = self._take(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"{self._name(key)} must be a non-empty string")
        return value

    def https_url(self, key: str) -> str:
        """An https:// URL, without a trailing slash and without the port when it is https' own."""
        value = self.text(key)
        if not value.startswith("https://"):
            raise SettingsError(f"{self._name(key)} must start with https://")
        return value.rstrip("/").removesuffix(":443")

    def file(self, key: str) -> str:
        """The path of a file that exists."""
        path = self.text(key)
        if not Path(path).is_file():
            raise SettingsError(f"{self._name(key)}: there is no file {path}")
        return path

    def texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SettingsError(f"{self._name(key)} must be a list of strings")
        return tuple(str(item) for item in value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """A boolean; required unless there is a default."""
        value = self._take(key)
        value = default if value is None else value
        if not isinstance(value, bool):
            raise SettingsError(f"{self._name(key)} must be true or false")
        return value

    def number(self, key: str, allowed: range, default: int | None = None) -> int:
        """A whole number within `allowed`."""
        value = self._take(key)
        value = default if value is None else value
        if not isinstance(value, (int, float)) or isinstance(value, bool) or value not in allowed:
            raise SettingsError(f"{self._name(key)} must be a whole number from {allowed[0]} to {allowed[-1]}")
        return int(value)

    def secret(self, key: str) -> str:
        """The content of the file that `key` names, without its final line break; hidden from every message."""
        path = self.text(key)
        try:
            value = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{self._name(key)}: cannot read {path}: {type(error).__name__}") from None
        if not value:
            raise SettingsError(f"{self._name(key)}: {path} is empty")
        self.redactor.add(value)
        return value

    def section(self, key: str) -> "Section":
        """A nested object; required."""
        return Section(self._take(key), self._name(key), self.redactor)

    def optional_section(self, key: str) -> "Section | None":
        """A nested object, or None when it is missing or null."""
        value = self._take(key)
        return None if value is None else Section(value, self._name(key), self.redactor)

    def finish(self) -> None:
        """Refuse what nobody asked for: a misspelt key must not be ignored."""
        if self._data:
            raise SettingsError(f"unknown keys: {', '.join(self._name(key) for key in sorted(self._data))}")


class Reporter:
    """Prints a line for each failed attempt; the same failure again is summarised at 2, 4, 8, … times."""

    def __init__(self, name: str, redactor: Redactor) -> None:
        self._name, self._redactor = name, redactor
        self._last: tuple[str, str, str] | None = None
        self._times, self._since = 0, 0.0

    def failed(self, failure: Failure) -> None:
        """Report one failed attempt."""
        current = (failure.step, failure.cause, failure.remedy)
        if current != self._last:
            self._last, self._times, self._since = current, 0, time.monotonic()
        self._times += 1
        if self._times & (self._times - 1):
            return
        clean = self._redactor.clean
        again = ""
        if self._times > 1:
            again = f" (the same {self._times} times in {time.monotonic() - self._since:.0f} s)"
        print(
            f"{self._name}: {failure.step}: {clean(failure.cause).rstrip('.')}. {clean(failure.remedy)}{again}",
            flush=True,
        )

    def succeeded(self, result: Mapping[str, Json]) -> None:
        """Write the result as one line of JSON."""
        print(f"result: {json.dumps(result, separators=(',', ':'))}", flush=True)


def unexpected(error: Exception) -> Failure:
    """A defect of ours as a failure; its message may hold a secret, so only its kind and place are told."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return Failure("unexpected error", f"{type(error).__name__} at {place}", "This is a defect; please report it")


def idle() -> NoReturn:
    """Become a process that does nothing and needs less than 1 MiB."""
    sys.stdout.flush()
    os.execvp("sleep", ["sleep", "infinity"])


def repeat(
    attempt: Callable[[], Mapping[str, Json]], reporter: Reporter, done_file: Path, within_seconds: float | None
) -> int:
    """Attempt until it succeeds, then mark it done and idle; with `within_seconds`, return 0 or, that late, 1.

    A container that restarts starts over, so an old mark is removed first.
    """
    done_file.unlink(missing_ok=True)
    delay = FIRST_DELAY_SECONDS
    end = None if within_seconds is None else time.monotonic() + within_seconds
    while True:
        try:
            result = attempt()
        except Failure as failure:
            reporter.failed(failure)
        except Exception as error:
            reporter.failed(unexpected(error))
        else:
            reporter.succeeded(result)
            done_file.touch()
            if end is not None:
                return 0
            idle()
        if end is not None and time.monotonic() + delay > end:
            return 1
        time.sleep(delay)
        delay = min(delay * 1.5, LONGEST_DELAY_SECONDS)


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def main(name: str, prepare: Callable[[Section], Callable[[], Mapping[str, Json]]]) -> int:
    """Run the task `name`: read the settings, let `prepare` make an attempt of them, repeat it.

    Returns the exit code: 0 done, 1 no success in time (`--within`), 2 the settings are wrong.
    """
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--settings", type=Path, default=SETTINGS_FILE)
    parser.add_argument("--done-file", type=Path, default=DONE_FILE)
    parser.add_argument(
        "--within", type=float, metavar="SECONDS", help="end when done (exit 0) or without success after SECONDS (1)"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _terminated)
    redactor = Redactor()
    try:
        section = Section(json.loads(arguments.settings.read_text(encoding="utf-8")), "", redactor)
        attempt = prepare(section)
    except (SettingsError, OSError, ValueError) as error:
        print(f"{name}: settings: {redactor.clean(str(error))}. Correct {arguments.settings}", flush=True)
        return SETTINGS_ERROR_EXIT
    return repeat(attempt, Reporter(name, redactor), arguments.done_file, arguments.within)
