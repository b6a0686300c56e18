"""Removal with the official plugin's patience: a first look after 2 s, then every 5 s, and an end after 30 s."""

import time
from collections.abc import Callable

from toolchain.plugins.docker.engine_api import Operation
from toolchain.plugins.framework import ProviderError

DELAY = 2  # seconds before the first look
_INTERVAL = 5  # seconds between looks
_LIMIT = 30  # seconds in all


def wait_until_removed(operation: Operation, remove: Callable[[], bool], still: str) -> None:
    """Call `remove` until it says that the thing is gone. `still` is the state's name in the failure. Raises
    `ProviderError`.
    """
    end = time.monotonic() + _LIMIT
    operation.patience.sleep(DELAY)
    while not remove():
        rest = end - time.monotonic()
        if rest <= 0:
            raise ProviderError(
                f"timeout while waiting for state to become 'removed' (last state: '{still}', timeout: {_LIMIT}s)"
            )
        operation.patience.status(f"waiting for its users to go ({rest:.0f} s left)")
        operation.patience.sleep(min(_INTERVAL, rest))
