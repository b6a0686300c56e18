"""`drill`: try whether the newest backup can be put back."""

from ..console import OperationError, say
from ..engine import Engine
from .container import backup_container


def drill(engine: Engine, name: str) -> int:
    """Restore the newest backup of the PortusStack ``name`` into a database that is thrown away; "" is the only one.

    Its rows are counted, and the images that it names looked for and read. Nothing of the stack is touched.

    Raises OperationError when that backup cannot be put back, or when the drill itself could not be held.
    """
    container = backup_container(engine, name)
    code, printed = container.script("drill.sh")
    rows = [line.split("\t") for line in printed.splitlines()]
    if rows:
        print(f"{'':14}{'backup':>8}{'restored':>10}")
    for table, before, after in rows:
        print(f"{table:14}{before:>8}{after:>10}")
    if code:
        raise OperationError("the drill failed (see above)", "correct what it says, make a backup, then run this again")
    say("the newest backup can be put back")
    return 0
