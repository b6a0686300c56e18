"""Running a Pulumi program."""

import json
import signal
import sys
from pathlib import Path

from .children import PROGRAM_GRACE_SECONDS, Child, Children
from .interpreter import Interpreter, read_options
from .protocol import language_pb2

_SHOWN_ERROR_STATUS = 32
"""The status with which the SDK's script ends when the program has already shown its error."""


def program_command(
    request: language_pb2.RunRequest, interpreter: Interpreter, executor: Path, engine: str
) -> list[str]:
    """The command line of the SDK's script `pulumi-language-python-exec` for a program."""
    options = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    given = [text for name, value in options.items() if value for text in (f"--{name}", value)]
    return [str(interpreter.executable), str(executor), *given, request.info.entry_point, *request.args]


def program_environment(request: language_pb2.RunRequest, interpreter: Interpreter) -> dict[str, str]:
    """The environment of a program. Its configuration is here and not in the arguments, which everybody can read."""
    configuration = {
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }
    return interpreter.environment | configuration


def start_program(children: Children, command: list[str], environment: dict[str, str]) -> Child:
    """Start a program; its output is the host's own, which the engine shows.

    Raises:
        OSError: it cannot be started.
    """
    return children.start(
        command,
        environment=environment,
        captured=False,
        stop_signal=signal.SIGINT,
        grace_seconds=PROGRAM_GRACE_SECONDS,
    )


def program_response(status: int) -> language_pb2.RunResponse:
    """What a program's exit status tells the engine."""
    if status == _SHOWN_ERROR_STATUS:
        return language_pb2.RunResponse(bail=True)
    if status < 0:
        return language_pb2.RunResponse(error=f"program was ended by {signal.Signals(-status).name}")
    return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {status}" if status else "")


def check_types(children: Children, request: language_pb2.RunRequest, interpreter: Interpreter) -> str:
    """Run the type checker that the options ask for; what it found, or an empty text."""
    checker = read_options(request.info).typechecker
    if not checker:
        return ""
    excluded = ["--exclude", interpreter.virtualenv.name] if checker == "mypy" and interpreter.virtualenv else []
    command = [str(interpreter.executable), "-m", checker, *excluded, request.info.program_directory]
    child = children.start(command, environment=interpreter.environment, directory=Path(request.info.program_directory))
    output, errors = child.process.communicate()
    status = children.finish(child)
    sys.stderr.flush()
    return f"{checker} failed:\n{(output + errors).decode(errors='replace')}" if status else ""
