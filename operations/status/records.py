"""What stands in Portus' database, asked with the bundled MariaDB's own client.

Sources: SUSE/Portus 2.4.3 ``app/models/registry_event.rb`` (a status other than 0 is not done yet), ``config/
initializers/devise.rb`` (ten wrong passwords lock a user for ten minutes).
"""

from collections.abc import Callable, Sequence

from ..recorded import Recorded
from .model import Records

_DATABASE = "database"
_BACKGROUND = "background"
_STUCK_SECONDS = 120
"""Portus takes events every 2 s; one that waits so long was given up or is given up on."""
_LOCKED_MINUTES = 10
_QUERY = f"""
SELECT 'event', id FROM registry_events
 WHERE status <> 0 AND created_at < UTC_TIMESTAMP() - INTERVAL {_STUCK_SECONDS} SECOND
UNION ALL SELECT 'user', username FROM users WHERE locked_at > UTC_TIMESTAMP() - INTERVAL {_LOCKED_MINUTES} MINUTE
"""
_COMMAND = (
    "sh",
    "-c",
    'MYSQL_PWD="$(cat "$MARIADB_PASSWORD_FILE")" '
    'exec mariadb --user="$MARIADB_USER" --batch --skip-column-names "$MARIADB_DATABASE" --execute "$0"',
    _QUERY,
)
"""Its password is in the container, and stays there."""

Ask = Callable[[str, Sequence[str]], "str | None"]
"""Resource name and command → what the command prints inside it, None where that cannot be had."""


def records_of(recorded: Recorded, ask: Ask) -> Records | None:
    """The records of one PortusStack.

    None with an external database, in generation 1 (it handles each event in the registry's request and keeps none),
    and while the database does not run or has no tables yet.
    """
    processes = {process.name for process in recorded.processes}
    if not {_DATABASE, _BACKGROUND} <= processes:
        return None
    printed = ask(recorded.resource(_DATABASE), _COMMAND)
    if printed is None:
        return None
    rows = [line.split("\t", 1) for line in printed.splitlines()]
    users = tuple(value for kind, value in rows if kind == "user")
    return Records(recorded.name, sum(kind == "event" for kind, _ in rows), users)
