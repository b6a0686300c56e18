"""The Pulumi project that a command works on: the folder with Pulumi.yaml that the command stands in."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from .console import OperationError

ROOT = Path(__file__).absolute().parents[1]
"""What this code lies in: a clone of PortusStack, or a Python environment. Links are not followed: they may make up a
clone."""

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
"""What names of projects, stacks and PortusStacks are: nothing that leads out of a folder or begins a line."""
_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


@dataclass(frozen=True)
class Project:
    """A Pulumi project with PortusStacks in it.

    Attributes:
        root: the folder of its Pulumi.yaml.
        name: its name, the first part of its configuration's keys.
        stack_folder: where its stack files are.
        clone: whether it is PortusStack's own, with this code in it. Then there are a toolchain and a policy pack, the
            stack files are of the form that ``__main__.py`` reads, and nothing may be written into it.
    """

    root: Path
    name: str
    stack_folder: Path
    clone: bool = False

    @classmethod
    def nearest(cls, folder: Path) -> "Project":
        """The project of ``folder`` or of the next folder above that has one. Raises OperationError."""
        start = folder.absolute()
        if not start.is_dir():
            raise OperationError(f"{folder} is no folder", "give --project the folder with Pulumi.yaml")
        files = [each / name for each in (start, *start.parents) for name in _FILES if (each / name).is_file()]
        if not files:
            raise OperationError(
                f"there is no Pulumi project in {start} or above it",
                "go into the folder with Pulumi.yaml, or name it with --project",
            )
        return cls._of(files[0])

    @classmethod
    def _of(cls, file: Path) -> "Project":
        try:
            document = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise OperationError(f"{file} cannot be read: {error}") from error
        except yaml.YAMLError:  # its own text quotes the file, which may hold a secret
            raise OperationError(f"{file} is not YAML", "`pulumi preview` says where") from None
        name = document.get("name") if isinstance(document, dict) else None
        if not isinstance(name, str) or not re.fullmatch(NAME, name):
            raise OperationError(f"{file} names no project", "give it a `name` of letters, digits, dashes")
        stacks = file.parent / str(document.get("stackConfigDir") or ".")
        return cls(file.parent, name, stacks, clone=file.parent.samefile(ROOT))
