"""Networks. The fixed delays are the official plugin's: a program must not come to rely on less."""

from collections.abc import Mapping

from toolchain.plugins.docker.engine_api import EngineError, Operation
from toolchain.plugins.docker.engine_json import object_at
from toolchain.plugins.docker.handler import CreateFailedError, DockerResource, GoneError
from toolchain.plugins.docker.patience import StoppedError
from toolchain.plugins.docker.planning import in_set_order
from toolchain.plugins.docker.reading import blocks, flag, labels, mapping, text
from toolchain.plugins.docker.waiting import DELAY, wait_until_removed
from toolchain.plugins.framework import Properties, ProviderError, Value


class Network(DockerResource):
    """A network; every change replaces it."""

    def make(self, operation: Operation, state: Properties) -> tuple[str, Properties]:
        try:
            network_id = str(operation.post("/networks/create", _body(state))["Id"])
        except EngineError as error:
            raise ProviderError(f"Unable to create network: {error}") from error
        try:
            return self.look(operation, network_id, state)
        except StoppedError as error:
            raise CreateFailedError(network_id, str(error)) from error
        except GoneError as error:
            raise ProviderError(f"network {network_id} was removed while it was created") from error

    def look(self, operation: Operation, resource_id: str, state: Properties) -> tuple[str, Properties]:
        operation.patience.sleep(DELAY)
        found = _inspect(operation, resource_id)
        if found is None:
            raise GoneError
        return resource_id, {**state, **_facts(found)}

    def change(self, operation: Operation, resource_id: str, old: Properties, state: Properties) -> Properties:
        return state

    def remove(self, operation: Operation, resource_id: str, state: Properties) -> None:
        wait_until_removed(operation, lambda: _remove(operation, resource_id), "pending")


def _inspect(operation: Operation, resource_id: str) -> Mapping[str, object] | None:
    """Any refusal counts as "gone", as it does for the official plugin."""
    try:
        found: Mapping[str, object] = operation.call(lambda client: client.inspect_network(resource_id))
    except EngineError:
        return None
    return found


def _remove(operation: Operation, resource_id: str) -> bool:
    if _inspect(operation, resource_id) is None:
        return True
    try:
        operation.call(lambda client: client.remove_network(resource_id))
    except EngineError as error:
        if "has active endpoints" in str(error):
            return False
        raise
    return True


def _facts(found: Mapping[str, object]) -> Properties:
    ipam = object_at(found, "IPAM")
    configs = ipam.get("Config")
    entries = [entry for entry in configs if isinstance(entry, Mapping)] if isinstance(configs, list) else []
    seen: list[Value] = [{"label": label, "value": str(value)} for label, value in object_at(found, "Labels").items()]
    return {
        "name": str(found.get("Name", "")),
        "labels": in_set_order(seen),
        "driver": str(found.get("Driver", "")),
        "options": _strings(object_at(found, "Options")),
        "internal": found.get("Internal") is True,
        "attachable": found.get("Attachable") is True,
        "ingress": found.get("Ingress") is True,
        "ipv6": found.get("EnableIPv6") is True,
        "ipamDriver": str(ipam.get("Driver", "")),
        "ipamOptions": _strings(object_at(ipam, "Options")),
        "ipamConfigs": in_set_order([_addresses(entry) for entry in entries]),
        "scope": str(found.get("Scope", "")),
    }


def _addresses(entry: Mapping[str, object]) -> Properties:
    return {
        "subnet": str(entry.get("Subnet") or ""),
        "ipRange": str(entry.get("IPRange") or ""),
        "gateway": str(entry.get("Gateway") or ""),
        "auxAddress": _strings(object_at(entry, "AuxiliaryAddresses")),
    }


def _strings(found: Mapping[str, object]) -> dict[str, Value]:
    return {key: str(value) for key, value in found.items()}


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
