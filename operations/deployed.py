"""A PortusStack as it was deployed: what commands begin with that work inside it."""

from dataclasses import dataclass

from .choice import part_of
from .console import OperationError
from .engine import Engine
from .recorded import Recorded, recorded_in
from .state import State


@dataclass(frozen=True)
class Deployed:
    """One PortusStack, in the state that was just read; ``state`` is its part of it."""

    engine: Engine
    state: State
    recorded: Recorded

    def has(self, process: str) -> bool:
        """Whether it has a role or task of that name."""
        return any(each.name == process for each in self.recorded.processes)


def deployed(engine: Engine, given: str) -> Deployed:
    """The PortusStack ``given``, or the only one of the engine's stack.

    Raises:
        OperationError: it is not deployed, or it has to be chosen among several.
    """
    stack = engine.stack
    state = engine.export()
    missing = OperationError(f"the stack {stack.name} is not deployed", f"`{stack.command('up')}` deploys it")
    if state is None or not state.portus_stacks:
        raise missing
    _, part = part_of(state, given)
    recorded = next(iter(recorded_in(part)), None)
    if recorded is None:  # `up` was interrupted before it had got so far
        raise missing
    return Deployed(engine, part, recorded)
