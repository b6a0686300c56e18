"""Which PortusStack a command is about: a program may deploy several."""

from collections.abc import Iterable

from .console import OperationError
from .state import State


def chosen(names: Iterable[str], given: str) -> str:
    """The name that was given with ``--name``, or the only one there is.

    Raises:
        OperationError: there is none, none of that name, or several without a choice; the message lists the names.
    """
    found = sorted(set(names))
    if not found:
        raise OperationError("the program deploys no PortusStack", "choose a stack that has one")
    if given in found:
        return given
    listing = ", ".join(found)
    if given:
        raise OperationError(f"there is no PortusStack {given} in this stack", f"give --name one of: {listing}")
    if len(found) > 1:
        raise OperationError(f"this stack has {len(found)} PortusStacks", f"give --name one of: {listing}")
    return found[0]


def part_of(state: State, given: str) -> tuple[str, State]:
    """The name of the chosen PortusStack and its part of the state. Raises OperationError like :func:`chosen`."""
    name = chosen(state.portus_stacks, given)
    return name, state.only(name)
