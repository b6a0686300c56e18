"""Installing what a program needs into its virtual environment (`pulumi install`, a component package's first use)."""

import sys
from collections.abc import Iterator
from pathlib import Path

from .children import Children
from .interpreter import Interpreter, OptionError, find_interpreter
from .protocol import language_pb2
from .streams import Chunk, output_of


def install_dependencies(request: language_pb2.InstallDependenciesRequest, children: Children) -> Iterator[Chunk]:
    """Make the virtual environment of the option `virtualenv` and install requirements.txt, or else pyproject.toml.

    Without the option nothing is installed, unlike what the official host does: the Python of the shell is not the
    project's, and ours is shared by every checkout and checked against a lock file.

    Raises:
        OptionError: a step failed; its own output was streamed before.
    """
    interpreter = find_interpreter(request.info, is_plugin=request.is_plugin)
    if interpreter.virtualenv is None:
        text = f"Nothing to install: no runtime option virtualenv, so {interpreter.executable} is used as it is.\n"
        yield ("stdout", text.encode())
        return
    folder = Path(request.info.program_directory)
    for step, command in _steps(interpreter, folder, is_plugin=request.is_plugin):
        yield ("stdout", f"{step}...\n".encode())
        child = children.start(command, environment=interpreter.environment, directory=folder)
        yield from output_of(child.process)
        if status := children.finish(child):
            raise OptionError(f"{step} failed with exit code {status}: {' '.join(command)}")
    yield ("stdout", b"Finished installing dependencies\n")


def _steps(interpreter: Interpreter, folder: Path, *, is_plugin: bool) -> Iterator[tuple[str, list[str]]]:
    if not interpreter.exists:
        yield "Creating virtual environment", [sys.executable, "-m", "venv", str(interpreter.virtualenv)]
    install = [str(interpreter.executable), "-m", "pip", "--disable-pip-version-check", "install"]
    runnable = (folder / "__main__.py").is_file()
    if (folder / "requirements.txt").is_file():
        yield "Installing requirements.txt", [*install, "-r", "requirements.txt"]
    if (folder / "pyproject.toml").is_file() and (not (folder / "requirements.txt").is_file() or not runnable):
        what = "Installing the plugin's own package" if is_plugin else "Installing the project of pyproject.toml"
        yield what, [*install, "."]
