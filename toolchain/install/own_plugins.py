"""Our own language host and provider plugins: copied out of the checkout, compiled, and given launchers."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from .console import InstallError, say
from .fingerprint import fingerprint, source_files
from .folders import SOURCES, Folders, is_complete, new_folder
from .packages import Plugin
from .python import compile_sources, interpreter_of

_COPIED = ("__init__.py", "ending.py", "launch.py", "protocol.py", "language_host", "plugins")
"""What runs later, and must therefore not depend on the checkout; the installer itself does not."""

_LAUNCHER = """#!/bin/sh
exec '{python}' -I '{launch}' {arguments} "$@"
"""
_HOST = 'toolchain.language_host --executor "${0%/*}/pulumi-language-python-exec"'
"""The language host is told where the SDK's script is that runs a program: beside its own launcher."""


def install_own_plugins(folders: Folders, python: Path, plugins: Sequence[Plugin]) -> Path:
    """Make a folder with `bin/pulumi-language-python` and a folder `resource-NAME-vVERSION` for each plugin.

    Raises:
        InstallError: there is no plugin of ours for one of the packages.
    """
    sources = [path for name in _COPIED for path in _files(SOURCES / name)]
    names = [str(path.relative_to(SOURCES)) for path in sources]
    launchers = [f"{plugin.folder_name}" for plugin in plugins]
    target = folders.tools / f"plugins-{fingerprint(*names, *sources, *launchers, str(python), _LAUNCHER, _HOST)}"
    if is_complete(target):
        return target
    for plugin in plugins:
        if not (SOURCES / "plugins" / plugin.name / "__main__.py").exists():
            raise InstallError(
                f"there is no provider plugin of ours for {plugin.name} {plugin.version}; use the official ones with "
                "PROVIDERS=official or PROVIDERS=<folder>"
            )
    say("installing the language host and the provider plugins of this checkout")
    with new_folder(target):
        library = target / "lib"
        for path, name in zip(sources, names, strict=True):
            copy = library / "toolchain" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        compile_sources(python, library)
        _write_launcher(target / "bin" / "pulumi-language-python", python, library, _HOST)
        for plugin in plugins:
            launcher = target / plugin.folder_name / plugin.executable_name
            _write_launcher(launcher, python, library, f"toolchain.plugins.{plugin.name}")
    return target


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else source_files(path, (".py", ".json", ".txt"))


def _write_launcher(launcher: Path, python: Path, library: Path, arguments: str) -> None:
    launcher.parent.mkdir(parents=True, exist_ok=True)
    launch = library / "toolchain" / "launch.py"
    quoted = {"python": str(interpreter_of(python)), "launch": str(launch)}
    escaped = {name: path.replace("'", "'\\''") for name, path in quoted.items()}
    launcher.write_text(_LAUNCHER.format(arguments=arguments, **escaped))
    launcher.chmod(0o755)
