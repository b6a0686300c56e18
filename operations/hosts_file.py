"""Lines of a PortusStack in /etc/hosts. ``mark`` tells whose they are."""

import fcntl
from collections.abc import Callable, Sequence
from pathlib import Path

MARK = "# portus-stack"


def mark_of(mark: str) -> str:
    """The comment at the end of its lines."""
    return f"{MARK} {mark}"


def change(path: Path, changed: Callable[[str], str]) -> None:
    """Rewrite the file in place; who changes it by this function at the same time waits. Raises `OSError`."""
    with path.open("r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = changed(file.read())
        file.seek(0)
        file.write(text)
        file.truncate()


def with_line(text: str, mark: str, address: str, names: Sequence[str]) -> str:
    """``text`` with one line that gives ``names`` the address, instead of any earlier one of that mark."""
    kept = without_lines(text, mark)
    if kept and not kept.endswith("\n"):
        kept += "\n"
    return f"{kept}{address} {' '.join(names)} {mark_of(mark)}\n"


def without_lines(text: str, mark: str) -> str:
    """``text`` without the lines of that mark; every other line as it was."""
    return "".join(line for line in text.splitlines(keepends=True) if not _belongs(line, mark))


def names_of(text: str, mark: str) -> list[str]:
    """The names that the lines of that mark give."""
    lines = [line for line in text.splitlines() if _belongs(line, mark)]
    return [name for line in lines for name in line.partition("#")[0].split()[1:]]


def _belongs(line: str, mark: str) -> bool:
    return line.rstrip().endswith(f" {mark_of(mark)}")
