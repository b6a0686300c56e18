"""Waiting for a process's end to be asked for, by a signal or by a thread of its own.

A `threading.Event` that a signal's handler sets is not enough: the handler runs in the main thread, which may hold that
event's lock, or be one step before blocking on it, where the signal no longer wakes it. A byte in a pipe, written by
the interpreter's own C handler, is there whenever it is looked for (`signal.set_wakeup_fd`).
"""

import os
import select
import signal


class Ending:
    """Takes SIGINT and SIGTERM from when it is made, in the main thread."""

    def __init__(self) -> None:
        """From now on these signals do nothing but end the wait."""
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)

    def ask(self) -> None:
        """End the wait, from any thread."""
        os.write(self._writer, b"\0")

    def wait(self, seconds: float | None = None) -> bool:
        """Until the end is asked for, at most `seconds` (default: for ever). Returns whether it was."""
        return bool(select.select([self._reader], [], [], seconds)[0])
