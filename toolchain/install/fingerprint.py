"""Keys of the folders in the tool folder: a hash of everything that goes into one, so that a change makes a new one."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

_LENGTH = 16
"""Hexadecimal digits of a key: 64 bits, plenty for a handful of folders and short enough to read."""


def fingerprint(*parts: bytes | str | Path) -> str:
    """The key of a folder made from `parts`: a path stands for its file's content, text and bytes for themselves."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()[:_LENGTH]


def source_files(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """The files of a source tree with one of the suffixes, in a fixed order; compiled ones are not sources."""
    wanted = tuple(suffixes)
    found = (path for path in folder.rglob("*") if path.name.endswith(wanted) and "__pycache__" not in path.parts)
    return sorted(path for path in found if path.is_file())
