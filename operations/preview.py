"""`preview`: show what `up` would do, and leave nothing."""

from collections.abc import Sequence

from .config_copy import remove_copy
from .engine import Engine
from .prepare import ensure_docker
from .previewed import Step, steps_of
from .state import State


def preview(engine: Engine, arguments: Sequence[str]) -> int:
    """Show what would change; ``arguments`` go to `pulumi preview`. Returns the exit code.

    A stack that was not there before is not there afterwards.
    """
    _ = engine.stack.document
    ensure_docker(engine.stack)
    state = engine.export()
    if state is not None:
        return min(engine.configured(state, "preview", *arguments), 1)
    state = engine.create()
    try:
        return min(engine.configured(state, "preview", *arguments), 1)
    finally:
        engine.remove(remove_backups=True)
        remove_copy(engine.stack)


def preview_steps(engine: Engine) -> tuple[State | None, list[Step]]:
    """The stack's state (None when there is none) and what `up` would do to each resource; leaves nothing either.

    Raises:
        OperationError: the program refuses its configuration or cannot be run; the message is the program's own.
    """
    state = engine.export()
    if state is not None:
        return state, steps_of(engine.previewed(state), state.resources)
    try:
        return None, steps_of(engine.previewed(engine.create()))
    finally:
        engine.remove(remove_backups=True)
        remove_copy(engine.stack)
