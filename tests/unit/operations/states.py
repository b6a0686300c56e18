"""Exported states as the engine writes them, made small."""

import json
from pathlib import Path

from operations.project import Project
from operations.repair.survey import DockerObject
from operations.stack import Stack
from operations.state import State

DEPLOYMENT = "0a1b2c3d"
STRANGER = "ffffffff"
HOST = "urn:pulumi:s::portus-stack::pulumi:providers:docker::docker"
_STACK = "urn:pulumi:s::portus-stack::portus:index:PortusStack"
ROOT = f"{_STACK}::s"
"""The PortusStack's URN."""
_TYPES = {
    "container": "docker:index/container:Container",
    "network": "docker:index/network:Network",
    "volume": "docker:index/volume:Volume",
}

Entry = dict[str, object]


def stack(folder: Path, name: str = "s", clone: bool = True) -> Stack:
    """A stack of a project in ``folder``."""
    place = folder / "stacks" if clone else folder
    return Stack(name, folder / "state", Project(folder, "portus-stack" if clone else "shop", place, clone))


def portus_stack(name: str = "s", /, **outputs: object) -> Entry:
    """The component."""
    return {"urn": f"{_STACK}::{name}", "type": "portus:index:PortusStack", "outputs": outputs}


def resource(kind: str, name: str, object_id: str = "", **more: object) -> Entry:
    """A Docker resource; ``more`` overwrites or adds keys of the state."""
    return {
        "urn": f"{_STACK}$portus:internal:DockerTarget${_TYPES[kind]}::{name}",
        "type": _TYPES[kind],
        "id": object_id or f"id-of-{name}",
        "provider": f"{HOST}::some-id",
        "parent": ROOT,
        "inputs": {"name": name},
        "outputs": {"name": name, "mustRun": True} if kind == "container" else {"name": name},
        **more,
    }


def deployment(name: str = "s", **more: object) -> Entry:
    """The resource that holds the deployment's id."""
    return {
        "urn": f"{_STACK}$portus:internal:Credentials$random:index/randomId:RandomId::{name}-deployment",
        "type": "random:index/randomId:RandomId",
        "id": "ChssPQ",
        "parent": f"{_STACK}::{name}",
        "outputs": {"hex": DEPLOYMENT},
        **more,
    }


def provider(**inputs: object) -> Entry:
    """The provider of the one host."""
    return {"urn": HOST, "type": "pulumi:providers:docker", "id": "some-id", "inputs": inputs}


def state(*resources: Entry, pending: tuple[tuple[str, Entry], ...] = ()) -> State:
    """A state with these resources, the provider and the deployment's id."""
    operations = [{"type": kind, "resource": entry} for kind, entry in pending]
    return State.from_json(
        json.dumps(
            {
                "version": 3,
                "deployment": {
                    "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:salt"}},
                    "resources": [
                        *(provider(host="unix:///var/run/docker.sock"), portus_stack(), deployment()),
                        *resources,
                    ],
                    "pending_operations": operations,
                },
            }
        )
    )


def there(
    kind: str, name: str, object_id: str = "", deployment: str = DEPLOYMENT, status: str = "running"
) -> DockerObject:
    """An object on the host."""
    return DockerObject(
        HOST, kind, object_id or f"id-of-{name}", name, "s", deployment, status if kind == "container" else "", "Up"
    )
