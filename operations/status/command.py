"""`status`: tell how a stack is."""

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from importlib import import_module
from typing import Protocol, cast

from ..console import OperationError, say
from ..deployed import deployed
from ..engine import Engine
from ..prepare import ensure_provider
from ..previewed import steps_of
from ..recorded import Recorded
from ..state import State
from .backups import backups_of
from .metrics import write_metrics
from .model import MISSING, RoleStatus, Running, Status
from .records import records_of
from .report import document, table
from .stack_state import certificates_in, smoke_check_in


class Source(Protocol):
    """Where it is told how the processes of a target run: a module of this folder."""

    def running(self, engine: Engine, state: State) -> dict[str, Running]:
        """Resource name → how it runs, for every process of the PortusStack that its target has to run."""

    def output_of(self, engine: Engine, state: State, name: str, command: Sequence[str]) -> str | None:
        """What a command prints inside one of its containers."""


_EDGE = "edge"
_HELD = ("sh", "/etc/portus-stack/hold.sh", "held")
_WELL, _ATTENTION, _UNKNOWN = 0, 1, 3
_WRONG = {"update": "is not as it was deployed", "delete": "is gone"}


def status(engine: Engine, options: Namespace) -> int:
    """Print the status; returns 0 when all is well, 1 when something needs attention, 3 when it cannot be told.

    Args:
        options: ``name``, of one of several PortusStacks; ``json``, whether to print JSON; ``metrics``, a file to write
            in place of printing, "" for none: then 0 says that it was written, and the stack may be well or not;
            ``no_drift``, whether to leave the look for drift out.

    Raises:
        OperationError: the file cannot be written.
    """
    try:
        found = status_of(engine, options.name, look_for_drift=not options.no_drift)
    except OperationError as error:
        say(f"error: {error}")
        if options.json:
            print(json.dumps({"stack": engine.stack.name, "well": None, "error": str(error)}, indent=2))
        return _UNKNOWN
    if options.metrics:
        write_metrics(found, options.metrics)
        return _WELL
    print(document(found) if options.json else table(found), flush=True)
    return _ATTENTION if found.problems else _WELL


def status_of(engine: Engine, given: str, look_for_drift: bool) -> Status:
    """How the PortusStack ``given`` is, or the only one of the engine's stack.

    Raises:
        OperationError: it is not deployed, or a host does not answer.
    """
    found = deployed(engine, given)
    recorded, part, name = found.recorded, found.state, found.recorded.name
    source = _source(recorded.target)
    ask = partial(source.output_of, engine, part)
    records, backups = records_of(recorded, ask), backups_of(recorded, ask)
    return Status(
        stack=engine.stack.name,
        now=datetime.now(timezone.utc),
        roles=_roles(recorded, source.running(engine, part)),
        certificates=certificates_in(part),
        smoke_check=smoke_check_in(part.portus_stacks[name].outputs),
        records=[records] if records else [],
        drift=_drift(engine, part) if look_for_drift else None,
        backups=[backups] if backups else [],
        pushes_held=ask(recorded.resource(_EDGE), _HELD) is not None,
        recorded=recorded,
        pending=len(part.pending),
    )


def _source(target: str) -> Source:
    """Imported when it is asked for: a client of Kubernetes need not be there for a stack on Docker."""
    if target not in ("docker", "kubernetes"):
        raise OperationError(f"the status of a stack on {target} cannot be told yet", "ask its target")
    return cast(Source, import_module(f".{target}", __package__))


def _roles(recorded: Recorded, running: dict[str, Running]) -> list[RoleStatus]:
    """In start order; a recorded process that the target does not have is missing."""
    found = []
    for process in recorded.processes:
        absent = Running(process.name, "", MISSING, None, None)
        one = replace(running.get(recorded.resource(process.name), absent), role=process.name)
        found.append(RoleStatus(recorded.name, process.kind, process.image, process.memory_mib, one, process.replicas))
    return found


def _drift(engine: Engine, part: State) -> list[str]:
    ensure_provider(engine.stack)
    ours = {each.urn for each in part.resources}
    steps = [each for each in steps_of(engine.refreshed(part)) if each.urn in ours]
    return [f"{each.name} {_WRONG[each.change]}" for each in steps if each.change in _WRONG]
