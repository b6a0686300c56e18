"""Containers.

The steps and their failures are those of `resource_docker_container_funcs.go` of kreuzwerker/terraform-provider-docker
v4.5.0: once Docker has made the container, whatever fails leaves it in the state, marked as failed.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from toolchain.plugins.docker.container_config import (
    container_body,
    restart_policy,
    updatable_resources,
)
from toolchain.plugins.docker.container_networks import connect_networks
from toolchain.plugins.docker.container_state import read_container
from toolchain.plugins.docker.container_waits import follow_until_exit, wait_until_healthy
from toolchain.plugins.docker.engine_api import EngineError, Operation
from toolchain.plugins.docker.handler import CreateFailedError, DockerResource, GoneError
from toolchain.plugins.docker.images import ensure_image
from toolchain.plugins.docker.planning import same
from toolchain.plugins.docker.reading import bytes_of, flag, number, text
from toolchain.plugins.docker.uploads import upload_all
from toolchain.plugins.framework import Properties, ProviderError

if TYPE_CHECKING:
    from docker import APIClient
_UPDATABLE = (
    "restart",
    "maxRetryCount",
    "cpuShares",
    "memory",
    "memoryReservation",
    "cpuSet",
    "memorySwap",
    "deviceReadBps",
    "deviceReadIops",
    "deviceWriteBps",
    "deviceWriteIops",
)


class Container(DockerResource):
    """A container. Its id is Docker's full one, of 64 digits."""

    def make(self, operation: Operation, state: Properties) -> tuple[str, Properties]:
        image = text(state, "image")
        try:
            ensure_image(operation, self.connection.configuration, image, "")
        except ProviderError as error:
            raise type(error)(f"Unable to create container with image {image}: {error}") from error
        operation.patience.status("creating the container")
        body = container_body(state, str(operation.client.api_version))
        try:
            container = _create(operation, state, body)
        except EngineError as error:
            raise ProviderError(f"Unable to create container: {error}") from error
        try:
            logs = _bring_up(operation, container, state)
            operation.patience.status("")  # the engine would show the last one beside what is done
            return self.look(operation, container, {**state, "containerLogs": logs})
        except (EngineError, ProviderError) as error:
            raise CreateFailedError(container, str(error)) from error
        except GoneError as error:
            raise ProviderError(f"container {container} was removed while it was created") from error

    def look(self, operation: Operation, resource_id: str, state: Properties) -> tuple[str, Properties]:
        found = _inspect(operation, resource_id)
        if found is None:
            raise GoneError
        return resource_id, read_container(found, state)

    def change(self, operation: Operation, resource_id: str, old: Properties, state: Properties) -> Properties:
        if flag(state, "mustRun") and not flag(old, "mustRun") and flag(state, "start"):
            _start(operation, resource_id)
        properties = self.schema.properties
        if any(not same(old.get(name), state.get(name), properties[name]) for name in _UPDATABLE):
            body = _update_body(state)
            try:
                operation.post(f"/containers/{resource_id}/update", body)
            except EngineError as error:
                raise ProviderError(f"Unable to update a container: {error}") from error
        return state

    def remove(self, operation: Operation, resource_id: str, state: Properties) -> None:
        if not flag(state, "attach"):
            grace = max(0, number(state, "destroyGraceSeconds"))
            operation.patience.status(f"stopping (at most {grace} s)")
            _ignoring(
                operation,
                f"Error stopping container {resource_id}",
                ("No such container",),
                lambda client: client.stop(resource_id, timeout=grace),
            )
        volumes = flag(state, "removeVolumes")
        _ignoring(
            operation,
            f"Error deleting container {resource_id}",
            ("No such container", "is already in progress"),
            lambda client: client.remove_container(resource_id, v=volumes, force=True),
        )
        condition: Literal["removed", "not-running"] = "removed" if flag(state, "rm") else "not-running"
        _ignoring(
            operation,
            f"Error waiting for container removal '{resource_id}'",
            ("No such container", "is already in progress"),
            lambda client: client.wait(resource_id, condition=condition),
        )
        operation.patience.status("")


def _create(operation: Operation, state: Properties, body: Mapping[str, object]) -> str:
    path = f"/containers/create?name={quote(text(state, 'name'), safe='')}"
    if platform := text(state, "platform"):
        path += f"&platform={quote(platform, safe='')}"
    return str(operation.post(path, body)["Id"])


def _bring_up(operation: Operation, container: str, state: Properties) -> str | None:
    """Networks, files, start, waits; returns the logs that were asked for."""
    connect_networks(operation, container, state)
    _upload(operation, container, state)
    if flag(state, "start"):
        _start(operation, container)
        if flag(state, "wait"):
            wait_until_healthy(operation, container, number(state, "waitTimeout"))
    return follow_until_exit(operation, container, flag(state, "logs")) if flag(state, "attach") else None


def _upload(operation: Operation, container: str, state: Properties) -> None:
    try:
        operation.call(lambda client: upload_all(client, container, state))
    except EngineError as error:
        raise ProviderError(f"Unable to upload volume content: {error}") from error


def _start(operation: Operation, container: str) -> None:
    operation.patience.status("starting")
    try:
        operation.call(lambda client: client.start(container))
    except EngineError as error:
        raise ProviderError(f"Unable to start container: {error}") from error


def _inspect(operation: Operation, container: str) -> Mapping[str, object] | None:
    """None when Docker has no container of exactly this id: names and short ids do not count."""
    try:
        found: Mapping[str, object] = operation.call(lambda client: client.inspect_container(container))
    except EngineError as error:
        if error.missing:
            return None
        raise
    return found if found.get("Id") == container else None


def _update_body(state: Properties) -> dict[str, object]:
    swap = number(state, "memorySwap")
    body = {**updatable_resources(state), "RestartPolicy": restart_policy(state)}
    return {**body, "MemorySwap": bytes_of(swap)} if swap else body


def _ignoring(
    operation: Operation, problem: str, expected: tuple[str, ...], call: "Callable[[APIClient], object]"
) -> None:
    """Ask the engine; an answer with one of the `expected` words is as good as success."""
    try:
        operation.call(call)
    except EngineError as error:
        if not any(words in str(error) for words in expected):
            raise ProviderError(f"{problem}: {error}") from error
