"""The source of a status on Docker: the daemons' own words."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from docker import APIClient
from docker.errors import APIError, NotFound

from ..docker_hosts import connected, hosts_of
from ..engine import Engine
from ..repair.survey import LABEL_PREFIX
from ..state import Resource, State
from .model import MISSING, Running
from .times import parsed

_ROLE_LABEL = f"{LABEL_PREFIX}.role"


def running(engine: Engine, state: State) -> dict[str, Running]:
    """Name of the resource → how it runs, for every container that has to run.

    Raises:
        OperationError: a Docker host does not answer.
    """
    wanted = [each for each in state.docker_resources if each.runs and not each.replaced]
    with ExitStack() as stack:
        hosts = hosts_of(state, engine)
        clients = {urn: stack.enter_context(connected(host)) for urn, host in hosts.items()}
        return {each.name: _running(clients[each.provider], each) for each in wanted}


def output_of(engine: Engine, state: State, name: str, command: Sequence[str]) -> str | None:
    """What a command prints inside the container ``name``; None where that does not run or the command fails.

    Raises:
        OperationError: its Docker host does not answer.
    """
    hosts = hosts_of(state, engine)
    for each in state.docker_resources:
        if each.runs and not each.replaced and each.name == name:
            with connected(hosts[each.provider]) as client:
                return _output(client, each.id, command)
    return None


def _output(client: APIClient, container: str, command: Sequence[str]) -> str | None:
    try:
        started = client.exec_create(container, list(command), stderr=False)["Id"]
        printed: bytes = client.exec_start(started)
        return printed.decode() if client.exec_inspect(started)["ExitCode"] == 0 else None
    except APIError:  # it does not run
        return None


def _running(client: APIClient, resource: Resource) -> Running:
    try:
        found: Mapping[str, Any] = client.inspect_container(resource.id)
    except NotFound:
        return Running(resource.name, "", MISSING, None, None)
    state, config = found["State"], found["Config"]
    runs = bool(state["Running"]) and not state["Paused"]
    health = str(state.get("Health", {}).get("Status") or "healthy") if runs else str(state["Status"])
    return Running(
        role=str(config["Labels"].get(_ROLE_LABEL, resource.name)),
        image=str(found["Image"]),
        health=health,
        since=parsed(str(state["StartedAt"])) if runs else None,
        memory_bytes=_memory(client, resource.id) if runs else None,
    )


def _memory(client: APIClient, container: str) -> int | None:
    """What `docker stats` shows: usage without the page cache."""
    try:
        memory = client.stats(container, stream=False, one_shot=True)["memory_stats"]
    except APIError:  # it has just stopped, or its daemon is too old to tell at once
        return None
    details = memory.get("stats", {})
    used = memory.get("usage")
    return (
        None if used is None else int(used) - int(details.get("total_inactive_file", details.get("inactive_file", 0)))
    )
