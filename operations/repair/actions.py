"""Does what the findings ask for, and says each thing it does. Never removes a volume that has a name."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from docker import APIClient
from docker.errors import APIError, NotFound

from ..console import OperationError, say
from ..engine import Engine
from ..state import Resource, State
from .survey import DockerObject

Clients = Mapping[str, APIClient]
"""Clients by the URN of their host's provider."""


def remove(clients: Clients, found: Sequence[DockerObject], why: str) -> None:
    """Remove containers, with the volumes that Docker made for them unasked, and networks.

    Raises OperationError for a volume and for what Docker refuses.
    """
    for each in found:
        client = clients[each.host]
        if each.kind == "container":
            remove_object(each, partial(client.remove_container, each.id, v=True, force=True))
        elif each.kind == "network":
            remove_object(each, partial(_remove_network, client, each.id))
        else:
            raise OperationError(f"{each} holds data: it is not for repair to remove")
        say(f"removed {each}: {why}")


def _remove_network(client: APIClient, network: str) -> None:
    """Nothing of ours is attached any more; what else is, is let go."""
    for container in client.inspect_network(network).get("Containers") or {}:
        client.disconnect_container_from_network(container, network, force=True)
    client.remove_network(network)


def clear_pending(engine: Engine, state: State) -> None:
    """Drop the pending operations: what they left on the hosts is seen to before, and the next `up` does them again.

    The engine drops all or none; where others are pending in the program, nobody here knows what those left.
    """
    if state.others_pending:
        names = ", ".join(each.resource.name for each in state.others_pending)
        say(f"warning: pending operations stay, as {names} is not of a PortusStack; `pulumi refresh` asks for them")
        return
    engine.import_state(state.text)
    for operation in state.pending:
        say(f"cleared the pending operation: {operation.type} {operation.resource.name}")


def forget(engine: Engine, state: State, gone: Sequence[Resource]) -> None:
    """Let the engine see for itself that these are gone, so that the next `up` makes them again."""
    targets = [word for each in gone for word in ("--target", each.urn)]
    if engine.configured(state, "refresh", "--yes", "--skip-preview", *targets):
        raise OperationError("the engine could not refresh what is gone (see above)", "correct the cause, try again")
    for each in gone:
        kind = each.kind or each.type.rpartition(":")[2]
        loss = ", and the data in it is gone with it" if kind in ("volume", "PersistentVolumeClaim") else ""
        say(f"{kind} {each.object_name or each.name} is gone{loss}: `up` makes it again")


def keep(engine: Engine, state: State, late: Sequence[tuple[DockerObject, Resource]]) -> None:
    """Let the engine see that these became ready after all, so that the next `up` does not make them anew."""
    targets = [word for _, each in late for word in ("--target", each.urn)]
    if engine.configured(state, "refresh", "--yes", "--skip-preview", *targets):
        raise OperationError("the engine could not refresh what is ready (see above)", "correct the cause, try again")
    for each, _ in late:
        say(f"kept {each}: it became ready after `up` had given up waiting for it")


def start(clients: Clients, stopped: Sequence[DockerObject]) -> list[str]:
    """Start containers that somebody stopped; what could not be started, with Docker's own words."""
    failures = []
    for each in stopped:
        client = clients[each.host]
        try:
            client.unpause(each.id) if each.status == "paused" else client.start(each.id)
        except APIError as error:
            failures.append(f"{each} ({each.status}) could not be started: {error.explanation}")
        else:
            say(f"started {each}, which was {each.status}")
    return failures


def remove_object(found: DockerObject, action: Callable[[], None]) -> None:
    """Remove an object with ``action``; one that has gone meanwhile is as good. Raises OperationError."""
    try:
        action()
    except NotFound:
        return
    except APIError as error:
        raise OperationError(f"{found} could not be removed: {error.explanation}") from error
