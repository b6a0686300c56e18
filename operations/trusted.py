"""What `trust` remembers of what it did to this machine, so that `untrust` takes back exactly that."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .console import OperationError
from .private_files import write_private
from .project import NAME
from .stack import Stack

_BETWEEN = "+"
"""Between project, stack and PortusStack: a character that none of these names has."""


@dataclass(frozen=True)
class Record:
    """The record of one PortusStack; ``mark`` tells its lines in the hosts file."""

    folder: Path
    mark: str

    @classmethod
    def of(cls, stack: Stack, name: str) -> "Record":
        """The record of the PortusStack ``name``. A clone has one in each stack, of the stack's name.

        Raises:
            OperationError: it is no name: it comes from the state, and root writes lines with it.
        """
        if not re.fullmatch(NAME, name):
            raise OperationError(f"{name!r} is no name of a PortusStack", "nothing was changed")
        alone = stack.project.clone and name == stack.short_name
        return cls(_folder(stack), name if alone else _prefix(stack) + name)

    @property
    def ca_file(self) -> Path:
        """A copy of the CA, for those who install it by hand."""
        return self.folder / f"{self.mark}.crt"

    @property
    def folders(self) -> list[str]:
        """The folders that `trust` made, whose CAs `untrust` removes."""
        try:
            return [str(each) for each in json.loads(self._file.read_text())]
        except FileNotFoundError:
            return []

    def write(self, folders: Sequence[str]) -> None:
        """Remember these folders."""
        write_private(self._file, json.dumps(folders) + "\n")

    def remove(self) -> None:
        """Remember nothing."""
        self._file.unlink(missing_ok=True)
        self.ca_file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.mark}.json"


def trusted(stack: Stack) -> list[str]:
    """Names of the PortusStacks of a stack that this machine trusts."""
    prefix = _prefix(stack)
    marks = sorted(path.name.removesuffix(".json") for path in _folder(stack).glob("*.json"))
    names = [mark.removeprefix(prefix) for mark in marks if mark.startswith(prefix)]
    if stack.project.clone and stack.short_name in marks:
        names.append(stack.short_name)
    return [name for name in names if Record.of(stack, name).folders]


def _folder(stack: Stack) -> Path:
    return stack.state_folder / "trust"


def _prefix(stack: Stack) -> str:
    return _BETWEEN.join((stack.project.name, stack.short_name, ""))
