"""What a PortusStack is made of, as its program recorded it: a typed view of ``portus:internal:Topology``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .console import OperationError
from .state import Object, State

_SUFFIXES = {"portus:internal:Topology": "-topology", "portus:internal:Plan": "-plan"}
"""Type of the resource whose inputs are the record → the end of its name; the second one until version 0.1."""
OUTSIDE = "outside"
"""The end of a link that is not of the PortusStack."""


@dataclass(frozen=True)
class RecordedProcess:
    """A workload or task.

    Attributes:
        kind: ``workload`` or ``task``.
        data: where its data is mounted, "" when it has none.
        replicas: how many run at once.
        secrets: words for the secret files that it is given, such as ``edge key``.
        certificates: the same for the public ones.
        program: the image of a program that its own image lacks, "" for none.
    """

    name: str
    kind: str
    image: str
    memory_mib: int
    cpus: float
    user: str
    read_only_root: bool
    data: str
    replicas: int
    secrets: tuple[str, ...]
    certificates: tuple[str, ...]
    program: str = ""


@dataclass(frozen=True)
class RecordedLink:
    """``source`` opens a connection to ``destination`` on ``port``, over TLS or not, and why."""

    source: str
    destination: str
    port: int
    tls: bool
    why: str


@dataclass(frozen=True)
class Recorded:
    """One PortusStack.

    Attributes:
        issuers: role → ``generated``, ``provided`` or ``issued`` (by cert-manager), for each server certificate.
        processes: in start order.
    """

    name: str
    target: str
    portus: str
    registry: str
    issuers: Mapping[str, str]
    processes: tuple[RecordedProcess, ...]
    links: tuple[RecordedLink, ...]

    @classmethod
    def from_inputs(cls, kind: str, resource: str, inputs: Object) -> "Recorded":
        """From the inputs of the record, of type ``kind``, named ``resource``.

        Raises OperationError for an unknown form.
        """
        try:
            return cls(
                name=resource.removesuffix(_SUFFIXES[kind]),
                target=str(inputs["target"]),
                portus=str(inputs["portus"]),
                registry=str(inputs["registry"]),
                issuers={role: str(issuer) for role, issuer in _mapping(inputs["certificates"]).items()},
                processes=tuple(_process(each) for each in _mappings(inputs["processes"])),
                links=tuple(_link(each) for each in _mappings(inputs["links"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise OperationError(
                f"the record of the topology ({resource}) has an unknown form ({type(error).__name__}: {error})",
                "deploy the stack with this version first",
            ) from error

    def resource(self, *parts: str) -> str:
        """The name of a resource of this PortusStack: ``{name}-{role}[-{kind}]``."""
        return "-".join((self.name, *parts)).replace("_", "-")


def is_record(kind: str) -> bool:
    """Whether a resource of this type is a record."""
    return kind in _SUFFIXES


def recorded_in(state: State) -> list[Recorded]:
    """Every PortusStack that the state records."""
    return [Recorded.from_inputs(each.type, each.name, each.inputs) for each in state.resources if is_record(each.type)]


def _process(value: Object) -> RecordedProcess:
    data = value.get("data")
    return RecordedProcess(
        name=str(value["name"]),
        kind=str(value["kind"]),
        image=str(value["image"]),
        memory_mib=int(float(str(value["memory_mib"]))),
        cpus=float(str(value["cpus"])),
        user=str(value.get("user") or ""),
        read_only_root=value["read_only_root"] is True,
        data=str(_mapping(data)["path"]) if data else "",
        replicas=int(float(str(value["replicas"]))),
        secrets=_texts(value["secrets"]),
        certificates=_texts(value["certificates"]),
        program=str(value.get("program") or ""),
    )


def _link(value: Object) -> RecordedLink:
    return RecordedLink(
        source=str(value["source"]),
        destination=str(value["destination"]),
        port=int(float(str(value["port"]))),
        tls=value["tls"] is True,
        why=str(value["why"]),
    )


def _mapping(value: object) -> Object:
    if not isinstance(value, dict):
        raise TypeError(f"a mapping was expected, not {type(value).__name__}")
    return value


def _mappings(value: object) -> Sequence[Object]:
    return [_mapping(each) for each in value] if isinstance(value, list) else []


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()
