"""Waiting for a healthy container: which limit ends it, and what is said then."""

import threading
from typing import cast

import pytest
from docker import APIClient

from toolchain.plugins.docker.container_waits import wait_until_healthy
from toolchain.plugins.docker.engine_api import Operation
from toolchain.plugins.docker.patience import Patience, StoppedError
from toolchain.plugins.framework import ProviderError


class _NeverHealthy:
    """The part of the engine's client that the wait asks."""

    def inspect_container(self, _: str) -> dict[str, object]:
        return {"State": {"Health": {"Status": "starting"}}}


def operation(limit: float, cancelled: threading.Event) -> Operation:
    return Operation(cast(APIClient, _NeverHealthy()), Patience(limit, cancelled, lambda _: None))


@pytest.mark.parametrize(("limit", "wait_timeout"), [(0.2, 60), (60, 0)], ids=["customTimeouts", "waitTimeout"])
def test_either_limit_has_the_official_text(limit: float, wait_timeout: int) -> None:
    with pytest.raises(ProviderError, match=r"^container failed to be in healthy state$"):
        wait_until_healthy(operation(limit, threading.Event()), "c", wait_timeout)


def test_a_cancellation_is_called_one() -> None:
    cancelled = threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    with pytest.raises(StoppedError, match="context canceled"):
        wait_until_healthy(operation(60, cancelled), "c", 60)
