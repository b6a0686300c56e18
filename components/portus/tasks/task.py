"""What bootstrap and smoke check have in common: Python scripts in a container that retry until done, then idle.

A provider's wait sees a health check, never an exit code (architecture: "Tasks on Docker"), so being done is what the
probe tells.
"""

import json
from collections.abc import Mapping
from importlib.resources import files

import pulumi

from ..credentials import Credentials
from ..naming import files_path
from ..topology import File, Limits, Probe, Security

SETTINGS = files_path("settings.json")
CA = files_path("ca.crt")
REPOSITORY = "smoke-check"
"""What the smoke check pushes, in its user's own namespace: Portus tells how that is called."""
BOT_PASSWORD = files_path("bot-password")

_NOBODY = "65534:65534"
_SHARED = ("http_client.py", "portus_client.py", "task.py")


def script_files(*names: str) -> tuple[File, ...]:
    """The named scripts and the modules they share, as files side by side."""
    folder = files(__package__) / "scripts"
    return tuple(File(files_path(name), (folder / name).read_text(encoding="utf-8")) for name in (*names, *_SHARED))


def settings_file(settings: Mapping[str, object] | pulumi.Output[dict[str, object]]) -> File:
    """The script's settings, nothing secret among them."""
    return File(SETTINGS, pulumi.Output.from_input(settings).apply(_as_text))


def bot_password_file(credentials: Credentials) -> File:
    """What the smoke check's user signs in with."""
    return File(BOT_PASSWORD, credentials.bot_password, secret=True, holds="smoke check's password")


def _as_text(settings: object) -> str:
    return json.dumps(settings, indent=1, sort_keys=True)


def ending(seconds: int) -> tuple[str, ...]:
    """Arguments that make a script end: with 0 when it is done, with 1 after ``seconds`` without success."""
    return ("--within", str(seconds))


PROBE = Probe(("test", "-f", "/tmp/done"))
LIMITS = Limits(memory_mib=128, cpus=1.0)
SECURITY = Security(user=_NOBODY)
SCRATCH = ("/tmp",)
STOP_SECONDS = 5
