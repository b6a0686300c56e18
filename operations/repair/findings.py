"""Compares a state with what is on the hosts. Pure: it decides, and touches nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..state import PendingOperation, Resource, State
from .survey import DockerObject

_RUNS = ("running", "restarting")
_NEVER_STARTED = "created"
_READY = "(healthy)"


@dataclass(frozen=True)
class Findings:
    """What is out of order.

    Attributes:
        orphans: containers, then networks of this deployment that the state does not know; they hold no data.
        kept_volumes: volumes of this deployment that the state does not know: the next `up` adopts them by name.
        pending: operations that the engine did not finish.
        missing: resources of the state whose object is gone.
        cut_off: containers, with their resource, of a network that is gone; a new one does not bring them back.
        half_made: containers, with their resource, whose creation ended before the start: they may lack networks and
            files, and the engine does not always make them anew.
        late: containers, with their resource, that became ready after the engine had given up waiting for them; it
            would delete them and begin again.
        stopped: containers that have to run and do not, in start order.
        in_the_way: objects with a name of ours that belong to another deployment; never touched.
    """

    orphans: Sequence[DockerObject] = ()
    kept_volumes: Sequence[DockerObject] = ()
    pending: Sequence[PendingOperation] = ()
    missing: Sequence[Resource] = ()
    cut_off: Sequence[tuple[DockerObject, Resource]] = ()
    half_made: Sequence[tuple[DockerObject, Resource]] = ()
    late: Sequence[tuple[DockerObject, Resource]] = ()
    stopped: Sequence[DockerObject] = ()
    in_the_way: Sequence[DockerObject] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything to repair."""
        return any((self.orphans, self.pending, self.missing, self.cut_off, self.half_made, self.late, self.stopped))


def compare(state: State, found: Sequence[DockerObject], stack_name: str) -> Findings:
    """Decide what is out of order. Before anything is deployed a PortusStack is expected to be named like the stack."""
    there = {(each.host, each.kind, each.id): each for each in found}
    resources = {_key(each): each for each in state.docker_resources}
    present = {key: there[key] for key in resources if key in there}
    # What waits for its deletion may well be gone: deleting it again is no error.
    missing = [each for key, each in resources.items() if key not in there and not each.replaced]
    cut_off = _cut_off(present, resources, missing)
    half_made = _half_made(present, resources)
    # By id alone: two providers may lead to one daemon, which then shows everything twice.
    known = {(each.kind, each.id) for each in resources.values()}
    ours = (each for each in found if each.deployment in state.deployments)
    unknown = {(each.kind, each.id): each for each in ours if (each.kind, each.id) not in known}.values()
    return Findings(
        orphans=[each for kind in ("container", "network") for each in unknown if each.kind == kind],
        kept_volumes=[each for each in unknown if each.kind == "volume"],
        pending=state.pending,
        missing=missing,
        cut_off=cut_off,
        half_made=half_made,
        late=_late(present, resources, {each.id for each, _ in cut_off}),
        stopped=_stopped(present, resources, {each.id for each, _ in (*cut_off, *half_made)}),
        in_the_way=_in_the_way(state, found, stack_name),
    )


_Key = tuple[str, str, str]


def _key(resource: Resource) -> _Key:
    return resource.provider, resource.kind, resource.id


def _cut_off(
    present: Mapping[_Key, DockerObject], resources: Mapping[_Key, Resource], missing: Sequence[Resource]
) -> list[tuple[DockerObject, Resource]]:
    gone = {(each.provider, each.object_name) for each in missing if each.kind == "network"}
    return [
        (each, resources[key])
        for key, each in present.items()
        if any((each.host, network) in gone for network in resources[key].network_names)
    ]


def _half_made(
    present: Mapping[_Key, DockerObject], resources: Mapping[_Key, Resource]
) -> list[tuple[DockerObject, Resource]]:
    return [
        (each, resources[key])
        for key, each in present.items()
        if resources[key].runs and resources[key].unfinished and each.status == _NEVER_STARTED
    ]


def _late(
    present: Mapping[_Key, DockerObject], resources: Mapping[_Key, Resource], left_out: set[str]
) -> list[tuple[DockerObject, Resource]]:
    """What is ready was made to the end: its networks and files came before its start."""
    return [
        (each, resources[key])
        for key, each in present.items()
        if resources[key].runs and resources[key].unfinished and not resources[key].replaced
        if each.status == "running" and _READY in each.health and each.id not in left_out
    ]


def _stopped(
    present: Mapping[_Key, DockerObject], resources: Mapping[_Key, Resource], left_out: set[str]
) -> list[DockerObject]:
    return [
        each
        for key, each in present.items()
        if resources[key].runs and not resources[key].replaced and each.status not in _RUNS and each.id not in left_out
    ]


def _in_the_way(state: State, found: Sequence[DockerObject], stack_name: str) -> list[DockerObject]:
    """Volumes never are: their names hold the deployment's id."""
    owners = set(state.deployments.values()) or {stack_name}
    strangers = [
        each
        for each in found
        if each.stack in owners and each.deployment not in state.deployments and each.kind != "volume"
    ]
    if not state.deployments:
        return strangers
    wanted = {(each.kind, each.object_name) for each in state.docker_resources}
    wanted |= {(each.resource.kind, each.resource.object_name) for each in state.pending}
    return [each for each in strangers if (each.kind, each.name) in wanted]
