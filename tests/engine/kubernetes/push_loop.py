"""`docker push` again and again while something else happens, and whether what was pushed is there afterwards."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.engine.docker.client import DockerClient, new_image
from tests.engine.docker.deployment import wait_for

_PATIENCE_SECONDS = 300
_RETRY = "Retrying in"
"""What the docker client says when it is about to try a layer once more."""


@dataclass(frozen=True)
class Push:
    """One `docker push` of an image that nobody had before."""

    repository: str
    image_id: str
    began: float
    ended: float
    code: int
    output: str

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def retried(self) -> bool:
        """Whether the client tried a layer more than once."""
        return _RETRY in self.output


class PushLoop:
    """Several docker clients that push beside one another, each one image after the other."""

    def __init__(self, client: DockerClient, namespace: str, clients: int) -> None:
        self._client, self._namespace, self._clients = client, namespace, clients
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._work: list[Future[None]] = []
        self.pushes: list[Push] = []

    @contextmanager
    def running(self) -> Iterator["PushLoop"]:
        """Pushes until the end of the block; what went wrong in a client other than `docker push` is raised there."""
        with ThreadPoolExecutor(self._clients) as pool:
            try:
                self._work = [pool.submit(self._push_until_stopped, number) for number in range(self._clients)]
                yield self
            finally:
                self._stop.set()
        for work in self._work:
            work.result()

    def wait_for_more(self, count: int) -> None:
        """Wait until that many pushes ended that are not yet begun."""
        now = time.monotonic()

        def enough() -> bool:
            return len(self.since(now)) >= count or any(work.done() for work in self._work)

        wait_for(enough, _PATIENCE_SECONDS, lambda: f"{len(self.since(now))} of {count} pushes")

    def since(self, moment: float) -> Sequence[Push]:
        """The pushes that began after a moment of the monotonic clock, and ended."""
        with self._lock:
            return [push for push in self.pushes if push.began > moment]

    def failures(self) -> list[str]:
        """What the client printed when a push failed."""
        return [f"{push.seconds:.0f} s: {push.output[-600:]}" for push in self.pushes if push.code]

    def lost(self) -> list[str]:
        """The repositories whose image does not come back, or as another one."""
        succeeded = [push for push in self.pushes if push.code == 0]
        return [push.repository for push in succeeded if self._client.pull_afresh(push.repository) != push.image_id]

    def _push_until_stopped(self, number: int) -> None:
        count = 0
        while not self._stop.is_set():
            push = self._push(f"{self._namespace}/loop-{number}-{count}")
            with self._lock:
                self.pushes.append(push)
            count += 1

    def _push(self, repository: str) -> Push:
        client = self._client
        local = new_image(client.edge.deployment.name, 1)
        reference = f"{client.edge.registry}/{repository}:1"
        client.must("tag", local, reference)
        image_id = client.must("image", "inspect", "--format", "{{.Id}}", reference).strip()
        began = time.monotonic()
        code, output = client.run("push", reference)
        ended = time.monotonic()
        client.must("image", "rm", local, reference)
        return Push(repository, image_id, began, ended, code, output)
