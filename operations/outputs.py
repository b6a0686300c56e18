"""`outputs`: what a PortusStack tells, as JSON on stdout."""

import json

from .choice import part_of
from .console import OperationError
from .engine import Engine
from .state import is_secret, plain


def outputs(engine: Engine, given: str, show_secrets: bool) -> int:
    """Print the outputs of one PortusStack; a secret as ``"[secret]"`` unless ``show_secrets``.

    Args:
        given: its name; "" for the only one.

    Raises:
        OperationError: there is no such stack, or no such PortusStack in it.
    """
    stack = engine.stack
    state = engine.export(show_secrets)
    if state is None:
        raise OperationError(f"there is no stack {stack.name}", f"`{stack.command('up')}` makes it")
    name, _ = part_of(state, given)
    found = state.portus_stacks[name].outputs
    shown = {key: _shown(value, show_secrets) for key, value in sorted(found.items())}
    print(json.dumps(shown, indent=2, ensure_ascii=False), flush=True)
    return 0


def _shown(value: object, show_secrets: bool) -> object:
    if is_secret(value):
        return plain(value) if show_secrets else "[secret]"
    if isinstance(value, dict):
        return {key: _shown(each, show_secrets) for key, each in value.items()}
    return value
