"""A container's networks: off the default bridge, onto those that were asked for."""

from toolchain.plugins.docker.engine_api import EngineError, Operation
from toolchain.plugins.docker.reading import blocks, number, text, texts
from toolchain.plugins.framework import Properties, ProviderError

_DEFAULT = "bridge"


def connect_networks(operation: Operation, container: str, state: Properties) -> None:
    """Leave the default bridge and join `networksAdvanced`, one after the other. Does nothing without them."""
    networks = blocks(state, "networksAdvanced")
    if not networks:
        return
    _leave_default(operation, container)
    for network in networks:
        _join(operation, container, network)


def _leave_default(operation: Operation, container: str) -> None:
    try:
        operation.call(lambda client: client.disconnect_container_from_network(container, _DEFAULT))
    except EngineError as error:
        if "is not connected to the network bridge" not in str(error):
            raise ProviderError(f"Unable to disconnect the default network: {error}") from error


def _join(operation: Operation, container: str, network: Properties) -> None:
    name = text(network, "name")
    try:
        operation.post(f"/networks/{name}/connect", {"Container": container, "EndpointConfig": _endpoint(network)})
    except EngineError as error:
        raise ProviderError(f"Unable to connect to network '{name}': {error}") from error


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
