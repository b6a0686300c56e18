"""What the picture shows: the record of the topology, and what a preview says about the resources that it becomes.

Pure, and the same for every target: resources are found by their names, which every target spells alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..previewed import Step
from ..recorded import OUTSIDE, Recorded, RecordedLink, RecordedProcess

_RUNS = ("Container", "Deployment", "StatefulSet", "Job")
_NETWORKS = {"Network": "Networks", "NetworkPolicy": "Network policies"}
"""Type of the resource that lets two roles talk, by target → what a list of them is called."""
_HOST_PROVIDER = "-host-"
_UNPUBLISHED = "com.docker.network.bridge.enable_ip_masquerade"


@dataclass(frozen=True)
class Node:
    """A process and what becomes of it; ``host`` "" where there is only one."""

    process: RecordedProcess
    host: str
    change: str


@dataclass(frozen=True)
class Wire:
    """A link, the network or policy that it runs over ("" where none is of its own), and what becomes of it."""

    link: RecordedLink
    network: str
    change: str


@dataclass(frozen=True)
class Network:
    """A network or policy, and where else it leads: ``no way out`` and the like, "" where nothing is told."""

    name: str
    remark: str
    change: str


@dataclass(frozen=True)
class Holding:
    """A certificate, key or password, the processes that hold it, and what becomes of it."""

    word: str
    secret: bool
    holders: frozenset[str]
    change: str


@dataclass(frozen=True)
class Scene:
    """Everything in the picture.

    Attributes:
        networks_title: what the target calls them.
        changes: operation → number of resources, empty where nothing changes.
        marked: whether the picture is about the changes.
    """

    recorded: Recorded
    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    networks: tuple[Network, ...]
    networks_title: str
    holdings: tuple[Holding, ...]
    changes: Mapping[str, int]
    marked: bool


def scene_of(recorded: Recorded, steps: Sequence[Step], before: Recorded | None, marked: bool) -> Scene:
    """The scene of a topology.

    Args:
        before: what is deployed now; with ``marked``, what goes away is drawn too.
        marked: whether to tell what would change; otherwise every ``change`` is "".
    """
    found = steps if marked else [replace(step, change="") for step in steps if step.change != "delete"]
    processes, links = _with_removed(recorded, before) if marked else (recorded.processes, recorded.links)
    networks = [_network(step) for step in found if _last(step.type) in _NETWORKS]
    counts = [step.change for step in found if step.change and step.provider]  # components are only their parts
    return Scene(
        recorded=recorded,
        nodes=tuple(_node(recorded, process, found) for process in processes),
        wires=tuple(_wire(recorded, link, networks, found) for link in links),
        networks=tuple(sorted(networks, key=lambda network: network.name)),
        networks_title=next((_NETWORKS[_last(step.type)] for step in found if _last(step.type) in _NETWORKS), ""),
        holdings=_holdings(recorded, processes, found),
        changes={
            change: counts.count(change) for change in ("create", "update", "replace", "delete") if change in counts
        },
        marked=marked,
    )


def _with_removed(
    recorded: Recorded, before: Recorded | None
) -> tuple[tuple[RecordedProcess, ...], tuple[RecordedLink, ...]]:
    if before is None:
        return recorded.processes, recorded.links
    there = {process.name for process in recorded.processes}
    gone = tuple(process for process in before.processes if process.name not in there)
    ends = {(link.source, link.destination, link.port) for link in recorded.links}
    return (
        (*recorded.processes, *gone),
        (*recorded.links, *(link for link in before.links if (link.source, link.destination, link.port) not in ends)),
    )


def _last(type_: str) -> str:
    return type_.rpartition(":")[2]


def _change(steps: Sequence[Step], name: str, types: Sequence[str] = ()) -> str:
    found = (step for step in steps if step.name == name and (not types or _last(step.type) in types))
    return next((step.change for step in found), "")


def _node(recorded: Recorded, process: RecordedProcess, steps: Sequence[Step]) -> Node:
    name = recorded.resource(process.name)
    step = next((step for step in steps if step.name == name and _last(step.type) in _RUNS), None)
    _, _, host = (step.provider if step else "").partition(_HOST_PROVIDER)
    return Node(process, host, step.change if step else "")


def _wire(recorded: Recorded, link: RecordedLink, networks: Sequence[Network], steps: Sequence[Step]) -> Wire:
    """Over what bears the names of its ends or has both on it, else the one with which its outer end is reached."""
    names = [recorded.resource(link.source, link.destination), recorded.resource(link.destination, link.source)]
    joined = [_joined(steps, recorded.resource(end)) for end in (link.source, link.destination)]
    names += sorted(joined[0] & joined[1])
    names += [recorded.resource(end, OUTSIDE) for end in (link.destination, link.source) if end != OUTSIDE]
    network = next((found for name in names for found in networks if found.name == name), None)
    if network is not None:
        return Wire(link, network.name, network.change)
    ends = [_change(steps, recorded.resource(end), _RUNS) for end in (link.source, link.destination)]
    return Wire(link, "", "delete" if "delete" in ends else "")


def _joined(steps: Sequence[Step], container: str) -> set[str]:
    """The Docker networks that a container is on."""
    own = (step.inputs for step in steps if step.name == container and _last(step.type) in _RUNS)
    attachments = next((inputs.get("networksAdvanced") for inputs in own), None)
    found = attachments if isinstance(attachments, list) else []
    return {str(each["name"]) for each in found if isinstance(each, dict) and "name" in each}


def _network(step: Step) -> Network:
    internal = step.inputs.get("internal")
    options = step.inputs.get("options")
    remark = ""
    if _last(step.type) == "Network":
        published = isinstance(options, dict) and options.get(_UNPUBLISHED) == "false"
        remark = "no way out" if internal is True else "published, no way out" if published else "way out"
    return Network(step.name, remark, step.change)


def _holdings(recorded: Recorded, processes: Sequence[RecordedProcess], steps: Sequence[Step]) -> tuple[Holding, ...]:
    """Certificates first, then keys, then the rest; changes of certificates and keys by their resources' names."""
    found: list[Holding] = []
    for secret in (False, True):
        words = {word for process in processes for word in (process.secrets if secret else process.certificates)}
        for word in sorted(words, key=lambda word: (not word.endswith("key"), word.lower())):
            holders = (each.name for each in processes if word in (each.secrets if secret else each.certificates))
            found.append(Holding(word, secret, frozenset(holders), _change(steps, _resource_of(recorded, word))))
    return tuple(found)


def _resource_of(recorded: Recorded, word: str) -> str:
    """``edge certificate`` → ``hub-edge-certificate``, and the few that are named otherwise."""
    special = {"CA certificate": "ca", "administrator's password": "administrator-password"}
    special |= {"Portus' own password": "portus-password", "smoke check's password": "smoke-check-password"}
    return recorded.resource(special.get(word, word.replace(" ", "-")))
