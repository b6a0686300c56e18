"""Waiting for a container: to be healthy, or to end."""

import time

from toolchain.plugins.docker.engine_api import EngineError, Operation
from toolchain.plugins.docker.engine_json import object_at
from toolchain.plugins.docker.patience import OutOfTimeError
from toolchain.plugins.framework import ProviderError

_INTERVAL = 0.2  # seconds between looks; 1 in the official plugin, which six roles in a row would wait for six times
_NOT_HEALTHY = "container failed to be in healthy state"
_NO_HEALTH_CHECK = (
    "you have supplied a 'wait' argument, but the container does not have a healthcheck defined. "
    "Please remove the 'wait' argument or add a 'healthcheck' attribute"
)


def wait_until_healthy(operation: Operation, container: str, limit: int) -> None:
    """Wait at most `limit` seconds. An unhealthy container may still become healthy.

    Raises:
        ProviderError: the container has no health check, or is not healthy when the limit or that of the whole
            operation (`customTimeouts`) passes, for which the official plugin has one text
            (terraform-provider-docker, `resource_docker_container_funcs.go`).
        StoppedError: cancelled.
    """
    try:
        _look_until_healthy(operation, container, limit)
    except OutOfTimeError as error:
        raise ProviderError(_NOT_HEALTHY) from error


def _look_until_healthy(operation: Operation, container: str, limit: int) -> None:
    began, shown = time.monotonic(), ""
    while True:
        health = _health(operation, container)
        if health is None:
            raise ProviderError(_NO_HEALTH_CHECK)
        if health == "healthy":
            return
        waited = time.monotonic() - began
        if waited >= limit:
            raise ProviderError(_NOT_HEALTHY)
        status = f"waiting for health: {health} ({waited:.0f} s)"
        if status != shown:
            operation.patience.status(status)
        shown = status
        operation.patience.sleep(min(_INTERVAL, limit - waited))


def _health(operation: Operation, container: str) -> str | None:
    try:
        state = object_at(operation.call(lambda client: client.inspect_container(container)), "State")
    except EngineError as error:
        raise ProviderError(f"error inspecting container state: {error}") from error
    health = object_at(state, "Health").get("Status")
    return health if isinstance(health, str) else None


def follow_until_exit(operation: Operation, container: str, with_logs: bool) -> str | None:
    """Wait until the container ends, whatever its exit code; returns what it wrote when `with_logs`."""
    operation.patience.status("running until it ends")
    if not with_logs:
        operation.call(lambda client: client.wait(container, condition="not-running"))
        return None
    # Followed and not fetched afterwards: a container that removes itself has no logs then.
    output: bytes = operation.call(lambda client: client.logs(container, stdout=True, stderr=True, follow=True))
    try:
        operation.call(lambda client: client.wait(container, condition="not-running"))
    except EngineError as error:
        if not error.missing:
            raise
    return output.decode(errors="replace")
