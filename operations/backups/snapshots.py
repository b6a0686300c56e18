"""Which backups there are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..console import OperationError
from ..engine import Engine
from .container import BackupContainer, backup_container

COUNTED = ("users", "teams", "namespaces", "repositories", "tags")
_DUMP = "/portus.sql"


@dataclass(frozen=True)
class Snapshot:
    """One backup.

    Attributes:
        id: restic's short id of the database's snapshot, by which the backup is called.
        time: when it was begun, RFC 3339, in UTC.
        layers: restic's id of the layers' snapshot, "" where layers are not in the backups.
        counts: table → rows.
    """

    id: str
    time: str
    layers: str
    counts: Mapping[str, int]


def snapshots_from(text: str) -> list[Snapshot]:
    """What restic printed as JSON, oldest first. A backup has one time, and a snapshot for each of its parts.

    Raises OperationError when it is no such JSON.
    """
    try:
        found: Sequence[Mapping[str, object]] = json.loads(text or "null") or []
        layers = {str(each["time"]): str(each["short_id"]) for each in found if each["paths"] != [_DUMP]}
        dumps = [each for each in found if each["paths"] == [_DUMP]]
        return sorted((_snapshot(each, layers.get(str(each["time"]), "")) for each in dumps), key=lambda one: one.time)
    except (ValueError, KeyError, TypeError) as error:
        raise OperationError(f"restic's list of snapshots has an unknown form ({type(error).__name__})") from error


def _snapshot(each: Mapping[str, object], layers: str) -> Snapshot:
    tags = each.get("tags")
    words = dict(str(tag).partition("=")[::2] for tag in (tags if isinstance(tags, list) else []))
    counts = {key: int(words[key]) for key in COUNTED if key in words}
    return Snapshot(str(each["short_id"]), str(each["time"]), layers, counts)


def snapshots_of(container: BackupContainer) -> list[Snapshot]:
    """The whole backups of a PortusStack, oldest first. Raises OperationError when they cannot be read."""
    return snapshots_from(container.must("snapshots.sh"))


def backups(engine: Engine, name: str) -> int:
    """Print the backups of the PortusStack ``name``, oldest first, one a line; "" is the only one."""
    found = snapshots_of(backup_container(engine, name))
    if not found:
        raise OperationError("there is no backup yet", f"`{engine.stack.command('backup', name)}` makes one now")
    rows = [("backup", "time", *COUNTED), *((each.id, each.time, *_cells(each)) for each in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _cells(each: Snapshot) -> tuple[str, ...]:
    return tuple(str(each.counts.get(key, "-")) for key in COUNTED)
