"""Waits until what a stack runs is well."""

import time
from collections.abc import Mapping
from contextlib import ExitStack

from .console import OperationError, say
from .docker_hosts import connected, hosts_of
from .engine import Engine
from .repair.survey import survey
from .state import State

_LIMIT_SECONDS = 300
_POLL_SECONDS = 1.0
_REPORT_SECONDS = 15.0


def wait_until_well(engine: Engine, state: State) -> None:
    """Wait until every container that has to run runs and is healthy; at once where they are.

    Raises:
        OperationError: some are not within 5 minutes; the message names them.
    """
    for part in state.parts_on_clusters:
        from .cluster import wait_until_ready  # noqa: PLC0415 - its client takes half a second to import

        wait_until_ready(engine, part)
    wanted = {each.id: each.object_name for each in state.docker_resources if each.runs and not each.replaced}
    if not wanted:
        return
    started = reported = time.monotonic()
    with ExitStack() as stack:
        hosts = hosts_of(state, engine)
        clients = {urn: stack.enter_context(connected(host)) for urn, host in hosts.items()}
        while True:
            found = [each for host, client in clients.items() for each in survey(host, client)]
            unwell = unwell_containers(wanted, {each.id: (each.status, each.health) for each in found})
            now = time.monotonic()
            if not unwell:
                return
            if now - started > _LIMIT_SECONDS:
                raise OperationError(
                    f"not healthy after {_LIMIT_SECONDS} s: {'; '.join(unwell)}",
                    "read `docker logs` of the first of them, correct the cause, "
                    f"run `{engine.stack.command('up')}` again",
                )
            if now - reported > _REPORT_SECONDS or reported == started:
                say(f"waiting for {'; '.join(unwell)}")
                reported = now
            time.sleep(_POLL_SECONDS)


def unwell_containers(wanted: Mapping[str, str], found: Mapping[str, tuple[str, str]]) -> list[str]:
    """Which of the wanted containers (id → name) are not well, each with what Docker says (id → status and health)."""
    unwell = []
    for container, name in wanted.items():
        status, health = found.get(container, ("gone", "gone"))
        if status != "running" or "unhealthy" in health or "health: starting" in health:
            unwell.append(f"{name} ({health})")
    return unwell
