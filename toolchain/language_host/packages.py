"""What is installed beside a program, asked of the program's own Python."""

import json
import subprocess
from base64 import b64decode
from dataclasses import dataclass

from .interpreter import Interpreter, OptionError
from .protocol import plugin_pb2

_FIND_PLUGINS = """
import glob, json, os, sys
found = {}
for folder in sys.path:
    for path in glob.glob(os.path.join(glob.escape(folder), "*", "pulumi-plugin.json")):
        with open(path, encoding="utf-8") as file:
            found.setdefault(os.path.basename(os.path.dirname(path)), json.load(file))
for package, description in found.items():
    if not description.get("version"):
        from importlib.metadata import packages_distributions, version
        description["version"] = version(packages_distributions()[package][0])
print(json.dumps(list(found.values())))
"""
"""Run by the program's Python: every SDK package has a `pulumi-plugin.json` beside its modules."""


@dataclass(frozen=True)
class Package:
    """An installed Python package."""

    name: str
    version: str


def required_packages(interpreter: Interpreter) -> list[plugin_pb2.PackageDependency]:
    """The provider plugins that the packages of a program ask for.

    Raises:
        OptionError: the program's Python does not work.
    """
    return [
        plugin_pb2.PackageDependency(
            name=description["name"],
            kind="resource",
            version=f"v{description['version'].removeprefix('v')}",
            server=description.get("server", ""),
            parameterization=_parameterization(description.get("parameterization")),
        )
        for description in json.loads(_ask(interpreter, ["-c", _FIND_PLUGINS]))
        if description.get("resource")
    ]


def program_dependencies(interpreter: Interpreter, *, transitive: bool) -> list[Package]:
    """The packages installed beside a program; without `transitive` only those that no other asks for.

    Raises:
        OptionError: the program's Python has no working pip.
    """
    narrowed = [] if transitive else ["--not-required"]
    pip_list = ["-m", "pip", "--disable-pip-version-check", "list", "--format=json", *narrowed]
    return [Package(entry["name"], entry["version"]) for entry in json.loads(_ask(interpreter, pip_list))]


def python_version(interpreter: Interpreter) -> str:
    """The version of a program's Python, such as `3.11.7`.

    Raises:
        OptionError: it does not work.
    """
    return _ask(interpreter, ["-c", "import platform; print(platform.python_version())"]).strip()


def _parameterization(given: dict[str, str] | None) -> plugin_pb2.PackageParameterization | None:
    if not given:
        return None
    value = b64decode(given.get("value", ""))
    return plugin_pb2.PackageParameterization(name=given["name"], version=given["version"], value=value)


def _ask(interpreter: Interpreter, arguments: list[str]) -> str:
    command = [str(interpreter.executable), *arguments]
    try:
        answer = subprocess.run(
            command, env=interpreter.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
    except OSError as error:
        raise OptionError(f"{interpreter.executable} cannot be run: {error.strerror}") from error
    if answer.returncode != 0:
        raise OptionError(f"{interpreter.executable} {arguments[0]} failed: {answer.stderr.strip()}")
    return answer.stdout
