"""Our own language host: copied out of the checkout, compiled, and given a launcher."""

import shutil
from pathlib import Path

from .console import say
from .fingerprint import fingerprint, source_files
from .folders import SOURCES, Folders, is_complete, new_folder
from .python import compile_sources, interpreter_of

_COPIED = ("__init__.py", "ending.py", "launch.py", "protocol.py", "language_host")
"""What runs later, and must therefore not depend on the checkout; the installer itself does not."""

_LAUNCHER = """#!/bin/sh
exec '{python}' -I '{launch}' toolchain.language_host --executor "${{0%/*}}/pulumi-language-python-exec" "$@"
"""
"""The language host is told where the SDK's script is that runs a program: beside its own launcher."""


def install_language_host(folders: Folders, python: Path) -> Path:
    """Make a folder with `bin/pulumi-language-python` unless it is there."""
    sources = [path for name in _COPIED for path in _files(SOURCES / name)]
    names = [str(path.relative_to(SOURCES)) for path in sources]
    target = folders.tools / f"host-{fingerprint(*names, *sources, str(python), _LAUNCHER)}"
    if is_complete(target):
        return target
    say("installing the language host of this checkout")
    with new_folder(target):
        library = target / "lib"
        for path, name in zip(sources, names, strict=True):
            copy = library / "toolchain" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        compile_sources(python, library)
        launcher = target / "bin" / "pulumi-language-python"
        launcher.parent.mkdir()
        quoted = {"python": str(interpreter_of(python)), "launch": str(library / "toolchain" / "launch.py")}
        launcher.write_text(_LAUNCHER.format(**{name: path.replace("'", "'\\''") for name, path in quoted.items()}))
        launcher.chmod(0o755)
    return target


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else source_files(path, (".py", ".json", ".txt"))
