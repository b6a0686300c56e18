"""The provider's functions (`invoke`): logs, network and image of what exists already."""

from collections.abc import Mapping
from urllib.parse import quote

from toolchain.plugins.docker.checking import check_arguments
from toolchain.plugins.docker.connection import Connection
from toolchain.plugins.docker.engine_api import EngineError, Operation
from toolchain.plugins.docker.engine_json import object_at
from toolchain.plugins.docker.images import find_image, repo_digest
from toolchain.plugins.docker.patience import Patience
from toolchain.plugins.docker.reading import flag, text
from toolchain.plugins.docker.schema import Schema
from toolchain.plugins.docker.schemas import GET_LOGS, GET_NETWORK, GET_REMOTE_IMAGE
from toolchain.plugins.framework import Properties, ProviderError, Value

_TIME_LIMIT = 10 * 60  # seconds, for `follow`, which otherwise lasts as long as the container
_FRAME_HEADER = 8  # bytes before each chunk of a log without a terminal


def get_logs(connection: Connection, arguments: Properties) -> Properties:
    """What a container wrote, as lines."""
    asked = _checked(GET_LOGS, arguments, "docker:index/getLogs:getLogs")
    lines = _lines(_operation(connection), asked) if flag(asked, "logsListStringEnabled") else []
    return {**asked, "id": text(asked, "name"), "logsListStrings": lines}


def _lines(operation: Operation, asked: Properties) -> list[Value]:
    switches = {
        "stdout": "showStdout",
        "stderr": "showStderr",
        "timestamps": "timestamps",
        "follow": "follow",
        "details": "details",
    }
    parameters = {name: str(int(flag(asked, ours))) for name, ours in switches.items()}
    parameters |= {name: text(asked, name) for name in ("since", "until", "tail") if text(asked, name)}
    try:
        output = operation.get(f"/containers/{quote(text(asked, 'name'), safe='')}/logs", parameters)
    except EngineError as error:
        raise ProviderError(f"dataSourceDockerLogsRead: error while asking for logs {error}") from error
    start = _FRAME_HEADER if flag(asked, "discardHeaders") else 0
    return [line[start:].decode(errors="replace") for line in output.split(b"\n") if line]


def get_network(connection: Connection, arguments: Properties) -> Properties:
    """A network by name or id."""
    asked = _checked(GET_NETWORK, arguments, "docker:index/getNetwork:getNetwork")
    try:
        found: Mapping[str, object] = _operation(connection).call(
            lambda client: client.inspect_network(text(asked, "name"))
        )
    except EngineError as error:
        raise ProviderError(f"Could not find docker network: {error}") from error
    configs = object_at(found, "IPAM").get("Config")
    entries = [entry for entry in configs if isinstance(entry, Mapping)] if isinstance(configs, list) else []
    return {
        "id": str(found["Id"]),
        "name": str(found["Name"]),
        "driver": str(found.get("Driver", "")),
        "scope": str(found.get("Scope", "")),
        "internal": found.get("Internal") is True,
        "options": {key: str(value) for key, value in object_at(found, "Options").items()},
        "ipamConfigs": [
            {
                "subnet": str(entry.get("Subnet") or ""),
                "ipRange": str(entry.get("IPRange") or ""),
                "gateway": str(entry.get("Gateway") or ""),
                "auxAddress": {key: str(value) for key, value in object_at(entry, "AuxiliaryAddresses").items()},
            }
            for entry in entries
        ],
        "containers": _containers(found),
    }


def _containers(network: Mapping[str, object]) -> list[Value]:
    names = {"name": "Name", "endpointId": "EndpointID", "macAddress": "MacAddress"}
    addresses = {"ipv4Address": "IPv4Address", "ipv6Address": "IPv6Address"}
    containers = object_at(network, "Containers")
    return [
        {
            "containerId": container,
            **{
                ours: str(object_at(containers, container).get(theirs, ""))
                for ours, theirs in {**names, **addresses}.items()
            },
        }
        for container in sorted(containers)
    ]


def get_remote_image(connection: Connection, arguments: Properties) -> Properties:
    """A local image by name."""
    asked = _checked(GET_REMOTE_IMAGE, arguments, "docker:index/getRemoteImage:getRemoteImage")
    name = text(asked, "name")
    image = find_image(_operation(connection), name)
    if image is None:
        raise ProviderError(f"did not find docker image '{name}'")
    return {"id": str(image["Id"]), "name": name, "repoDigest": repo_digest(name, image)}


def _checked(schema: Schema, arguments: Properties, function: str) -> Properties:
    checked, failures = check_arguments(schema, arguments, function)
    if failures:
        raise ProviderError("; ".join(failure.reason for failure in failures))
    return checked


def _operation(connection: Connection) -> Operation:
    return Operation(connection.client(), Patience(_TIME_LIMIT, connection.cancelled, lambda _: None))
