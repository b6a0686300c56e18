"""Makes a stack ready for the engine again after an interrupt, a kill, or an outside hand.

The engine by itself goes on after most of them. It does not: release the lock of a process that was killed; read a
state when it was killed while it wrote the attributes beside it; know what an operation that it did not finish left on
the host (the next `up` then finds the name taken, or makes a second one); finish every container that is half made; see
that a container was stopped or removed behind its back.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

from docker import APIClient
from docker.errors import APIError

from ..console import OperationError, say
from ..docker_hosts import DockerHost, connected, hosts_of
from ..engine import Engine
from ..stack import DEFAULT_DOCKER_HOST
from ..state import State
from . import actions
from .backend import remove_cut_off_sidecars
from .findings import Findings, compare
from .lock import locks_of, release_stale
from .survey import DockerObject, survey

_SETTLE_SECONDS = 1.0
_SETTLE_LIMIT_SECONDS = 30.0


@dataclass(frozen=True)
class Repaired:
    """What a repair came to.

    Attributes:
        state: the state after it, None when there is no stack.
        changed: whether there was anything to repair.
        failures: what could not be put right; the next `up` may.
    """

    state: State | None
    changed: bool
    failures: tuple[str, ...] = ()


def repair(engine: Engine, restart: bool = True) -> Repaired:
    """Repair the engine's stack.

    Args:
        restart: also bring back what has to run; False before a removal.

    Raises:
        OperationError: a living process holds the lock, a host does not answer, or Docker or the engine refuses.
    """
    backend = engine.backend()
    interrupted = release_stale(locks_of(engine.stack, backend))
    remove_cut_off_sidecars(engine.stack, backend)
    state = engine.export()
    if state is None:
        return Repaired(None, interrupted)
    changed = False
    for name in state.portus_stacks:
        part = state.only(name)
        if part.on_cluster and _repair_cluster(engine, part, restart):
            changed, state = True, engine.export() or state
    repaired = _repair_hosts(engine, state, interrupted, restart)
    return replace(repaired, changed=changed or repaired.changed)


def _repair_cluster(engine: Engine, part: State, restart: bool) -> bool:
    from ..cluster import repair_cluster  # noqa: PLC0415 - its client takes half a second to import

    return repair_cluster(engine, part, restart)


def _repair_hosts(engine: Engine, state: State, interrupted: bool, restart: bool) -> Repaired:
    """The Docker hosts of a stack; ``interrupted`` when the process that worked on it was killed."""
    with ExitStack() as stack:
        hosts = hosts_of(state, engine) or _own_host(engine)
        clients = {urn: stack.enter_context(connected(host)) for urn, host in hosts.items()}
        found = _settled(clients) if interrupted or state.pending else _survey(clients)
        findings = compare(state, found, engine.stack.name)
        for each in findings.in_the_way:
            say(
                f"warning: {each} of another deployment ({each.deployment}) has a name that this stack needs; "
                "it is left alone: remove it by hand if nobody needs it"
            )
        if not findings.any:
            return Repaired(state, interrupted)
        failures = _put_right(engine, state, clients, findings, restart)
    return Repaired(engine.export(), True, tuple(failures))


def _put_right(engine: Engine, state: State, clients: actions.Clients, findings: Findings, restart: bool) -> list[str]:
    actions.remove(clients, findings.orphans, "no state knows it")
    if findings.pending:
        for each in findings.kept_volumes:
            say(f"kept {each}, which no state knows yet: `up` adopts it by its name")
        actions.clear_pending(engine, state)
    if not restart:
        return []
    gone = list(findings.missing)
    for useless, why in ((findings.cut_off, "its network is gone"), (findings.half_made, "it was not finished")):
        actions.remove(clients, [each for each, _ in useless], why)
        gone += [resource for _, resource in useless]
    if gone:
        actions.forget(engine, state, gone)
    if findings.late:
        actions.keep(engine, state, findings.late)
    return actions.start(clients, findings.stopped)


def _own_host(engine: Engine) -> dict[str, DockerHost]:
    """Before anything is deployed the state names no host: this machine's own, where the stack will go there."""
    here = DEFAULT_DOCKER_HOST in engine.stack.docker_addresses
    return {"": DockerHost(DEFAULT_DOCKER_HOST)} if here else {}


def _survey(clients: dict[str, APIClient]) -> list[DockerObject]:
    try:
        return [each for host, client in clients.items() for each in survey(host, client)]
    except APIError as error:
        raise OperationError(f"a Docker daemon refused to list what it has: {error.explanation}") from error


def _settled(clients: dict[str, APIClient]) -> list[DockerObject]:
    """What is there once the plugins of a killed engine have ended: they may finish a request after it."""
    deadline = time.monotonic() + _SETTLE_LIMIT_SECONDS
    before = _survey(clients)
    while time.monotonic() < deadline:
        time.sleep(_SETTLE_SECONDS)
        now = _survey(clients)
        if {each.id for each in now} == {each.id for each in before}:
            return now
        before = now
    return before
