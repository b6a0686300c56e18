"""What became of backups, as the container that makes them tells."""

from collections.abc import Callable, Sequence

from ..recorded import Recorded
from .model import Backups
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
    )
