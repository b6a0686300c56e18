"""Networks. The fixed delays are the official plugin's: a program must not come to rely on less."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from toolchain.plugins.docker.container_state import object_at
from toolchain.plugins.docker.handler import (
    CreateFailedError,
    DockerResource,
    GoneError,
    Operation,
    daemon_message,
)
from toolchain.plugins.docker.patience import StoppedError
from toolchain.plugins.docker.planning import in_set_order
from toolchain.plugins.docker.reading import blocks, flag, labels, mapping, text
from toolchain.plugins.docker.waiting import DELAY, wait_until_removed
from toolchain.plugins.framework import Properties, ProviderError, Value

if TYPE_CHECKING:
    from docker import APIClient


class Network(DockerResource):
    """A network; every change replaces it."""

    def make(self, operation: Operation, state: Properties) -> tuple[str, Properties]:
        from docker.errors import APIError

        try:
            network_id = operation.call(lambda client: _create(client, _body(state)))
        except APIError as error:
            raise ProviderError(f"Unable to create network: {daemon_message(error)}") from error
        try:
            return self.look(operation, network_id, state)
        except StoppedError as error:
            raise CreateFailedError(network_id, str(error)) from error
        except GoneError as error:
            raise ProviderError(f"network {network_id} was removed while it was created") from error

    def look(self, operation: Operation, resource_id: str, state: Properties) -> tuple[str, Properties]:
        operation.patience.sleep(DELAY)
        found = operation.call(lambda client: _inspect(client, resource_id))
        if found is None:
            raise GoneError
        return resource_id, {**state, **_facts(found)}

    def change(self, operation: Operation, resource_id: str, old: Properties, state: Properties) -> Properties:
        return state

    def remove(self, operation: Operation, resource_id: str, state: Properties) -> None:
        wait_until_removed(operation, lambda client: _remove(client, resource_id), "pending")


def _create(client: "APIClient", body: Mapping[str, object]) -> str:
    # The SDK's own method refuses combinations that the engine takes.
    response = client.post_json("/networks/create", body)
    return str(response["Id"])


def _body(state: Properties) -> dict[str, object]:
    addresses = [
        {
            "Subnet": text(entry, "subnet"),
            "IPRange": text(entry, "ipRange"),
            "Gateway": text(entry, "gateway"),
            "AuxiliaryAddresses": mapping(entry, "auxAddress"),
        }
        for entry in blocks(state, "ipamConfigs")
    ]
    body: dict[str, object] = {
        "Labels": labels(state),
        "Driver": text(state, "driver"),
        "Options": mapping(state, "options"),
        "Internal": flag(state, "internal"),
        "Attachable": flag(state, "attachable"),
        "Ingress": flag(state, "ingress"),
        "EnableIPv6": flag(state, "ipv6"),
    }
    ipam = {
        "Driver": text(state, "ipamDriver"),
        "Config": [{name: value for name, value in entry.items() if value} for entry in addresses],
        "Options": mapping(state, "ipamOptions"),
    }
    sent = {name: value for name, value in body.items() if value}
    ipam_sent = {name: value for name, value in ipam.items() if value}
    return {"Name": text(state, "name"), "CheckDuplicate": True, **sent, "IPAM": ipam_sent}
