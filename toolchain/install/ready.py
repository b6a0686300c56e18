"""The note that lets the next `toolchain/env` answer without Python: what must still be there, and what to export.

Written for `toolchain/env` (bash), a word and its value a line: `check PATH`, `path FOLDER`, `set NAME VALUE`.
"""

import os
from pathlib import Path

from .toolset import Toolset


def write_note(toolset: Toolset, note: Path) -> None:
    """Write the note, whole or not at all."""
    lines = [f"check {toolset.home}", f"check {toolset.python}", *(f"check {folder}/" for folder in toolset.path)]
    lines += [f"path {folder}" for folder in toolset.path]
    lines += [f"set {name} {value}" for name, value in toolset.exports.items()]
    if any("\n" in line for line in lines):
        raise ValueError("a folder's name has a line break in it")
    note.parent.mkdir(exist_ok=True)
    draft = note.with_name(f"{note.name}.{os.getpid()}")
    draft.write_text("\n".join(lines) + "\n")
    draft.replace(note)
