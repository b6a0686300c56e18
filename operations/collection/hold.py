"""Pushes are held at every edge while the collector works (components: roles/edge_hold.py)."""

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

from ..console import OperationError, say
from ..inside import Inside
from .collector import Collector

EDGE = "edge"
_SCRIPT = "/etc/portus-stack/hold.sh"
_NO, _REFUSED = 1, 75
_BEAT_SECONDS = 3.0
_JOIN_SECONDS = 30
_QUIET_SECONDS = 120
_QUIET_LOOKS = 2
_LOOK_SECONDS = 1.0
_ENDS = "pushes go on by themselves within 70 seconds"


class Hold(AbstractContextManager["Hold"]):
    """Pushes are held from the beginning of the block to its end.

    A thread asks for it anew every three seconds, first at the edges, then at the collector. Whoever kills this process
    ends both: the collector within 40 seconds, the hold 20 seconds later.

    Args:
        collector: whose work this is for; it is ended before pushes go on.
        connect: makes a connection for the thread.
    """

    def __init__(self, inside: Inside, collector: Collector, connect: Callable[[], Inside]) -> None:
        self._inside, self._collector, self._connect = inside, collector, connect
        self._owner = uuid.uuid4().hex
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="hold", daemon=True)
        self._failure = ""

    def __enter__(self) -> "Hold":
        begun: list[str] = []
        try:
            for edge in self._inside.of(EDGE):
                self._begin(edge)
                begun.append(edge)
        except BaseException:
            for edge in begun:
                self._inside.run(edge, ("sh", _SCRIPT, "end"))
            raise
        if not begun:
            raise OperationError("no edge runs, at which pushes could be held", "see what `status` says")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Without the collector's end nobody may push: then the hold is left to end by itself, after the collector."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)  # what it asks for just now would outlive the end
        try:
            if kind is not None:
                self._collector.stop()
            for edge in self._inside.of(EDGE):
                self._inside.run(edge, ("sh", _SCRIPT, "end"))
        except OperationError as problem:
            say(f"{problem}; {_ENDS}")

    def check(self) -> None:
        """Raises OperationError when pushes were let in meanwhile."""
        if not self._failure:
            try:
                self._beat(self._inside, self._collector)
            except OperationError as problem:
                self._failure = str(problem)
        if self._failure:
            raise OperationError(
                f"pushes may have been let in for some seconds, so the collector was ended: {self._failure}",
                "run this again, and push again what was pushed just now",
            )

    def wait_for_writes(self) -> None:
        """Wait until nothing is written that was let in before.

        Raises:
            OperationError: a write goes on for longer than two minutes; nothing was removed.
        """
        until = time.monotonic() + _QUIET_SECONDS
        looks = 0
        while looks < _QUIET_LOOKS:
            time.sleep(_LOOK_SECONDS)
            self.check()
            looks = looks + 1 if self._quiet() else 0
            if not looks and time.monotonic() > until:
                raise OperationError(
                    f"a push that began before goes on for more than {_QUIET_SECONDS} s; nothing was removed",
                    "run this again when fewer people push",
                )

    def _quiet(self) -> bool:
        codes = [self._inside.run(edge, ("sh", _SCRIPT, "quiet"))[0] for edge in self._inside.of(EDGE)]
        if any(code not in (0, _NO) for code in codes):
            raise OperationError("an edge does not tell whether something is being written", "see what `status` says")
        return not any(codes)

    def _begin(self, edge: str) -> None:
        code, _ = self._inside.run(edge, ("sh", _SCRIPT, "begin", self._owner))
        if code == _REFUSED:
            raise OperationError(
                "pushes are held already: another `collect-garbage` is at work, or one was killed just now",
                "wait until it has ended; after a kill, 70 seconds",
            )
        if code:
            raise OperationError("this edge cannot hold pushes; it was deployed by an earlier version", "run `up`")

    def _keep(self) -> None:
        try:
            with self._connect() as inside:
                collector = Collector(inside, self._collector.place)
                while not self._over.wait(_BEAT_SECONDS):
                    self._beat(inside, collector)
        except OperationError as problem:
            if not self._over.is_set():  # else the hold was ended while this asked for it
                self._failure = str(problem)
        except Exception as problem:  # a thread tells nobody what it raises
            self._failure = f"{type(problem).__name__}: {problem}"

    def _beat(self, inside: Inside, collector: Collector) -> None:
        """First the edges: the collector goes on only where all of them hold."""
        for edge in inside.of(EDGE):
            code, _ = inside.run(edge, ("sh", _SCRIPT, "keep", self._owner))
            if code and not self._over.is_set():
                collector.stop()
                raise OperationError(f"{edge} does not hold them any more, or is new")
        collector.wanted()
