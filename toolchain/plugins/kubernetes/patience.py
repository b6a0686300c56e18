"""How long an operation waits, and how it ends when the engine asks to stop."""

import threading
import time
from typing import Final

_TIMEOUT: Final = 10 * 60.0  # seconds


class Patience:
    """A time limit in seconds together with the engine's cancellation."""

    def __init__(self, limit: float, cancelled: threading.Event) -> None:
        self._end = time.monotonic() + limit
        self._cancelled = cancelled

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def rest(self) -> float:
        """Seconds that are left; 0 when there are none."""
        return max(0.0, self._end - time.monotonic())


def time_limit(request_seconds: float, annotation: str) -> float:
    """The limit in seconds: the resource option's, the annotation's (a whole number, else not counted), ten minutes."""
    if request_seconds:
        return request_seconds
    return float(annotation) if annotation.isdecimal() and int(annotation) else _TIMEOUT
