"""Which Python runs a program: the options of `runtime` in Pulumi.yaml, PulumiPlugin.yaml or PulumiPolicy.yaml."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.json_format import MessageToDict

from .protocol import language_pb2

_PLUGIN_VIRTUALENV = "venv"
"""Where a plugin's packages are when its options do not say; what the official host assumes."""


class OptionError(Exception):
    """An option cannot be followed; the message names it and says what to do."""


@dataclass(frozen=True)
class Interpreter:
    """A Python and the environment to run it in."""

    executable: Path
    virtualenv: Path | None
    """Its virtual environment, if an option or the plugin's folder names one."""

    @property
    def exists(self) -> bool:
        """Whether it is there; a virtual environment may not have been made yet."""
        return self.executable.exists()

    @property
    def environment(self) -> dict[str, str]:
        """The host's environment with the virtual environment active, as its `activate` script would have it."""
        environment = dict(os.environ)
        if self.virtualenv is not None:
            environment.pop("PYTHONHOME", None)
            environment["VIRTUAL_ENV"] = str(self.virtualenv)
            environment["PATH"] = f"{self.executable.parent}{os.pathsep}{environment.get('PATH', '')}"
        return environment


@dataclass(frozen=True)
class Options:
    """The options that this host knows."""

    virtualenv: str
    """A folder, relative to the program's or the project's; empty for the Python of the shell."""

    typechecker: str
    """`mypy` or `pyright`, run before the program; empty for none."""


def read_options(info: language_pb2.ProgramInfo) -> Options:
    """The options of a program.

    Raises:
        OptionError: one is of the wrong type, unknown to us, or asks for what we do not do.
    """
    given = MessageToDict(info.options) if info.HasField("options") else {}
    for name in ("virtualenv", "typechecker", "toolchain"):
        if not isinstance(given.get(name, ""), str):
            raise OptionError(f"runtime option {name} must be a string, not {given[name]!r}")
    if given.get("toolchain", "pip") != "pip":
        raise OptionError(
            f"runtime option toolchain: {given['toolchain']} is not supported by this language host, only pip is; "
            "make a virtual environment with it and name that in the option virtualenv"
        )
    if given.get("typechecker", "") not in ("", "mypy", "pyright"):
        raise OptionError(f"runtime option typechecker: {given['typechecker']} is neither mypy nor pyright")
    return Options(given.get("virtualenv", ""), given.get("typechecker", ""))


def find_interpreter(info: language_pb2.ProgramInfo, *, is_plugin: bool = False) -> Interpreter:
    """The Python of a program, which may not exist yet.

    The option `virtualenv`, relative to the program's folder, else to the project's; without it, for a plugin, the
    folder `venv` beside it if there is one; else `$PULUMI_PYTHON_CMD`, else `python3` on PATH, else the host's own.

    Raises:
        OptionError: see `read_options`.
    """
    option = read_options(info).virtualenv
    bases = [Path(info.program_directory), Path(info.root_directory)]
    if option:
        candidates = [_in_virtualenv(base / option) for base in bases]
        return next((candidate for candidate in candidates if candidate.exists), candidates[0])
    beside = _in_virtualenv(bases[0] / _PLUGIN_VIRTUALENV)
    if is_plugin and beside.exists:
        return beside
    command = os.environ.get("PULUMI_PYTHON_CMD") or "python3"
    return Interpreter(Path(shutil.which(command) or sys.executable), None)


def require_interpreter(info: language_pb2.ProgramInfo, *, is_plugin: bool = False) -> Interpreter:
    """The Python of a program.

    Raises:
        OptionError: its virtual environment does not exist; the message names the folder and the way to make it.
    """
    interpreter = find_interpreter(info, is_plugin=is_plugin)
    if not interpreter.exists:
        option = read_options(info).virtualenv
        raise OptionError(
            f"runtime option virtualenv is {option!r}, but {interpreter.virtualenv} is not a virtual environment; make "
            f"it with `pulumi install`, or with `python3 -m venv {interpreter.virtualenv}` and "
            f"`{interpreter.executable} -m pip install -r requirements.txt`"
        )
    return interpreter


def _in_virtualenv(folder: Path) -> Interpreter:
    absolute = Path(os.path.normpath(folder))
    return Interpreter(absolute / "bin" / "python", absolute)
