"""The command `portusctl` of the image, as far as its start script and operators use it.

`portusctl rake TASK…`, `portusctl exec WORDS…` (rails r FILE, rake TASK…, pumactl … start, or any other program).
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from . import background, database, rake
from .registry_client import RegistryError
from .settings import Settings, SettingsError, read

_SERVER = ["python3", "-m", "gunicorn", "--config", "python:portus_standin.server"]


def check_database(settings: Settings) -> int:
    """Print the database's state for the start script."""
    print(database.state(settings).value)
    return 0


def run_background(settings: Settings, words: Sequence[str] = ()) -> int:
    """Run the background process until it fails, or with `--one-shot` one round of it."""
    if settings.generation == 1:
        print("There is no background process in this release", file=sys.stderr)
        return 1
    try:
        background.run(settings, one_shot="--one-shot" in words)
        return 0
    except (background.TimeoutReachedError, RegistryError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    return 1


def check_health(settings: Settings) -> int:
    """Print the health of the database as JSON."""
    state = database.state(settings)
    print(json.dumps({"database": {"msg": state.value, "success": state is database.State.ready}}))
    return 0 if state is database.State.ready else 1


_RUBY_FILES = {"check_db.rb": check_database, "health.rb": check_health}


def rails(words: list[str], settings: Settings) -> int:
    """`rails r FILE` for the files of Portus that the double knows: it cannot run Ruby."""
    script = Path(words[1]).name if words[:1] in (["r"], ["runner"]) and len(words) > 1 else ""
    if script == "background.rb":
        return run_background(settings, words[2:])
    if script not in _RUBY_FILES:
        print(f"the stand-in runs no Ruby; it knows rails r background.rb, {', '.join(_RUBY_FILES)}", file=sys.stderr)
        return 1
    return _RUBY_FILES[script](settings)


def run_rake(tasks: list[str], settings: Settings) -> int:
    """Run rake tasks one after the other."""
    try:
        for task in tasks:
            rake.run(task, settings)
    except (rake.TaskError, DBAPIError) as error:
        # The driver's own message; SQLAlchemy's would add the statement with its parameters.
        reason = error.orig if isinstance(error, DBAPIError) else error
        print(f"rake aborted!\n{reason}", file=sys.stderr)
        return 1
    return 0


def execute(words: list[str]) -> int:
    """`portusctl exec`: one string of words or several; 2.5 says `--vendor` before them, for its Ruby's sake."""
    words = words[1:] if words[:1] == ["--vendor"] else words
    words = shlex.split(words[0]) if len(words) == 1 else words
    if not words:
        print("portusctl exec: no command", file=sys.stderr)
        return 1
    program, rest = words[0], words[1:]
    if program == "rails":
        return rails(rest, read())
    if program == "rake":
        return run_rake(rest, read())
    if program in ("bin/check_db.rb", "bin/background.rb", "bin/health.rb"):
        return rails(["r", program], read())
    if program == "pumactl" and rest[-1:] == ["start"]:
        read()
        words = _SERVER
    try:
        os.execvp(words[0], words)
    except OSError as error:
        print(f"portusctl exec: {words[0]}: {error.strerror}", file=sys.stderr)
        return 127


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    level = logging.WARNING if "check_db.rb" in " ".join(arguments) else logging.INFO
    logging.basicConfig(level=level, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    try:
        if command == "exec":
            return execute(rest)
        if command == "rake":
            return run_rake(rest, read())
    except SettingsError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print("usage: portusctl exec COMMAND… | portusctl rake TASK…", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
