"""The commands behind `toolchain/env` and its neighbours."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .choice import read_request
from .console import InstallError, say
from .docker_engine import ensure_docker
from .folders import Folders
from .go import Go
from .judges import install_judges
from .languages import LANGUAGES, install_language
from .policies import install_policies
from .programs import PROGRAMS, ensure_program
from .python import DEPLOY_LOCK, TEST_LOCK
from .ready import remove_unused, write_note
from .toolset import Request, install_toolset
from .upstream import KUBERNETES, ensure_kubernetes

Installed = TypeVar("Installed")


def main() -> int:
    """Run one command; errors are one message on stderr and status 1."""
    parser = argparse.ArgumentParser(prog="toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    install = commands.add_parser("install", help="install what is missing and write a note for the shell script")
    install.add_argument("note", type=Path)
    install.add_argument("--test", action="store_true", help="with the packages that the tests need")
    commands.add_parser("go", help="print how to run Go: its path and environment, NAME=VALUE, one a line")
    language = commands.add_parser("language", help="build a language host if it is missing, and print its folder")
    language.add_argument("name", choices=sorted(LANGUAGES))
    commands.add_parser(
        "judges", help="install the outside judges that are missing, and print their folders, `:` between"
    )
    provider = commands.add_parser("provider", help="make sure that the shell has a provider that is built when needed")
    provider.add_argument("name", choices=[KUBERNETES])
    commands.add_parser("docker", help="make sure that a Docker engine answers")
    program = commands.add_parser("program", help="make sure that a program of the machine is there")
    program.add_argument("name", choices=sorted(PROGRAMS))
    commands.add_parser("policies", help="make the policy pack ready and print its folder")
    commands.add_parser("clean", help="remove the tool folder")
    arguments = parser.parse_args()
    try:
        _run(arguments, Folders.from_environment())
    except InstallError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next run goes on from here")
        return 130
    return 0


def _run(arguments: argparse.Namespace, folders: Folders) -> None:
    if arguments.command == "docker":
        ensure_docker()
    elif arguments.command == "program":
        ensure_program(arguments.name)
    elif arguments.command == "clean":
        say(f"removed {folders.tools}" if folders.remove() else f"there is no {folders.tools}")
    elif arguments.command == "language":
        print(_locked(folders, lambda: install_language(folders, arguments.name)))
    elif arguments.command == "provider":
        _locked(folders, lambda: ensure_kubernetes(folders))
    elif arguments.command == "judges":
        print(":".join(map(str, _locked(folders, lambda: install_judges(folders)))))
    elif arguments.command == "policies":
        print(_locked(folders, lambda: install_policies(folders)))
    elif arguments.command == "go":
        _print_go(_locked(folders, lambda: Go.find_or_install(folders)))
    else:
        request = Request(read_request(), _providers(), TEST_LOCK if arguments.test else DEPLOY_LOCK)
        _locked(folders, lambda: _install(folders, request, arguments.note))


def _install(folders: Folders, request: Request, note: Path) -> None:
    write_note(install_toolset(folders, request), note)
    remove_unused(folders)


def _locked(folders: Folders, install: Callable[[], Installed]) -> Installed:
    folders.claim()
    with folders.locked():
        return install()


def _providers() -> str:
    """`$PROVIDERS`: empty, `official`, or a folder, made absolute."""
    providers = os.environ.get("PROVIDERS", "")
    return providers if providers in ("", "official") else str(Path(providers).absolute())


def _print_go(go: Go) -> None:
    for line in (go.executable, *(f"{name}={value}" for name, value in go.environment.items())):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
