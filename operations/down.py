"""`down`: remove a stack, and make sure that nothing of it is left."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from .config_copy import remove_copy
from .console import OperationError, say
from .docker_hosts import DockerHost, connected, hosts_of
from .engine import Engine
from .prepare import prepare
from .repair import repair
from .repair.actions import remove_object
from .repair.survey import survey
from .stack import Stack
from .state import State
from .trusted import trusted
from .up import unasked


def down(engine: Engine, arguments: Sequence[str]) -> int:
    """Remove what the stack deployed; ``arguments`` go to `pulumi destroy`. Returns the exit code.

    In a clone nothing is asked, and the stack itself goes too; elsewhere `pulumi` shows what it will do and asks,
    unless ``arguments`` say otherwise, and the empty stack stays with its history.

    Raises:
        OperationError: something is protected (then nothing was removed), or something could not be removed.
    """
    stack = engine.stack
    state = engine.export()
    if state is None:
        remove_copy(stack)
        say(f"there is no stack {stack.name}: nothing to remove")
        return 0
    refuse_protected(stack, state)
    prepare(stack)
    repaired = repair(engine, restart=False).state or state
    hosts = hosts_of(state, engine)
    if engine.configured(repaired, "destroy", *unasked(stack), *arguments):
        say(f"down did not finish; once the cause is gone, `{stack.command('down')}` goes on from here")
        return 1
    rest = engine.export()
    if rest is not None and any(each.type != "pulumi:pulumi:Stack" for each in rest.resources):
        say("some resources are left, as the arguments asked for; the stack stays")
        return 0
    _remove_rest(stack, state, hosts)
    if stack.project.clone:
        engine.remove(remove_backups=not state.retains_data)
        remove_copy(stack)
        say(f"removed the stack {stack.name}")
    else:
        say(f"removed what {stack.name} deployed; `pulumi stack rm {stack.name}` forgets the stack")
    for name in trusted(stack):
        say(f"this machine still trusts the CA of {name}: `{stack.command('untrust', name)}` ends that")
    return 0


def refuse_protected(stack: Stack, state: State) -> None:
    """Raises OperationError when something in the state is protected."""
    if state.protected:
        names = "\n".join(f"    {each.kind or each.type.rpartition(':')[2]} {each.name}" for each in state.protected)
        raise OperationError(
            f"the stack {stack.name} is protected; nothing was removed. Protected are:\n{names}",
            "to give its data up: set data.protect to false, then "
            f"`{stack.command('up')}`, then `{stack.command('down')}`",
        )


def _remove_rest(of: Stack, before: State, hosts: Mapping[str, DockerHost]) -> None:
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
        raise OperationError(f"still there: {', '.join(rest)}", f"run `{of.command('down')}` again")
