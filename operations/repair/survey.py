"""What there is on a Docker host with our labels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from docker import APIClient

LABEL_PREFIX = "org.portus-stack"
NAME_LABEL = f"{LABEL_PREFIX}.name"
DEPLOYMENT_LABEL = f"{LABEL_PREFIX}.deployment"


@dataclass(frozen=True)
class DockerObject:
    """A container, network or volume of a PortusStack, not necessarily ours.

    Attributes:
        host: URN of the host's provider.
        id: a volume's is its name.
        stack: name of its PortusStack.
        status: a container's, such as ``running`` or ``exited``; "" for the others.
        health: what Docker says behind the status, such as ``Up 5 seconds (healthy)``.
    """

    host: str
    kind: str
    id: str
    name: str
    stack: str
    deployment: str
    status: str = ""
    health: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def survey(host: str, client: APIClient) -> list[DockerObject]:
    """Everything with a deployment's label on one host."""
    labelled = {"label": DEPLOYMENT_LABEL}
    volumes: list[Mapping[str, Any]] = client.volumes(filters=labelled)["Volumes"] or []
    return [
        *(_container(host, each) for each in client.containers(all=True, filters=labelled)),
        *_named(host, "network", client.networks(filters=labelled), "Id"),
        *_named(host, "volume", volumes, "Name"),
    ]


def _container(host: str, found: Mapping[str, Any]) -> DockerObject:
    labels = found["Labels"]
    name = str(found["Names"][0]).removeprefix("/") if found.get("Names") else str(found["Id"])[:12]
    stack, deployment = str(labels.get(NAME_LABEL, "")), str(labels[DEPLOYMENT_LABEL])
    return DockerObject(
        host, "container", str(found["Id"]), name, stack, deployment, str(found["State"]), str(found["Status"])
    )


def _named(host: str, kind: str, found: Iterable[Mapping[str, Any]], key: str) -> list[DockerObject]:
    return [
        DockerObject(
            host,
            kind,
            str(each[key]),
            str(each["Name"]),
            str(each["Labels"].get(NAME_LABEL, "")),
            str(each["Labels"][DEPLOYMENT_LABEL]),
        )
        for each in found
    ]
