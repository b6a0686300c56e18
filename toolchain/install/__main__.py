"""Commands behind the scripts in `toolchain/`: `install NOTE`, `go-path`, `clean`."""

import argparse
import os
import sys
from pathlib import Path

from .choice import read_request
from .console import InstallError, say
from .folders import Folders
from .go import Go
from .python import DEPLOY_LOCK, TEST_LOCK
from .ready import write_note
from .toolset import Request, install_toolset


def main() -> int:
    """Run one command; errors are one message on stderr and status 1."""
    parser = argparse.ArgumentParser(prog="toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    install = commands.add_parser("install", help="install what is missing and write a note for the shell script")
    install.add_argument("note", type=Path)
    install.add_argument("--test", action="store_true", help="with the packages that the tests need")
    commands.add_parser("go", help="print how to run Go: its path and environment, NAME=VALUE, one a line")
    commands.add_parser("clean", help="remove the tool folder")
    arguments = parser.parse_args()
    folders = Folders.from_environment()
    try:
        if arguments.command == "clean":
            say(f"removed {folders.tools}" if folders.remove() else f"there is no {folders.tools}")
            return 0
        folders.claim()
        with folders.locked():
            if arguments.command == "go":
                _print_go(Go.find_or_install(folders))
            else:
                lock = TEST_LOCK if arguments.test else DEPLOY_LOCK
                request = Request(read_request(), _providers(), lock)
                write_note(install_toolset(folders, request), arguments.note)
    except InstallError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next run goes on from here")
        return 130
    return 0


def _providers() -> str:
    """`$PROVIDERS`: empty, `official`, or a folder, made absolute."""
    providers = os.environ.get("PROVIDERS", "")
    return providers if providers in ("", "official") else str(Path(providers).absolute())


def _print_go(go: Go) -> None:
    for line in (go.executable, *(f"{name}={value}" for name, value in go.environment.items())):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
