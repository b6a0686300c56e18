"""`down`: remove a stack, and make sure that nothing of it is left."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from .config_copy import remove_copy
from .console import OperationError, say
from .docker_hosts import DockerHost, connected, hosts_of
from .engine import Engine
from .prepare import ensure_docker, ensure_provider
from .repair import repair
from .repair.actions import remove_object
from .repair.survey import survey
from .state import State
from .trust import trusted


def down(engine: Engine, arguments: Sequence[str]) -> int:
    """Remove the stack; ``arguments`` go to `pulumi destroy`. Returns the exit code.

    Raises:
        OperationError: something is protected (then nothing was removed), or something could not be removed.
    """
    stack = engine.stack
    state = engine.export()
    if state is None:
        remove_copy(stack)
        say(f"there is no stack {stack.name}: nothing to remove")
        return 0
    refuse_protected(stack.name, state)
    ensure_docker(stack)
    ensure_provider(stack)
    repaired = repair(engine, restart=False).state or state
    hosts = hosts_of(state, engine)
    if engine.configured(repaired, "destroy", "--yes", "--skip-preview", *arguments):
        say(f"down did not finish; once the cause is gone, `make down STACK={stack.name}` goes on from here")
        return 1
    rest = engine.export()
    if rest is not None and any(each.type != "pulumi:pulumi:Stack" for each in rest.resources):
        say("some resources are left, as the arguments asked for; the stack stays")
        return 0
    _remove_rest(state, hosts)
    engine.remove(remove_backups=not state.retains_data)
    remove_copy(stack)
    say(f"removed the stack {stack.name}")
    if trusted(stack):
        say(f"this machine still trusts its CA: `make untrust STACK={stack.name}` ends that")
    return 0


def refuse_protected(stack: str, state: State) -> None:
    """Raises OperationError when something in the state is protected."""
    if state.protected:
        names = "\n".join(f"    {each.kind or each.type.rpartition(':')[2]} {each.name}" for each in state.protected)
        raise OperationError(
            f"the stack {stack} is protected; nothing was removed. Protected are:\n{names}",
            "to give its data up: set data.protect to false in its stack file, then "
            f"`make up STACK={stack}`, then `make down STACK={stack}`",
        )


def _remove_rest(before: State, hosts: Mapping[str, DockerHost]) -> None:
    """What the engine did not know of: volumes of interrupted creations. Raises OperationError when more is left."""
    with ExitStack() as stack:
        clients = {urn: stack.enter_context(connected(host)) for urn, host in hosts.items()}
        found = [each for host, client in clients.items() for each in survey(host, client)]
        left = {(each.kind, each.id): each for each in found if each.deployment in before.deployments}.values()
        volumes = [each for each in left if each.kind == "volume"]
        if before.retains_data:
            for each in volumes:
                say(f"kept {each}, as data.retain asks; `docker volume rm {each.name}` removes it for good")
        else:
            for each in volumes:
                remove_object(each, partial(clients[each.host].remove_volume, each.name))
                say(f"removed {each}, which an interrupted `up` had left")
    rest = [str(each) for each in left if each.kind != "volume"]
    if rest:
        raise OperationError(f"still there: {', '.join(rest)}", "run `make down` again")
