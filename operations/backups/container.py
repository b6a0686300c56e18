"""The container of the role ``backup``, and the scripts in it."""

from collections.abc import Callable, Sequence

from ..console import OperationError
from ..deployed import Deployed, deployed
from ..engine import Engine
from ..state import State

ROLE = "backup"
FILES = "/etc/portus-stack"
"""Where the scripts lie (components/portus/naming.py says the same)."""

Run = Callable[[Engine, State, str, Sequence[str], str], "tuple[int, str]"]
"""Runs a command inside the container of a resource: exit code and what it printed on its standard output."""


class BackupContainer(Deployed):
    """One PortusStack's."""

    def script(self, name: str, *arguments: str, typed: str = "") -> tuple[int, str]:
        """Run a script, which is given ``typed`` to read; what it says on the way is shown as it comes.

        Raises OperationError when the container does not run.
        """
        return self.command(("bash", f"{FILES}/{name}", *arguments), typed)

    def must(self, name: str, *arguments: str, typed: str = "") -> str:
        """The same; raises OperationError when it fails, too."""
        code, printed = self.script(name, *arguments, typed=typed)
        if code:
            raise OperationError(f"the backup's {name} ended with {code} (see above)", _NEXT)
        return printed

    def command(self, command: Sequence[str], typed: str = "") -> tuple[int, str]:
        """Run any command in it."""
        return _runner(self.recorded.target)(self.engine, self.state, self.recorded.resource(ROLE), command, typed)


_NEXT = "correct what it says, then run this again"


def _runner(target: str) -> Run:
    if target == "kubernetes":
        from ..cluster.inside import run_inside  # noqa: PLC0415 - its client takes half a second to import

        return run_inside
    from ..docker_inside import run_inside as on_docker  # noqa: PLC0415 - one of the two is enough

    return on_docker


def backup_container(engine: Engine, given: str) -> BackupContainer:
    """The container of the PortusStack ``given``, or of the only one of the engine's stack.

    Raises:
        OperationError: it is not deployed, it makes no backups, or it has to be chosen among several.
    """
    found = deployed(engine, given)
    if not found.has(ROLE):
        raise OperationError(
            f"{found.recorded.name} makes no backups",
            f"give it the group `backup`, then run `{engine.stack.command('up')}`",
        )
    return BackupContainer(found.engine, found.state, found.recorded)
