"""Passwords on command lines, whose words stand in a list: an option and its value are two elements of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .secret_text import reference, secret_argument, secret_assignment, secret_name, secret_text
from .values import Bad, Node, Unseen, Verdicts

_SECRET_OPTION = re.compile(
    r"^--?(?:[\w-]*(?:password|passwd|passphrase|secret|token|api-?key)|requirepass|masterauth|http-passwd)$",
    re.IGNORECASE,
)
_FILE_OPTION = re.compile(r"(?:file|path|dir|from|stdin|length|policy|ttl)$", re.IGNORECASE)
_LOGIN_OPTION = re.compile(r"^(?:-u|-U|--user|--proxy-user|-a|--auth)$")
_SHORT_OPTIONS = {
    "-p": re.compile(r"\b(?:sshpass|docker|podman|nerdctl|skopeo|helm|oras|crane|mosquitto_\w+)\b"),
    "-a": re.compile(r"\bredis-cli\b"),
    "-w": re.compile(r"\bldap\w+\b"),
}
"""Option → the programs whose password it takes."""
_LOGIN_PROGRAMS = re.compile(r"\b(?:curl|ab|httpie|http|https|smbclient|lftp|rclone|siege)\b")
_LOGIN = re.compile(r"^(?!\d+:\d+$)[^\s:/]+[:%](?P<password>[^\s:].*)$")
_VARIABLE = re.compile(r"(?:^|[\s;&|(])(?:export\s+)?(?P<name>[A-Za-z_]\w*)=(?P<quote>[\"']?)(?P<value>[^\s\"';&|]+)")


def command_secrets(words: Iterable[Node]) -> Verdicts:
    """Broken at each word that carries a password; words of one shell command may stand in one text."""
    nodes = list(words)
    line = " ".join(each.text for each in nodes)
    before = ""
    for node in nodes:
        if node.unknown:
            yield Unseen(node.path)
        elif _carries(before, node.text, line) or _within(node.text, line):
            yield Bad(node.path, "a password among its arguments")
        before = "" if node.unknown else node.text.strip()


def _within(text: str, line: str) -> bool:
    """Whether a password stands in one word, or in the shell command that it is."""
    if secret_argument(text) or secret_text(text) or secret_assignment(text):
        return True
    parts = text.split()
    if any(_carries(one, _bare(two), line) for one, two in zip(parts, [*parts[1:], ""], strict=False)):
        return True
    if any(_carries(each[:2], _bare(each[2:]), line) for each in parts if each[:2] in ("-u", "-U") and len(each) > 2):  # noqa: PLR2004
        return True
    return any(_is_secret_variable(each["name"], each["value"]) for each in _VARIABLE.finditer(text))


def _is_secret_variable(name: str, value: str) -> bool:
    return secret_name(name) and not reference(value)


def _carries(option: str, value: str, line: str) -> bool:
    """Whether a value is the password, or the login, that the option before it takes."""
    name, equals, given = option.partition("=")
    value = given if equals else value
    if not value or value.startswith("-"):
        return False
    if _LOGIN_OPTION.match(name) and _LOGIN_PROGRAMS.search(line):
        found = _LOGIN.match(value)
        return bool(found and not reference(found["password"]))
    secret = bool(_SECRET_OPTION.match(name)) and not _FILE_OPTION.search(name)
    programs = _SHORT_OPTIONS.get(name)
    return (secret or bool(programs and programs.search(line))) and not reference(value)


def _bare(word: str) -> str:
    return word.strip("\"'")
