"""What all waits have in common: look after every change, end at the limit, say what was missing."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from toolchain.plugins.framework import Properties, Severity, Status
from toolchain.plugins.kubernetes.awaiting.feeds import Feed, Feeds
from toolchain.plugins.kubernetes.cluster import Cluster
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.objects import name_of, namespace_of, uid_of
from toolchain.plugins.kubernetes.patience import Patience

_STEP: Final = 0.2  # seconds between looks at the engine's wish to stop
NOT_READY: Final = "'{name}' timed out waiting to be Ready"
CONDITION: Final = "timed out waiting for the condition"


class AwaitError(Exception):
    """The object `live` exists but is not what was asked for. `problems` are the parts of the reason."""

    def __init__(self, live: Properties, reason: str, problems: list[str]) -> None:
        super().__init__(reason)
        self.live = live
        self.reason = reason
        self.problems = problems


class Progress:
    """Shows each text once."""

    def __init__(self, status: Status) -> None:
        self._status = status
        self._shown: set[str] = set()

    def __call__(self, text: str, severity: Severity = Severity.INFO) -> None:
        if text not in self._shown:
            self._shown.add(text)
            self._status(text, severity)

    def warn(self, text: str) -> None:
        self(text, Severity.WARNING)

    def end(self) -> None:
        """Take the last text away."""
        if self._shown:
            self._status("")


@dataclass
class Wait:
    """One wait for one object. `before` is what it was before an update, None after a creation."""

    cluster: Cluster
    kind: Kind
    live: Properties
    before: Properties | None
    feeds: Feeds
    progress: Progress
    own: Feed = field(init=False)

    def __post_init__(self) -> None:
        collection = self.cluster.collection(self.kind, namespace_of(self.live))
        self.own = self.feeds.add(collection, fieldSelector=f"metadata.name={self.name}")

    @property
    def name(self) -> str:
        return name_of(self.live)

    @property
    def settles(self) -> bool:
        """Whether there is time to wait for things that usually follow."""
        return self.feeds.live

    def current(self) -> Properties:
        """The object as it is now, as far as it is known."""
        found = self.own.named(self.name)
        if found is not None and uid_of(found) in ("", uid_of(self.live)):
            self.live = {**found, "apiVersion": self.kind.api_version, "kind": self.kind.kind}
        return self.live

    def beside(self, kind: Kind, **selector: str) -> Feed:
        """The objects of another kind in the same namespace."""
        return self.feeds.add(self.cluster.collection(kind, namespace_of(self.live)), **selector)


class Awaiter(ABC):
    """Knows when objects of a kind are ready."""

    limit: float | None = None
    """A time limit in seconds that nothing changes; None: the one that was asked for."""
    timed_out = NOT_READY

    def __init__(self, wait: Wait) -> None:
        self.wait = wait

    @abstractmethod
    def ready(self) -> bool:
        """Whether the object is ready now; tells the progress. Raises `AwaitError` when it never will be."""

    def problems(self) -> list[str]:
        """What is missing."""
        return []

    def ready_at_the_end(self) -> bool:
        """Whether what is there suffices when time is up."""
        return False

    def failed(self, reason: str = "") -> AwaitError:
        standard = f"Resource '{self.wait.name}' was created but failed to initialize"
        return AwaitError(self.wait.current(), reason or standard, self.problems())


AwaiterType = Callable[[Wait], Awaiter]


def wait_for(awaiter: Awaiter, patience: Patience) -> Properties:
    """Wait, and return the object as it was seen last. Raises `AwaitError`."""
    wait = awaiter.wait
    events = _events(wait)
    seen = -1
    while True:
        revision = wait.feeds.revision
        if revision != seen:
            seen = revision
            _show(wait, events)
        if awaiter.ready():
            return wait.current()
        if patience.cancelled:
            raise awaiter.failed(f'Resource operation was cancelled for "{wait.name}"')
        if not patience.rest:
            if awaiter.ready_at_the_end():
                return wait.current()
            raise awaiter.failed(awaiter.timed_out.format(name=wait.name))
        wait.feeds.wait(seen, min(_STEP, patience.rest))


def _events(wait: Wait) -> Feed:
    return wait.beside(Kind("v1", "Event"), fieldSelector=f"involvedObject.uid={uid_of(wait.live)}")


def _show(wait: Wait, events: Feed) -> None:
    for event in events.objects:
        if event.get("type") == "Warning":
            wait.progress.warn(f"{event.get('reason')}: {event.get('message')}")
