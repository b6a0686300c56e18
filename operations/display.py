"""The engine's progress where no terminal shows it as a tree: one line when something ends, few while it lasts."""

import re
from typing import TextIO

_REPEAT_SECONDS = 15
_UNDER_WAY = re.compile(r"^ \S+ +(?P<what>\S+ .*?ing\b[\w ]*?) \((?P<seconds>\d+)s\) ?(?P<status>.*?)\s*$")
_FIGURES = re.compile(r"\d+")
_TELLS_NOTHING = re.compile(
    r"^ \+- .* replac(ing|ed) \("  # the deletion and the creation have lines of their own
    r"|^The resources in the stack have been deleted, but"  # the stack itself goes next, by our own hand
    r"|^If you want to remove the stack completely"
    r"|^Update plan written to |^Run `pulumi up --plan="  # it is read and removed
)


class CompactDisplay:
    """Decides line by line what to show.

    Left out are the line with which an operation merely begins, and a status that was shown less than 15 s before and
    differs in its figures only.
    """

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], int] = {}

    def shows(self, line: str) -> bool:
        """Whether to show ``line``."""
        if _TELLS_NOTHING.match(line):
            return False
        found = _UNDER_WAY.match(line)
        if found is None:
            return True
        if not found["status"]:
            return False
        key, seconds = (found["what"], _FIGURES.sub("", found["status"])), int(found["seconds"])
        if key in self._shown and seconds - self._shown[key] < _REPEAT_SECONDS:
            return False
        self._shown[key] = seconds
        return True


def copy_compactly(source: TextIO, target: TextIO) -> None:
    """Copy line by line, as they come, until ``source`` ends."""
    display = CompactDisplay()
    for line in source:
        if display.shows(line):
            target.write(line)
            target.flush()
