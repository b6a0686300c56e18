"""`preview`: show what `up` would do, judge it by the policy pack, refuse to lose data, and leave nothing."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from .config_copy import remove_copy
from .console import say
from .data_loss import read_plan, refuse_losses
from .engine import Engine
from .policies import policy_arguments
from .prepare import prepare
from .previewed import Step, steps_of
from .state import State


def preview(engine: Engine, arguments: Sequence[str]) -> int:
    """Show what would change; ``arguments`` go to `pulumi preview`. Returns the exit code.

    A clone's stack that was not there before is not there afterwards. In other projects the policy pack is the one
    that ``arguments`` name.
    """
    prepare(engine.stack)
    policies = policy_arguments(engine.stack)
    state = engine.export()
    if state is not None:
        return _preview(engine, state, [*policies, *arguments])
    state = engine.create()
    try:
        return _preview(engine, state, [*policies, *arguments])
    finally:
        engine.remove(remove_backups=True)
        remove_copy(engine.stack)


def preview_steps(engine: Engine, plan: Path | None = None) -> tuple[State | None, list[Step]]:
    """The stack's state (None when there is none) and what `up` would do to each resource; leaves nothing either.

    Args:
        plan: where the engine writes its plan, secrets shown; only where they are needed.

    Raises:
        OperationError: the program refuses its configuration or cannot be run; the message is the program's own.
    """
    state = engine.export()
    if state is not None:
        return state, steps_of(engine.previewed(state, plan), state.resources)
    state = engine.create()
    try:
        return None, steps_of(engine.previewed(state, plan))
    finally:
        engine.remove(remove_backups=True)
        remove_copy(engine.stack)


def _preview(engine: Engine, state: State, arguments: Sequence[str]) -> int:
    """The exit code of the preview; what it would do is read from a plan, which is then removed."""
    with tempfile.TemporaryDirectory(prefix="portus-stack-") as folder:
        plan = Path(folder) / "plan.json"
        code = min(engine.configured(state, "preview", "--save-plan", str(plan), *arguments), 1)
        say("the plan was read for lost data, and is removed")
        if code == 0:
            refuse_losses(read_plan(plan), engine.stack)
    return code
