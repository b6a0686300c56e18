"""How long an operation may take, and how it ends when the engine asks to stop."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from toolchain.plugins.framework import ProviderError

_Result = TypeVar("_Result")
_STEP = 0.1  # seconds between looks at the engine's wish to stop


class StoppedError(ProviderError):
    """The operation ended before its result: cancelled, or out of time."""


class OutOfTimeError(StoppedError):
    """The time limit of the operation passed."""


class Patience:
    """A time limit together with the engine's cancellation.

    `limit` in seconds, 0 for none. `status` shows progress beside the resource.
    """

    def __init__(self, limit: float, cancelled: threading.Event, status: Callable[[str], None]) -> None:
        self._end = time.monotonic() + limit if limit else None
        self._cancelled = cancelled
        self.status = status

    def check(self) -> None:
        """Raises `StoppedError` when it is time to stop."""
        if self._cancelled.is_set():
            raise StoppedError("context canceled")
        if self._end is not None and time.monotonic() >= self._end:
            raise OutOfTimeError("context deadline exceeded")

    def sleep(self, seconds: float) -> None:
        """Wait, but not past a cancellation or the limit, which raise `StoppedError`."""
        end = time.monotonic() + seconds
        while True:
            self.check()
            rest = end - time.monotonic()
            if rest <= 0:
                return
            self._cancelled.wait(min(rest, _STEP))

    def call(self, function: Callable[[], _Result]) -> _Result:
        """Run a blocking call of the Docker SDK, and leave it behind when it is time to stop.

        The SDK cannot be interrupted. What is left behind ends with the answer or with the plugin's process.
        """
        self.check()
        results: list[_Result] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                results.append(function())
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(_STEP)
            if thread.is_alive():
                self.check()
        if errors:
            raise errors[0]
        return results[0]
