"""Files that are written whole, most of which their owner alone may read."""

import os
import tempfile
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
_OTHERS = 0o077


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to ``path``, whole or not at all, mode 0600; missing folders are made with 0700."""
    make_private_folder(path.parent)
    write_whole(path, text, FILE_MODE)


def write_whole(path: Path, text: str, mode: int) -> None:
    """Write ``text`` to ``path`` with ``mode``, whole or not at all. Raises OSError where it cannot be written."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(descriptor, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def make_private_folder(folder: Path) -> None:
    """Make ``folder`` and its missing parents, mode 0700."""
    if not folder.is_dir():
        make_private_folder(folder.parent)
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def make_private(folder: Path) -> None:
    """Take from others whatever they may do with ``folder`` and all in it; what is private already stays as it is."""
    for place, folders, files in os.walk(folder):
        for path in (place, *(os.path.join(place, name) for name in (*folders, *files))):
            mode = os.lstat(path).st_mode
            if mode & _OTHERS and not os.path.islink(path):
                os.chmod(path, mode & ~_OTHERS & 0o7777)
