"""`up`: deploy, and say how to use what was deployed."""

from collections.abc import Sequence

from .console import OperationError, say
from .engine import Engine
from .health import wait_until_well
from .networks import ensure_room
from .prepare import ensure_docker, ensure_images, ensure_provider
from .private_files import make_private
from .repair import repair
from .state import State


def up(engine: Engine, arguments: Sequence[str]) -> int:
    """Create or change the stack; ``arguments`` go to `pulumi up`. Returns the exit code."""
    stack = engine.stack
    _ = stack.document  # a stack file that is missing or no YAML is told before anything is installed
    ensure_docker(stack)
    ensure_provider(stack)
    ensure_images(stack)
    make_private(stack.state_folder)
    repaired = repair(engine)
    for failure in repaired.failures:
        say(f"warning: {failure}")
    state = repaired.state or engine.create()
    ensure_room(stack, state)
    if engine.configured(state, "up", "--yes", "--skip-preview", *arguments):
        explain(engine)
        say(f"up did not finish; once the cause is gone, `make up STACK={stack.name}` goes on from here")
        return 1
    deployed = engine.export()
    if deployed is None:
        raise OperationError(f"the stack {stack.name} has gone while it was deployed")
    wait_until_well(engine, deployed)
    print(summary(stack.name, deployed), flush=True)
    return 0


def explain(engine: Engine) -> None:
    """Say what is wrong with the pods of a stack on a cluster, which the engine's messages only half tell."""
    state = engine.export()
    if not engine.stack.on_kubernetes or state is None:
        return
    from .cluster import unwell  # noqa: PLC0415 - its client takes half a second to import

    try:
        for reason in unwell(engine, state):
            say(f"the cluster says of {reason}")
    except OperationError as error:  # the failure itself has been told
        say(f"warning: {error}")


def summary(stack: str, state: State) -> str:
    """Where the stack is and how to use it; nothing secret."""
    outputs = {key: str(value) for key, value in state.outputs.items() if isinstance(value, str)}
    registry, user = outputs.get("registry_url", ""), outputs.get("administrator_username", "")
    lines = [
        "",
        f"Portus        {outputs.get('portus_url', '')}",
        f"Registry      {registry}",
        f"Sign in as    {user}; the password: make -s outputs STACK={stack} SHOW_SECRETS=1",
        f"Certificates  expire at {outputs.get('certificates_expire_at', '')}; `make up` renews them in time",
        "",
        "Once on each machine with a docker client (here as root: the CA, and the host names where they lead nowhere):",
        f"  make trust STACK={stack}",
        "Then:",
        f"  docker login --username {user} {registry}",
        f"  docker tag IMAGE {registry}/{user}/IMAGE && docker push {registry}/{user}/IMAGE",
    ]
    if state.outputs.get("stand_in") is True:
        lines += ["", "A test double stands in for Portus: this stack is for tests and trials, never for production."]
    return "\n".join(lines)
