"""Official tools or ones made here: decided by trying, said aloud, remembered, so that the two never mix silently."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from .console import InstallError, say
from .folders import Folders

LOCAL = "local"
OFFICIAL = "official"
AUTO = "auto"


@dataclass(frozen=True)
class Choice:
    """Which toolchain a tool folder works with."""

    toolchain: str
    """`official` or `local`."""

    pulumi: str
    """The official `pulumi` program; empty for `local`, whose engine is in the tool folder."""

    reason: str
    """Why, in a few words."""


def read_request(environment: Mapping[str, str] = os.environ) -> str:
    """What the user asked for: `$TOOLCHAIN`, default `auto`.

    Raises:
        InstallError: it is none of `auto`, `local`, `official`.
    """
    request = environment.get("TOOLCHAIN") or AUTO
    if request not in (AUTO, LOCAL, OFFICIAL):
        raise InstallError(f"TOOLCHAIN={request}: it is one of auto (the default), official, local")
    return request


def choose(request: str, folders: Folders, official: Callable[[], Choice]) -> Choice:
    """Decide, and say so. `auto` keeps to what was decided before as long as that is still there.

    Args:
        official: gets the official tools ready and says where they are, or raises InstallError.

    Raises:
        InstallError: `official` was asked for and cannot be had.
    """
    if request == LOCAL:
        return _remember(folders, Choice(LOCAL, "", "asked for with TOOLCHAIN=local"))
    remembered = recall(folders)
    if request == AUTO and remembered is not None:
        return remembered
    try:
        return _remember(folders, official())
    except InstallError as error:
        if request == OFFICIAL:
            raise
        return _remember(folders, Choice(LOCAL, "", f"no official one: {error}"))


def recall(folders: Folders) -> Choice | None:
    """The choice made before, unless its `pulumi` has gone since."""
    try:
        choice = Choice(**json.loads(_file(folders).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return choice if choice.toolchain == LOCAL or os.access(choice.pulumi, os.X_OK) else None


def _remember(folders: Folders, choice: Choice) -> Choice:
    _file(folders).write_text(json.dumps(asdict(choice), indent=2) + "\n")
    say(f"using the {choice.toolchain} toolchain ({choice.reason})")
    return choice


def _file(folders: Folders) -> Path:
    return folders.tools / "choice.json"
