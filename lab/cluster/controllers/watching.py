"""Collections of objects, kept as the API server has them."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence

from lab.cluster.api import Api, ApiError, Object

#: How long to wait before an API server that does not answer is asked again, seconds.
_RETRY_SECONDS = 1


def metadata(subject: Object) -> dict[str, str]:
    """Name, namespace, uid and version of an object."""
    found = subject["metadata"]
    assert isinstance(found, dict)
    return found


class Collection:
    """All objects of one collection, kept up to date by a thread of its own."""

    def __init__(self, api: Api, path: str, changed: Callable[[], None]) -> None:
        """Watch the collection at ``path``, a part of the API's address; ``changed`` is called after every change."""
        self._api, self._path, self._changed = api, path, changed
        self._objects: dict[str, Object] = {}
        self._lock = threading.Lock()
        self.complete = threading.Event()
        """Set once the collection was read for the first time."""

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._follow, name=self._path, daemon=True).start()

    @property
    def objects(self) -> list[Object]:
        """The objects as they are now."""
        with self._lock:
            return list(self._objects.values())

    def _follow(self) -> None:
        while True:
            try:
                self._watch_from(self._read())
            except ApiError as error:
                print(f"{self._path}: {error}", file=sys.stderr, flush=True)
                time.sleep(_RETRY_SECONDS)

    def _read(self) -> str:
        listed = self._api.get(self._path)
        items = listed["items"]
        assert isinstance(items, list)
        with self._lock:
            self._objects = {metadata(item)["uid"]: item for item in items}
        self.complete.set()
        self._changed()
        return metadata(listed)["resourceVersion"]

    def _watch_from(self, version: str) -> None:
        """Follow one watch after the other, until the server no longer knows the version."""
        while True:
            for event in self._api.watch(self._path, version):
                version = metadata(event.object)["resourceVersion"]
                with self._lock:
                    if event.kind == "DELETED":
                        self._objects.pop(metadata(event.object)["uid"], None)
                    else:
                        self._objects[metadata(event.object)["uid"]] = event.object
                self._changed()


class Loop:
    """Work that is done again after every change of what it depends on."""

    def __init__(self, name: str, api: Api, paths: Sequence[str], work: Callable[[list[list[Object]]], None]) -> None:
        """``work`` is given the objects of each path, never before all were read; what it raises is tried again."""
        self._name, self._work = name, work
        self._changed = threading.Event()
        self._collections = [Collection(api, path, self._changed.set) for path in paths]

    def wake(self) -> None:
        """Have the work done again."""
        self._changed.set()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        for collection in self._collections:
            collection.start()
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        for collection in self._collections:
            collection.complete.wait()
        while True:
            self._changed.wait()
            self._changed.clear()
            try:
                self._work([collection.objects for collection in self._collections])
            except (ApiError, OSError) as error:
                print(f"{self._name}: {error}", file=sys.stderr, flush=True)
                time.sleep(_RETRY_SECONDS)
                self._changed.set()
