"""The note that lets the next `toolchain/env` answer without Python: what must still be there, and what to export.

Written for `toolchain/env` (bash), a word and its value a line: `check FOLDER`, `path FOLDER`, `set NAME VALUE`. Notes
also tell what in the tool folder is in use: `toolchain/env` touches the one that it reads.
"""

import os
import re
import shutil
import time
from pathlib import Path

from .console import say
from .folders import Folders
from .toolset import Toolset

_UNUSED_DAYS = 30
"""How long the tools of a checkout that nobody uses any more are kept."""

_KEYED = re.compile(r"^(engine|home|host|judges|language|official|plugins|policies|python)-[^/]+$")


def write_note(toolset: Toolset, note: Path) -> None:
    """Write the note, whole or not at all."""
    lines = [f"check {folder}" for folder in toolset.folders]
    lines += [f"path {folder}" for folder in toolset.path]
    lines += [f"set {name} {value}" for name, value in toolset.exports.items()]
    if any("\n" in line for line in lines):
        raise ValueError("a folder's name has a line break in it")
    note.parent.mkdir(exist_ok=True)
    draft = note.with_name(f"{note.name}.{os.getpid()}")
    draft.write_text("\n".join(lines) + "\n")
    draft.replace(note)


def remove_unused(folders: Folders) -> list[str]:
    """Remove what was made more than 30 days ago and no note read since speaks of; the names of what was removed.

    Call it with the tool folder locked.
    """
    oldest = time.time() - _UNUSED_DAYS * 24 * 3600
    used: set[str] = set()
    for note in (folders.tools / "notes").glob("*"):
        if note.stat().st_mtime < oldest:
            note.unlink()
        else:
            used.update(line.removeprefix("check ") for line in note.read_text().splitlines() if line[:6] == "check ")
    keyed = [entry for entry in folders.tools.iterdir() if _KEYED.match(entry.name) and str(entry) not in used]
    unused = [entry for entry in keyed if entry.stat().st_mtime < oldest]
    for entry in unused:
        say(f"removing {entry.name}, which nothing has used for {_UNUSED_DAYS} days")
        shutil.rmtree(entry)
    return sorted(entry.name for entry in unused)
