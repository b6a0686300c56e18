"""Jobs as services and timers of systemd.

Sources: systemd.service(5), systemd.timer(5), systemd.exec(5), systemd.syntax(7) for quoting.
"""

import re
from argparse import Namespace
from collections.abc import Mapping, Sequence

from ..console import OperationError
from .jobs import JOBS, Caller, Job

_PLAIN = re.compile(r"[\w./:=@,+-]+")
_CREDENTIAL = "passphrase"

_HARDENED = """\
NoNewPrivileges=yes
ProtectSystem=full
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
UMask=0077"""
"""As far as the engine lets us: it writes into its home and its backend, reads keys in the user's home, and talks to
Docker's socket, which is as good as root whatever stands here."""

_AGAIN = """\
Restart=on-failure
RestartSec=15min"""
_AGAIN_LIMIT = """\
StartLimitIntervalSec=6h
StartLimitBurst=4"""
"""Somebody else's `up` holds the stack's lock: then ours fails and comes back, three times at most."""


def units(caller: Caller, options: Namespace, user: str) -> dict[str, str]:
    """Name of each unit → its text, for every job that was asked for, run as ``user``.

    Raises:
        OperationError: a path has control characters, or others may read the passphrase.
    """
    found = {}
    for job in JOBS:
        when = job.when(options)
        if when is not None:
            name = f"{caller.unit}-{job.name}"
            found[f"{name}.service"] = _service(caller, job, job.steps(options), user)
            found[f"{name}.timer"] = _timer(caller, job, when.calendar)
    return found


def _service(caller: Caller, job: Job, steps: Sequence[Sequence[str]], user: str) -> str:
    lines = [" ".join(_argument(word) for word in caller.words(step)) for step in steps]
    parts = [
        "[Unit]",
        f"Description={_title(caller, job)}",
        "Wants=network-online.target",
        "After=network-online.target docker.service",
        *([_AGAIN_LIMIT] if job.again else []),
        "",
        "[Service]",
        "Type=oneshot",
        f"User={user}",
        *_environment(caller),
        *(f"ExecStartPre={line}" for line in lines[:-1]),
        f"ExecStart={lines[-1]}",
        *([_AGAIN] if job.again else []),
        f"TimeoutStartSec={'2h' if job.again else '15min'}",
        "# The engine finishes what is under way; the others of the group are not ended under its hands.",
        "KillMode=mixed",
        "TimeoutStopSec=10min",
        _HARDENED,
    ]
    return "\n".join(parts) + "\n"


def _timer(caller: Caller, job: Job, calendar: str) -> str:
    late = "RandomizedDelaySec=30min\nPersistent=true" if job.again else "AccuracySec=10s"
    parts = [
        "[Unit]",
        f"Description={_title(caller, job)}",
        "",
        "[Timer]",
        f"OnCalendar={calendar}",
        late,
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join(parts) + "\n"


def _title(caller: Caller, job: Job) -> str:
    return f"PortusStack {caller.stack.name}: {job.title}"


def _environment(caller: Caller) -> list[str]:
    """Variables, and where the secret ones are: a unit file is for everybody to read."""
    lines = [f"Environment={_quoted(f'{name}={value}')}" for name, value in _sorted(caller.environment)]
    lines += [
        "# Variables with secrets, such as PULUMI_ACCESS_TOKEN, one NAME=VALUE a line; a file of root's, mode 0600.",
        f"EnvironmentFile=-{caller.environment_file}",
    ]
    file = caller.passphrase_file
    if file:
        lines += [
            f"LoadCredential={_CREDENTIAL}:{_specifiers(file)}",
            f"Environment=PULUMI_CONFIG_PASSPHRASE_FILE=%d/{_CREDENTIAL}",
        ]
    return lines


def _sorted(values: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(values.items())


def _argument(word: str) -> str:
    """A word of a command line, in which systemd would also expand variables."""
    return _quoted(word.replace("$", "$$"))


def _quoted(word: str) -> str:
    text = _specifiers(word)
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _specifiers(text: str) -> str:
    if not text.isprintable():
        raise OperationError(f"{text!r} has characters that no unit file takes", "choose another path")
    return text.replace("%", "%%")
