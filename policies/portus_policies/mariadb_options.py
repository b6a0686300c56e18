"""What MariaDB makes of its command line: which option holds, however it is spelled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_OFF = ("0", "off", "false", "no")
_BAD_VALUES: dict[str, Callable[[str], bool]] = {
    "skip-grant-tables": lambda value: value not in _OFF,
    "local-infile": lambda value: value not in _OFF,
    "innodb-flush-log-at-trx-commit": lambda value: value == "0",
    "secure-file-priv": lambda value: value in ("", "1", "/"),
    "general-log": lambda value: value not in _OFF,
    "ssl": lambda value: value in _OFF,
    "tls-version": lambda value: bool(re.search(r"tlsv1(?:\.[01])?(?:,|$)", value)),
}
"""Option of the server → the values with which it is dangerous."""


def server_option(argument: str) -> tuple[str, str]:
    """Name and value of an option, as MariaDB reads it: ``_`` is ``-``; ``skip-``, ``disable-`` and ``enable-`` switch.

    Source: mariadb.com/kb, "mariadbd Options", "Option Prefixes".
    """
    name, equals, value = argument.strip().lower().partition("=")
    name = name.removeprefix("--").replace("_", "-").removeprefix("loose-").removeprefix("maximum-")
    value = value.strip("\"'") if equals else "1"
    for prefix, off in (("skip-", True), ("disable-", True), ("enable-", False)):
        if name.startswith(prefix) and name not in _BAD_VALUES:
            return name.removeprefix(prefix), "0" if off else "1"
    return name, value


def is_dangerous(argument: str) -> bool:
    """Whether an option switches off passwords or TLS, opens the server's files, or loses committed data."""
    name, value = server_option(argument)
    return argument.startswith("--") and name in _BAD_VALUES and _BAD_VALUES[name](value)


def requires_tls(arguments: Iterable[str]) -> bool:
    """Whether the server takes encrypted connections only. Of an option that is told twice the last one holds."""
    told = dict(server_option(each) for each in arguments if each.startswith("--"))
    return told.get("require-secure-transport", "0") not in _OFF
