"""`timer`: have `up` run by a schedule, so that renewals need no person, and metrics written every five minutes."""

import os
import pwd
import shutil
import subprocess
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..console import OperationError, say
from ..engine import Engine
from ..private_files import write_whole
from .jobs import Caller
from .others import crontab, github, gitlab
from .systemd import units
from .when import When

_UNITS = Path("/etc/systemd/system")
_BOOTED = Path("/run/systemd/system")
"""It is there where systemd runs the machine (sd_booted(3))."""
_EVERYBODY = 0o644
_OTHERS = 0o077


def timer_options(command: ArgumentParser) -> None:
    """The options of the command."""
    command.add_argument(
        "--at",
        type=When.parse,
        default="04:10",
        metavar="TIME",
        help="when up runs: HH:MM or DAY HH:MM; default: 04:10",
    )
    command.add_argument(
        "--collect-garbage", type=When.parse, metavar="TIME", help='run collect-garbage then, for example "Sun 03:00"'
    )
    command.add_argument("--metrics", default="", metavar="FILE", help="write metrics there every five minutes")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--install", action="store_true", help="install the units and start their timers (root)")
    form.add_argument("--output", default="", metavar="FOLDER", help="write the units there; default: print them")
    form.add_argument("--cron", action="store_true", help="print lines for a crontab instead")
    form.add_argument("--github", action="store_true", help="print a workflow of GitHub Actions instead")
    form.add_argument("--gitlab", action="store_true", help="print a job of GitLab CI instead")


def timer(engine: Engine, options: Namespace) -> int:
    """Print, write or install what runs the commands of a stack by a schedule; ``options`` as above.

    Raises:
        OperationError: systemd does not run here, a file cannot be written, or others may read a secret.
    """
    stack, caller = engine.stack, Caller(engine.stack)
    if options.github or options.gitlab:
        print((github if options.github else gitlab)(stack, options), end="", flush=True)
        return 0
    if options.cron:
        print(crontab(caller, options), end="", flush=True)
        return 0
    found = units(caller, options, pwd.getpwuid(os.geteuid()).pw_name)
    if options.install:
        _install(caller, found)
    elif options.output:
        _write(Path(options.output), found)
    else:
        print("\n".join(f"# {name}\n{text}" for name, text in found.items()), end="", flush=True)
    return 0


def _write(folder: Path, found: dict[str, str]) -> None:
    for name, text in found.items():
        try:
            write_whole(folder / name, text, _EVERYBODY)
        except OSError as error:
            raise OperationError(f"{folder / name} cannot be written: {error.strerror}") from None
        say(f"wrote {folder / name}")


def _install(caller: Caller, found: dict[str, str]) -> None:
    systemctl = shutil.which("systemctl")
    if not systemctl or not _BOOTED.is_dir():
        raise OperationError("systemd does not run this machine", "--cron prints lines for a crontab")
    if os.geteuid() != 0:
        raise OperationError(
            "only root may install units",
            f"write them with --output FOLDER, copy them to {_UNITS} as root, and enable the timers",
        )
    secrets = Path(caller.environment_file)
    if secrets.exists() and secrets.stat().st_mode & _OTHERS:
        raise OperationError(f"others than its owner may read {secrets}", f"chmod 600 {secrets}")
    _write(_UNITS, found)
    timers = [name for name in found if name.endswith(".timer")]
    for command in (["daemon-reload"], ["enable", "--now", *timers]):
        done = subprocess.run([systemctl, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise OperationError(f"`systemctl {' '.join(command)}` failed: {done.stderr.strip()}")
    say(f"`systemctl list-timers '{caller.unit}-*'` tells when they run, `journalctl --unit UNIT` what came of it")
