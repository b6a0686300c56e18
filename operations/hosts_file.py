"""Lines of a stack in /etc/hosts."""

import fcntl
from collections.abc import Callable, Sequence
from pathlib import Path

MARK = "# portus-stack"


def mark_of(stack: str) -> str:
    """The comment at the end of a stack's lines."""
    return f"{MARK} {stack}"


def change(path: Path, changed: Callable[[str], str]) -> None:
    """Rewrite the file in place; who changes it by this function at the same time waits. Raises `OSError`."""
    with path.open("r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = changed(file.read())
        file.seek(0)
        file.write(text)
        file.truncate()


def with_line(text: str, stack: str, address: str, names: Sequence[str]) -> str:
    """``text`` with one line that gives ``names`` the address, instead of any earlier one of the stack."""
    kept = without_lines(text, stack)
    if kept and not kept.endswith("\n"):
        kept += "\n"
    return f"{kept}{address} {' '.join(names)} {mark_of(stack)}\n"


def without_lines(text: str, stack: str) -> str:
    """``text`` without the stack's lines; every other line as it was."""
    return "".join(line for line in text.splitlines(keepends=True) if not _belongs(line, stack))


def names_of(text: str, stack: str) -> list[str]:
    """The names that the stack's lines give."""
    lines = [line for line in text.splitlines() if _belongs(line, stack)]
    return [name for line in lines for name in line.partition("#")[0].split()[1:]]


def _belongs(line: str, stack: str) -> bool:
    return line.rstrip().endswith(f" {mark_of(stack)}")
