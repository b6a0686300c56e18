"""`restore`: put a backup back, into the stack as it runs or into a new one that takes its place."""

from argparse import Namespace
from collections.abc import Mapping, Sequence

from ..console import OperationError, say
from ..data_loss import ALLOWED, allowed_names
from ..engine import Engine
from ..health import wait_until_well
from .container import BackupContainer, backup_container
from .parts import Parts, parts_of
from .recovery_kit import password_of
from .snapshots import COUNTED, Snapshot, snapshots_of

_USERS_OF_DATA = ("registry", "portus", "background")
"""Who uses database and layers, in start order."""
_TASKS = ("bootstrap", "smoke_check")


def restore(engine: Engine, options: Namespace) -> int:
    """Restore database and layers, start everything anew and let the smoke check judge it.

    Whatever ends it half-way, it is run again with the same words. What is there now goes into a backup first.

    Args:
        options: ``name`` of the PortusStack, "" for the only one; ``snapshot``, the id of a backup, "" for the newest;
            ``kit``, the recovery kit of the deployment that made the backups, "" for this one; ``identity``, what the
            kit is opened with instead of a passphrase.

    Raises:
        OperationError: there is no such backup, what is there would be lost, or something failed.
    """
    container = backup_container(engine, options.name)
    if options.kit:
        container.must("join.sh", typed=f"{password_of(options.kit, options.identity)}\n")
    chosen = _chosen(snapshots_of(container), options.snapshot)
    say(f"backup {chosen.id} of {chosen.time}")
    parts = parts_of(container)
    _keep_what_is_there(container, parts)
    with parts:
        present = [part for part in _USERS_OF_DATA if parts.has(part)]
        for part in reversed(present):
            say(f"stopping {part}")
            parts.stop(part)
        container.must("restore.sh", chosen.id, *([chosen.layers] if chosen.layers else []))
        for part in present:
            say(f"starting {part}")
            parts.start(part)
        wait_until_well(engine, container.state)
        for task in _TASKS:
            if parts.has(task):
                say(f"running {task} again")
                parts.run_again(task)
    _tell(chosen, _counts(container))
    return 0


def _chosen(found: Sequence[Snapshot], wanted: str) -> Snapshot:
    matching = [each for each in found if each.id == wanted] if wanted else found[-1:]
    if matching:
        return matching[0]
    if not found:
        raise OperationError("there is no backup in the repository")
    ids = ", ".join(each.id for each in found[-5:])
    raise OperationError(f"there is no backup {wanted}", f"choose one of `backups`: the newest are {ids}")


def _keep_what_is_there(container: BackupContainer, parts: Parts) -> None:
    """A backup of it; nothing where nobody has pushed anything, or where the tables are gone in a former try."""
    counts = _counts(container)
    if not counts.get("foreign"):
        return
    lost = {container.recorded.resource(role, "data") for role in ("database", "registry") if parts.has(role)}
    if missing := lost - allowed_names():
        raise OperationError(
            f"{counts['foreign']} repositories are in this stack; what was pushed since that backup would be gone",
            f"if that is meant: {ALLOWED}={','.join(sorted(lost))} (not yet named: {', '.join(sorted(missing))})",
        )
    say("making a backup of what is there")
    container.must("backup.sh", "--keep-all")


def _counts(container: BackupContainer) -> Mapping[str, int]:
    """Table → rows, as far as there are tables."""
    code, printed = container.script("counts.sh")
    if code:
        return {}
    return {table: int(rows) for table, rows in (line.split("\t") for line in printed.splitlines())}


def _tell(chosen: Snapshot, now: Mapping[str, int]) -> None:
    print(f"{'':14}{'backup':>8}{'now':>8}")
    for key in COUNTED:
        print(f"{key:14}{chosen.counts.get(key, '-'):>8}{now.get(key, '-'):>8}")
    print("Users have the passwords of the backup, the administrator too.", flush=True)
