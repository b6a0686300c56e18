"""`backup`: make one now."""

from ..console import say
from ..engine import Engine
from .container import backup_container
from .snapshots import snapshots_of


def backup(engine: Engine, name: str) -> int:
    """Make a backup of the PortusStack ``name`` and wait for it; "" is the only one.

    Raises OperationError when it fails; what was there before stays.
    """
    container = backup_container(engine, name)
    container.must("backup.sh")
    made = snapshots_of(container)[-1]
    say(f"backup {made.id} of {made.time} is whole; `{engine.stack.command('backups', name)}` lists all")
    return 0
