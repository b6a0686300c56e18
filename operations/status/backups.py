"""What became of backups, as the container that makes them tells."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from ..recorded import Recorded
from .model import Backups, Drill, Waiting
from .times import parsed

_ROLE = "backup"
_COMMAND = ("bash", "/etc/portus-stack/report.sh")

Ask = Callable[[str, Sequence[str]], "str | None"]


def backups_of(recorded: Recorded, ask: Ask) -> Backups | None:
    """The backups of one PortusStack; None when it makes none, or while its container does not run."""
    if all(process.name != _ROLE for process in recorded.processes):
        return None
    printed = ask(recorded.resource(_ROLE), _COMMAND)
    if printed is None:
        return None
    words = dict(line.partition(" ")[::2] for line in printed.splitlines())
    return Backups(
        name=recorded.name,
        succeeded_at=parsed(words.get("succeeded", "")),
        failure=words.get("failed", ""),
        foreign=words.get("repository") == "foreign",
        waiting=_waiting(words, "backup"),
        drill=_drill(words.get("drilled", "")),
        drill_waiting=_waiting(words, "drill"),
    )


def _waiting(words: Mapping[str, str], what: str) -> Waiting | None:
    since, pause = parsed(words.get(f"{what}_waiting", "")), words.get(f"{what}_pause", "")
    return Waiting(since, timedelta(seconds=int(pause))) if since and pause.isdigit() else None


def _drill(line: str) -> Drill | None:
    """``succeeded|failed TIME SNAPSHOT WORDS``, as drill.sh writes it."""
    result, _, rest = line.partition(" ")
    time, _, rest = rest.partition(" ")
    snapshot, _, words = rest.partition(" ")
    at = parsed(time)
    return Drill(at, snapshot, result == "succeeded", words) if at else None
