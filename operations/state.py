"""What the engine knows about a stack: a typed view of an exported state."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .console import OperationError

Object = Mapping[str, object]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""The marks of a secret value in a state (pulumi/pulumi, sdk/go/common/resource/sig)."""

PORTUS_STACK = "portus:index:PortusStack"
_PROVIDERS = "pulumi:providers:"
_DOCKER_PROVIDER = "pulumi:providers:docker"
_KUBERNETES = "kubernetes:"
_RANDOM_ID = "random:index/randomId:RandomId"
_CREDENTIALS = "portus:internal:Credentials"
_DEPLOYMENT_SUFFIX = "-deployment"
KINDS = {
    "docker:index/container:Container": "container",
    "docker:index/network:Network": "network",
    "docker:index/volume:Volume": "volume",
}
"""Resource type → kind of object on a Docker host."""


def is_secret(value: object) -> bool:
    """Whether a value of a state is a secret, shown or not."""
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET


def is_encrypted(value: object) -> bool:
    """Whether a value of a state is a secret whose content is not shown."""
    return is_secret(value) and "plaintext" not in value  # type: ignore[operator]


def plain(value: object) -> object:
    """A value without the wrapping of a secret shown. Raises ValueError for one that is not shown."""
    if isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET:
        if "plaintext" not in value:
            raise ValueError("an encrypted value")
        return json.loads(str(value["plaintext"]))
    return value


def is_ours(urn: str) -> bool:
    """Whether a resource is a PortusStack or in one: its URN tells the types of all that it is in."""
    return urn.count("::") > 2 and PORTUS_STACK in urn.split("::")[2].split("$")  # noqa: PLR2004 - parts of a URN


def inside(root: str, parents: Mapping[str, str]) -> frozenset[str]:
    """URNs of the resource ``root`` and of all that is in it; ``parents`` maps URN to URN, "" for none."""

    def leads_to_root(urn: str) -> bool:
        return urn == root or (bool(urn) and leads_to_root(parents.get(urn, "")))

    return frozenset(urn for urn in (root, *parents) if leads_to_root(urn))


@dataclass(frozen=True)
class Resource:
    """One resource of a state.

    Attributes:
        replaced: it waits for its deletion.
        unfinished: its creation failed or was interrupted half-way.
        provider: its provider's URN.
        parent: its parent's URN, "" for none.
    """

    urn: str
    type: str
    id: str
    inputs: Object
    outputs: Object
    protected: bool
    retained: bool
    replaced: bool
    unfinished: bool
    provider: str
    parent: str

    @classmethod
    def from_object(cls, value: Object) -> "Resource":
        return cls(
            urn=str(value["urn"]),
            type=str(value["type"]),
            id=str(value.get("id") or ""),
            inputs=_object(value.get("inputs")),
            outputs=_object(value.get("outputs")),
            protected=value.get("protect") is True,
            retained=value.get("retainOnDelete") is True,
            replaced=value.get("delete") is True,
            unfinished=bool(value.get("initErrors")),
            provider=str(value.get("provider") or "").rpartition("::")[0],
            parent=str(value.get("parent") or ""),
        )

    @property
    def name(self) -> str:
        """The last part of the URN."""
        return self.urn.rpartition("::")[2]

    @property
    def kind(self) -> str:
        """``container``, ``network`` or ``volume``; "" for everything else."""
        return KINDS.get(self.type, "")

    @property
    def object_name(self) -> str:
        """The name of the object on its Docker host, as far as it is known."""
        name = self.outputs.get("name") or self.inputs.get("name")
        return name if isinstance(name, str) else ""

    @property
    def runs(self) -> bool:
        """Whether this is a container that has to run."""
        return self.kind == "container" and self.outputs.get("mustRun") is True

    @property
    def network_names(self) -> frozenset[str]:
        """The networks that a container joins."""
        found = self.inputs.get("networksAdvanced")
        entries = found if isinstance(found, list) else []
        return frozenset(str(entry.get("name")) for entry in entries if isinstance(entry, dict))


@dataclass(frozen=True)
class PendingOperation:
    """What was under way when the engine was killed; ``type`` is ``creating``, ``updating``, ``deleting``…"""

    type: str
    resource: Resource


@dataclass(frozen=True)
class State:
    """A stack's state, in dependency order.

    Attributes:
        text: the export it was read from.
        pending: unfinished operations on what is in a PortusStack.
        others_pending: those on everything else in the program.
    """

    text: str
    salt: str
    resources: Sequence[Resource]
    pending: Sequence[PendingOperation]
    others_pending: Sequence[PendingOperation] = ()

    @classmethod
    def from_json(cls, text: str) -> "State":
        """Raises OperationError when ``text`` is no state that this version understands."""
        try:
            deployment = _object(json.loads(text)["deployment"])
            resources = [Resource.from_object(each) for each in _objects(deployment.get("resources"))]
            pending = [
                PendingOperation(str(each["type"]), Resource.from_object(_object(each["resource"])))
                for each in _objects(deployment.get("pending_operations"))
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise OperationError(f"the exported state has an unknown form ({type(error).__name__}: {error})") from error
        providers = _object(deployment.get("secrets_providers"))
        ours = [each for each in pending if is_ours(each.resource.urn)]
        others = [each for each in pending if not is_ours(each.resource.urn)]
        return cls(text, str(_object(providers.get("state")).get("salt") or ""), resources, ours, others)

    @property
    def portus_stacks(self) -> Mapping[str, Resource]:
        """Name → the component, of every PortusStack."""
        return {each.name: each for each in self.resources if each.type == PORTUS_STACK and not each.replaced}

    def only(self, name: str) -> "State":
        """The part of the state that is the PortusStack ``name`` and what is in it, with every provider."""
        pending = [each.resource for each in self.pending]
        found = inside(self.portus_stacks[name].urn, {each.urn: each.parent for each in (*self.resources, *pending)})
        return replace(
            self,
            resources=[each for each in self.resources if each.urn in found or each.type.startswith(_PROVIDERS)],
            pending=[each for each in self.pending if each.resource.urn in found],
        )

    @property
    def parts_on_clusters(self) -> "Sequence[State]":
        """The part of each PortusStack that has something on a cluster, or was about to."""
        return [part for part in map(self.only, self.portus_stacks) if part.on_cluster]

    @property
    def on_cluster(self) -> bool:
        """Whether a PortusStack has something on a cluster, or was about to."""
        pending = (each.resource for each in self.pending)
        return any(each.type.startswith(_KUBERNETES) for each in (*self.kubernetes_resources, *pending))

    @property
    def deployments(self) -> Mapping[str, str]:
        """Deployment id → name of the PortusStack."""
        return {
            str(each.outputs.get("hex")): each.name.removesuffix(_DEPLOYMENT_SUFFIX)
            for each in self.resources
            if each.type == _RANDOM_ID and _CREDENTIALS in each.urn and each.name.endswith(_DEPLOYMENT_SUFFIX)
        }

    @property
    def docker_providers(self) -> Sequence[Resource]:
        """The providers of Docker hosts."""
        return [each for each in self.resources if each.type == _DOCKER_PROVIDER]

    @property
    def docker_resources(self) -> Sequence[Resource]:
        """Containers, networks and volumes of PortusStacks, those that wait for their deletion among them."""
        return [each for each in self.resources if each.kind and is_ours(each.urn)]

    @property
    def kubernetes_resources(self) -> Sequence[Resource]:
        """Objects of PortusStacks on clusters, those that wait for their deletion among them."""
        return [each for each in self.resources if each.type.startswith(_KUBERNETES) and is_ours(each.urn)]

    @property
    def kubernetes_stacks(self) -> frozenset[tuple[str, str]]:
        """Namespace and name of each PortusStack that has something on a cluster."""
        objects = [each for each in self.kubernetes_resources if "/" in each.id]
        names = sorted(set(self.deployments.values()))
        return frozenset(
            (each.id.partition("/")[0], name)
            for each in objects
            for name in names
            if each.name.startswith(f"{name}-") or each.name == name
        )

    @property
    def protected(self) -> Sequence[Resource]:
        """What the engine refuses to delete."""
        return [each for each in self.resources if each.protected]

    @property
    def retains_data(self) -> bool:
        """Whether anything of a PortusStack was made with ``data.retain``."""
        pending = (operation.resource for operation in self.pending)
        return any(each.retained for each in (*self.resources, *pending) if is_ours(each.urn))


def _object(value: object) -> Object:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Object]:
    return [_object(each) for each in value] if isinstance(value, list) else []
