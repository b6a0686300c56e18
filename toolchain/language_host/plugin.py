"""Running what is written in Python and is not a program: policy packs and component packages."""

import sys
from pathlib import Path

from .interpreter import Interpreter, OptionError
from .protocol import language_pb2

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ANALYZER = "analyzer"
"""The kind of a policy pack."""


def plugin_command(request: language_pb2.RunPluginRequest, interpreter: Interpreter) -> list[str]:
    """The command line of a plugin.

    A policy pack is run by the SDK. Anything else is a folder with a `__main__.py`, or a Python package whose
    components the SDK finds.

    Raises:
        OptionError: the folder is neither.
    """
    folder = Path(request.info.program_directory)
    python = str(interpreter.executable)
    if request.kind == ANALYZER:
        return [python, "-u", "-m", "pulumi.policy", *request.args, str(folder)]
    if (folder / "__main__.py").is_file():
        return [python, str(folder), *request.args]
    return [python, "-m", "pulumi.run.plugin", package_name(folder), *request.args]


def plugin_directory(request: language_pb2.RunPluginRequest) -> Path:
    """Where it runs: a policy pack in its own folder, anything else where the engine says."""
    return Path(request.info.program_directory if request.kind == ANALYZER else request.pwd)


def plugin_environment(request: language_pb2.RunPluginRequest, interpreter: Interpreter) -> dict[str, str]:
    """The environment that the engine gives, with the interpreter's own on top."""
    given = dict(entry.split("=", 1) for entry in request.env if "=" in entry)
    changed = interpreter.environment if interpreter.virtualenv else {}
    kept = {name: value for name, value in changed.items() if name in ("VIRTUAL_ENV", "PATH")}
    if interpreter.virtualenv:
        given.pop("PYTHONHOME", None)
    return interpreter.environment | given | kept


def package_name(folder: Path) -> str:
    """The name of the Python package in a folder, from its pyproject.toml.

    Raises:
        OptionError: the folder has none, so there is nothing to run.
    """
    project = folder / "pyproject.toml"
    name = tomllib.loads(project.read_text()).get("project", {}).get("name") if project.is_file() else None
    if not isinstance(name, str):
        raise OptionError(f"{folder} has neither a __main__.py nor a pyproject.toml with a name: nothing to run")
    return name
