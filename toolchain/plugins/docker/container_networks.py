"""A container's networks: off the default bridge, onto those that were asked for."""

from typing import TYPE_CHECKING

from toolchain.plugins.docker.engine_api import post
from toolchain.plugins.docker.handler import Operation, daemon_message
from toolchain.plugins.docker.reading import blocks, number, text, texts
from toolchain.plugins.framework import Properties, ProviderError

if TYPE_CHECKING:
    from docker import APIClient

_DEFAULT = "bridge"


def connect_networks(operation: Operation, container: str, state: Properties) -> None:
    """Leave the default bridge and join `networksAdvanced`, one after the other. Does nothing without them."""
    networks = blocks(state, "networksAdvanced")
    if not networks:
        return
    operation.call(lambda client: _leave_default(client, container))
    for network in networks:
        operation.call(lambda client, wanted=network: _join(client, container, wanted))


def _leave_default(client: "APIClient", container: str) -> None:
    from docker.errors import APIError

    try:
        client.disconnect_container_from_network(container, _DEFAULT)
    except APIError as error:
        if "is not connected to the network bridge" not in str(error.explanation):
            raise ProviderError(f"Unable to disconnect the default network: {daemon_message(error)}") from error


def _join(client: "APIClient", container: str, network: Properties) -> None:
    from docker.errors import APIError

    name = text(network, "name")
    try:
        post(client, f"/networks/{name}/connect", {"Container": container, "EndpointConfig": _endpoint(network)})
    except APIError as error:
        raise ProviderError(f"Unable to connect to network '{name}': {daemon_message(error)}") from error


def _endpoint(network: Properties) -> dict[str, object]:
    addresses = {
        "IPv4Address": text(network, "ipv4Address"),
        "IPv6Address": text(network, "ipv6Address"),
        "LinkLocalIPs": texts(network, "linkLocalIps"),
    }
    options = (option.partition("=") for option in texts(network, "driverOpts"))
    endpoint: dict[str, object] = {
        "Aliases": texts(network, "aliases"),
        "MacAddress": text(network, "macAddress"),
        "DriverOpts": {name: value for name, sign, value in options if sign},
        "GwPriority": number(network, "gwPriority"),
    }
    sent = {name: value for name, value in endpoint.items() if value}
    return {**sent, "IPAMConfig": {name: value for name, value in addresses.items() if value}}
