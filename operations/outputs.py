"""`outputs`: the stack's outputs as JSON on stdout."""

from .console import OperationError
from .engine import Engine


def outputs(engine: Engine, show_secrets: bool) -> int:
    """Print them; a secret as ``"[secret]"`` unless ``show_secrets``. Raises OperationError when there is no stack."""
    name = engine.stack.name
    if engine.export() is None:
        raise OperationError(f"there is no stack {name}", f"`make up STACK={name}` makes it")
    shown = ["--show-secrets"] if show_secrets else []
    print(engine.ask("stack", "output", "--json", *shown), end="", flush=True)
    return 0
