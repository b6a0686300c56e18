"""`status`: tell how a stack is."""

import json
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial

from ..console import OperationError, say
from ..engine import Engine
from ..prepare import ensure_provider
from ..previewed import steps_of
from ..recorded import Recorded
from ..state import State
from . import docker, kubernetes
from .model import MISSING, RoleStatus, Running, Status
from .records import records_of
from .report import document, table
from .stack_state import certificates_in, recorded_in, smoke_check_in

Source = Callable[[Engine, State], dict[str, Running]]
"""Resource name → how it runs, for every process of the stack that its target has to run."""
_SOURCES: dict[str, Source] = {"docker": docker.running, "kubernetes": kubernetes.running}
"""Target → its source."""
_OUTPUTS = {"docker": docker.output_of, "kubernetes": kubernetes.output_of}
"""Target → how a command is run inside one of its containers."""
_WELL, _ATTENTION, _UNKNOWN = 0, 1, 3
_WRONG = {"update": "is not as it was deployed", "delete": "is gone"}


def status(engine: Engine, options: Namespace) -> int:
    """Print the status; returns 0 when all is well, 1 when something needs attention, 3 when it cannot be told.

    Args:
        options: ``json``, whether to print JSON; ``no_drift``, whether to leave the look for drift out.
    """
    try:
        found = status_of(engine, look_for_drift=not options.no_drift)
    except OperationError as error:
        say(f"error: {error}")
        if options.json:
            print(json.dumps({"stack": engine.stack.name, "well": None, "error": str(error)}, indent=2))
        return _UNKNOWN
    print(document(found) if options.json else table(found), flush=True)
    return _ATTENTION if found.problems else _WELL


def status_of(engine: Engine, look_for_drift: bool) -> Status:
    """How the engine's stack is. Raises OperationError when there is none, or when a host does not answer."""
    stack = engine.stack.name
    state = engine.export()
    if state is None or not (recorded := recorded_in(state)):
        raise OperationError(f"the stack {stack} is not deployed", f"`make up STACK={stack}` deploys it")
    running: dict[str, Running] = {}
    for target in {each.target for each in recorded}:
        running |= _source(target)(engine, state)
    return Status(
        stack=stack,
        now=datetime.now(timezone.utc),
        roles=[role for each in recorded for role in _roles(each, running)],
        certificates=certificates_in(state),
        smoke_check=smoke_check_in(state),
        records=[found for each in recorded if (found := records_of(each, partial(_output, each, engine, state)))],
        drift=_drift(engine, state) if look_for_drift else None,
    )


def _output(recorded: Recorded, engine: Engine, state: State, name: str, command: Sequence[str]) -> str | None:
    return _OUTPUTS[recorded.target](engine, state, name, command)


def _source(target: str) -> Source:
    if target not in _SOURCES:
        raise OperationError(f"the status of a stack on {target} cannot be told yet", "ask its target")
    return _SOURCES[target]


def _roles(recorded: Recorded, running: dict[str, Running]) -> list[RoleStatus]:
    """In start order; a recorded process that the target does not have is missing."""
    found = []
    for process in recorded.processes:
        absent = Running(process.name, "", MISSING, None, None)
        one = replace(running.get(recorded.resource(process.name), absent), role=process.name)
        found.append(RoleStatus(recorded.name, process.kind, process.image, process.memory_mib, one))
    return found


def _drift(engine: Engine, state: State) -> list[str]:
    ensure_provider(engine.stack)
    steps = steps_of(engine.refreshed(state))
    return [f"{each.name} {_WRONG[each.change]}" for each in steps if each.change in _WRONG]
