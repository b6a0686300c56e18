"""The provider's functions (`invoke`): logs, network and image of what exists already."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from toolchain.plugins.docker.checking import check_arguments
from toolchain.plugins.docker.connection import Connection
from toolchain.plugins.docker.container_state import object_at
from toolchain.plugins.docker.handler import daemon_message
from toolchain.plugins.docker.images import find_image, repo_digest
from toolchain.plugins.docker.reading import flag, text
from toolchain.plugins.docker.schema import Schema
from toolchain.plugins.docker.schemas import GET_LOGS, GET_NETWORK, GET_REMOTE_IMAGE
from toolchain.plugins.framework import Properties, ProviderError, Value

if TYPE_CHECKING:
    from docker import APIClient

_FRAME_HEADER = 8  # bytes before each chunk of a log without a terminal


def get_logs(connection: Connection, arguments: Properties) -> Properties:
    """What a container wrote, as lines."""
    asked = _checked(GET_LOGS, arguments, "docker:index/getLogs:getLogs")
    lines = _lines(connection.client(), asked) if flag(asked, "logsListStringEnabled") else []
    return {**asked, "id": text(asked, "name"), "logsListStrings": lines}


def _lines(client: "APIClient", asked: Properties) -> list[Value]:
    from docker.errors import create_api_error_from_http_exception, APIError
    from requests.exceptions import HTTPError

    parameters = {
        "stdout": int(flag(asked, "showStdout")),
        "stderr": int(flag(asked, "showStderr")),
        "timestamps": int(flag(asked, "timestamps")),
        "follow": int(flag(asked, "follow")),
        "details": int(flag(asked, "details")),
        "since": text(asked, "since"),
        "until": text(asked, "until"),
        "tail": text(asked, "tail"),
    }
    url = f"{client.base_url}/v{client.api_version}/containers/{text(asked, 'name')}/logs"
    response = client.get(url, params={name: value for name, value in parameters.items() if value})
    try:
        response.raise_for_status()
        lines = response.content.splitlines()
    except HTTPError as error:
        try:
            create_api_error_from_http_exception(error)
        except APIError as refused:
            problem = "dataSourceDockerLogsRead: error while asking for logs"
            raise ProviderError(f"{problem} {daemon_message(refused)}") from refused
    start = _FRAME_HEADER if flag(asked, "discardHeaders") else 0
    return [line[start:].decode(errors="replace") for line in lines]


def get_network(connection: Connection, arguments: Properties) -> Properties:
    """A network by name or id."""
    from docker.errors import APIError

    asked = _checked(GET_NETWORK, arguments, "docker:index/getNetwork:getNetwork")
    try:
        found: Mapping[str, object] = connection.client().inspect_network(text(asked, "name"))
    except APIError as error:
        raise ProviderError(f"Could not find docker network: {daemon_message(error)}") from error
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
            **{ours: str(object_at(containers, container).get(theirs, "")) for ours, theirs in {**names, **addresses}.items()},
        }
        for container in sorted(containers)
    ]


def get_remote_image(connection: Connection, arguments: Properties) -> Properties:
    """A local image by name."""
    asked = _checked(GET_REMOTE_IMAGE, arguments, "docker:index/getRemoteImage:getRemoteImage")
    name = text(asked, "name")
    image = find_image(connection.client(), name)
    if image is None:
        raise ProviderError(f"did not find docker image '{name}'")
    return {"id": str(image["Id"]), "name": name, "repoDigest": repo_digest(name, image)}


def _checked(schema: Schema, arguments: Properties, function: str) -> Properties:
    checked, failures = check_arguments(schema, arguments, function)
    if failures:
        raise ProviderError("; ".join(failure.reason for failure in failures))
    return checked
