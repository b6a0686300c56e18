"""The processes that the language host starts: each in a session of its own, all ended with the host."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock, Thread

from .guard import Guard, end_group

PROGRAM_GRACE_SECONDS = 4.0
"""How long a program has to clean up after an interrupt."""

PLUGIN_GRACE_SECONDS = 1.0
"""How long a policy pack or component package has: both hold nothing that would need cleaning up."""

END_GRACE_SECONDS = 1.0
"""How long all of them have when the host ends. The engine waits for us then, and a program may wait for the engine."""


class Child:
    """A running process and the group of what it started."""

    def __init__(self, process: "subprocess.Popen[bytes]", stop_signal: signal.Signals, grace_seconds: float) -> None:
        """Made by `Children.start`."""
        self.process = process
        self._stop_signal = stop_signal
        self._grace_seconds = grace_seconds
        self._asked = Lock()

    def stop(self, grace_seconds: float | None = None) -> None:
        """End the process and all that it started; returns when they are gone. It is asked once, and then killed.

        Args:
            grace_seconds: how long it has from now on, default what it was started with.
        """
        if self.process.poll() is None:
            Thread(target=self.process.wait, daemon=True).start()  # one that is not waited for stays in its group
            first = self._stop_signal if self._asked.acquire(blocking=False) else 0
            end_group(self.process.pid, first, self._grace_seconds if grace_seconds is None else grace_seconds)

    def stop_soon(self) -> None:
        """End it without making the caller wait."""
        Thread(target=self.stop, daemon=True).start()


class Children:
    """All that run at present."""

    def __init__(self, guard: Guard) -> None:
        """`guard` ends them if the host cannot."""
        self._guard = guard
        self._running: set[Child] = set()
        self._lock = Lock()
        self._closed = False

    def start(  # noqa: PLR0913
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path | None = None,
        captured: bool = True,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace_seconds: float = PLUGIN_GRACE_SECONDS,
    ) -> Child:
        """Start a process.

        Args:
            command: program and arguments.
            environment: all of it.
            directory: working directory, default the host's.
            captured: whether stdout and stderr are pipes to us, else they are the host's own, which the engine reads.
            stop_signal: what asks it to end.
            grace_seconds: how long it has before it is killed.

        Raises:
            OSError: it cannot be started, or the host is ending.
        """
        output = subprocess.PIPE if captured else None
        with self._lock:
            if self._closed:
                raise OSError("the language host is ending")
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            self._guard.watch(process.pid)
            child = Child(process, stop_signal, grace_seconds)
            self._running.add(child)
        return child

    def finish(self, child: Child) -> int:
        """Wait for a process; its exit status, or minus the number of the signal that ended it."""
        status = child.process.wait()
        with self._lock:
            self._running.discard(child)
            self._guard.release(child.process.pid)
        return status

    def stop_all(self) -> None:
        """End all of them at the same time, for good: none can be started afterwards."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        threads = [Thread(target=child.stop, args=(END_GRACE_SECONDS,)) for child in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
