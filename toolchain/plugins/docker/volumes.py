"""Volumes. One that exists under the name is taken over as it is, and deleted with the stack."""

from collections.abc import Mapping

from toolchain.plugins.docker.engine_api import EngineError, Operation
from toolchain.plugins.docker.engine_json import object_at
from toolchain.plugins.docker.handler import DockerResource, GoneError
from toolchain.plugins.docker.planning import in_set_order
from toolchain.plugins.docker.reading import labels, mapping, text
from toolchain.plugins.docker.waiting import wait_until_removed
from toolchain.plugins.framework import Properties, ProviderError, Value


class Volume(DockerResource):
    """A volume; every change replaces it. Its id is its name."""

    def make(self, operation: Operation, state: Properties) -> tuple[str, Properties]:
        try:
            operation.complete(
                lambda client: client.create_volume(
                    name=text(state, "name"),
                    driver=text(state, "driver") or None,
                    driver_opts=mapping(state, "driverOpts") or None,
                    labels=labels(state) or None,
                )
            )
        except EngineError as error:
            raise ProviderError(f"Unable to create volume: {error}") from error
        return self.look(operation, text(state, "name"), state)

    def look(self, operation: Operation, resource_id: str, state: Properties) -> tuple[str, Properties]:
        try:
            found: Mapping[str, object] = operation.call(lambda client: client.inspect_volume(resource_id))
        except EngineError as error:
            if error.missing:
                raise GoneError from error
            raise ProviderError(f"Unable to inspect volume: {error}") from error
        return resource_id, {**state, **_facts(found)}

    def change(self, operation: Operation, resource_id: str, old: Properties, state: Properties) -> Properties:
        return state

    def remove(self, operation: Operation, resource_id: str, state: Properties) -> None:
        wait_until_removed(operation, lambda: _remove(operation, resource_id), "in_use")


def _facts(found: Mapping[str, object]) -> Properties:
    seen: list[Value] = [{"label": label, "value": str(value)} for label, value in object_at(found, "Labels").items()]
    return {
        "name": str(found.get("Name", "")),
        "labels": in_set_order(seen),
        "driver": str(found.get("Driver", "")),
        "driverOpts": {key: str(value) for key, value in object_at(found, "Options").items()},
        "mountpoint": str(found.get("Mountpoint", "")),
    }


def _remove(operation: Operation, name: str) -> bool:
    try:
        operation.call(lambda client: client.remove_volume(name, force=True))
    except EngineError as error:
        if error.missing:
            return True
        if "volume is in use" in str(error):
            return False
        raise
    return True
