"""`up`: deploy, and say how to use what was deployed."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from .console import OperationError, say
from .engine import Engine
from .health import wait_until_well
from .networks import ensure_room
from .prepare import prepare
from .private_files import make_private
from .repair import repair
from .stack import Stack
from .state import Object


def up(engine: Engine, arguments: Sequence[str]) -> int:
    """Create or change the stack; ``arguments`` go to `pulumi up`. Returns the exit code.

    In a clone nothing is asked; elsewhere `pulumi` shows what it will do and asks, unless ``arguments`` say otherwise.
    """
    stack = engine.stack
    prepare(stack, images=True)
    if stack.project.clone:
        make_private(stack.state_folder)
    repaired = repair(engine)
    for failure in repaired.failures:
        say(f"warning: {failure}")
    state = repaired.state or engine.create()
    ensure_room(stack, state)
    if engine.configured(state, "up", *unasked(stack), *arguments):
        explain(engine)
        say(f"up did not finish; once the cause is gone, `{stack.command('up')}` goes on from here")
        return 1
    deployed = engine.export()
    if deployed is None:
        raise OperationError(f"the stack {stack.name} has gone while it was deployed")
    wait_until_well(engine, deployed)
    for name, portus_stack in deployed.portus_stacks.items():
        print(summary(stack, name, portus_stack.outputs), flush=True)
    return 0


def unasked(stack: Stack) -> list[str]:
    """Options with which `pulumi` neither previews nor asks: for a clone, whose commands are for its stacks alone."""
    return ["--yes", "--skip-preview"] if stack.project.clone else []


def explain(engine: Engine) -> None:
    """Say what is wrong with the pods of a stack on a cluster, which the engine's messages only half tell."""
    state = engine.export()
    parts = state.parts_on_clusters if state else []
    if not parts:
        return
    from .cluster import unwell  # noqa: PLC0415 - its client takes half a second to import

    try:
        for part in parts:
            for reason in unwell(engine, part):
                say(f"the cluster says of {reason}")
    except OperationError as error:  # the failure itself has been told
        say(f"warning: {error}")


def summary(stack: Stack, name: str, of_it: Object) -> str:
    """Where the PortusStack ``name`` with the outputs ``of_it`` is, and how to use it; nothing secret."""
    outputs = {key: str(value) for key, value in of_it.items() if isinstance(value, str)}
    portus, renewal = outputs.get("portus_url", ""), outputs.get("certificates_expire_at", "")
    registry, user = outputs.get("registry_url", ""), outputs.get("administrator_username", "")
    # Elsewhere no stack file says the names, and the state must not choose them (trust.py).
    names = "" if stack.project.clone else f" {registry} {urlsplit(portus).netloc}"
    lines = [
        "",
        f"Portus        {portus}",
        f"Registry      {registry}",
        f"Sign in as    {user}; the password: {stack.command('outputs', name, SHOW_SECRETS='1')}",
        f"Certificates  expire at {renewal}; `{stack.command('up')}` renews them in time",
        "",
        "Once on each machine with a docker client (here as root: the CA, and the host names where they lead nowhere):",
        f"  {stack.command('trust', name)}{names}",
        "Then:",
        f"  docker login --username {user} {registry}",
        f"  docker tag IMAGE {registry}/{user}/IMAGE && docker push {registry}/{user}/IMAGE",
    ]
    if of_it.get("stand_in") is True:
        lines += ["", "A test double stands in for Portus: this stack is for tests and trials, never for production."]
    return "\n".join(lines)
