"""Collections of objects, kept up to date while something is waited for."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Final

from toolchain.plugins.framework import Properties, Value
from toolchain.plugins.kubernetes.api import Api, ApiError
from toolchain.plugins.kubernetes.objects import elements, mapping, name_of, namespace_of, text

if TYPE_CHECKING:
    import urllib3

_WATCH_SECONDS: Final = "300"
_PAUSE: Final = 0.5  # seconds before a feed that failed is started again
_REFUSED: Final = (401, 403, 404)


class Feed:
    """The objects of one path that a selector matches: the list, and what changed since."""

    def __init__(self, api: Api, path: str, selector: Mapping[str, str], changed: threading.Condition) -> None:
        self._api = api
        self._path = path
        self._selector = dict(selector)
        self._changed = changed
        self._objects: dict[str, Properties] = {}
        self._response: urllib3.BaseHTTPResponse | None = None
        self._closed = False
        self.revision = 0
        self.changed_at: float | None = None
        """When the last object came, changed or went (`time.monotonic`); None before the first."""
        self.problem = ""
        """Why the server does not show these objects; empty when it does."""

    @property
    def objects(self) -> list[Properties]:
        with self._changed:
            return list(self._objects.values())

    def named(self, name: str) -> Properties | None:
        """The object of a name, None when there is none."""
        return next((obj for obj in self.objects if name_of(obj) == name), None)

    def list(self) -> str:
        """Take the list; returns its resource version. Raises `ApiError`."""
        answer = self._api.request("GET", self._path, parameters=self._selector)
        about = {
            "apiVersion": answer.get("apiVersion"),
            "kind": text(answer, "kind").removesuffix("List"),
        }
        listed = {_key(item): {**about, **mapping(item)} for item in elements(answer.get("items"))}
        with self._changed:
            if listed != self._objects:
                self.changed_at = time.monotonic()
            self._objects = listed
            self._tell()
        return text(answer, "metadata", "resourceVersion")

    def run(self) -> None:
        """List and watch until closed."""
        while not self._closed:
            try:
                self._follow(self.list())
            except ApiError as error:
                if error.code in _REFUSED:
                    self.problem = str(error)
                    with self._changed:
                        self._tell()
                    return
                if not error.gone:
                    time.sleep(_PAUSE)
            except Exception:
                # A connection that ends in the middle of an answer, most often because `close` ended it.
                if not self._closed:
                    time.sleep(_PAUSE)

    def close(self) -> None:
        """End the watch, also from another thread."""
        self._closed = True
        response = self._response
        if response is not None:
            try:
                response.shutdown()
            except (ValueError, RuntimeError, OSError, AttributeError):
                return  # it has ended already

    def _follow(self, version: str) -> None:
        parameters = {**self._selector, "resourceVersion": version, "timeoutSeconds": _WATCH_SECONDS}
        with self._api.watch(self._path, parameters) as response:
            self._response = response
            if self._closed:
                return
            for line in _lines(response):
                event = mapping(json.loads(line))
                if text(event, "type") == "ERROR":
                    status = mapping(event.get("object"))
                    raise ApiError(int(str(status.get("code") or 0)), text(status, "reason"), text(status, "message"))
                self._take(text(event, "type"), mapping(event.get("object")))
                if self._closed:
                    return

    def _take(self, event: str, obj: Properties) -> None:
        with self._changed:
            if event == "DELETED":
                self._objects.pop(_key(obj), None)
            else:
                self._objects[_key(obj)] = obj
            self.changed_at = time.monotonic()
            self._tell()

    def _tell(self) -> None:
        self.revision += 1
        self._changed.notify_all()


class Feeds:
    """The feeds of one wait. Without `live` each is listed once and stays as it was."""

    def __init__(self, api: Api, *, live: bool = True) -> None:
        self.live = live
        self._api = api
        self._changed = threading.Condition(threading.RLock())
        self._feeds: list[Feed] = []

    def add(self, path: str, **selector: str) -> Feed:
        """The objects of a path; `selector`: `fieldSelector`, `labelSelector`."""
        feed = Feed(self._api, path, selector, self._changed)
        self._feeds.append(feed)
        if self.live:
            threading.Thread(target=feed.run, daemon=True).start()
        else:
            try:
                feed.list()
            except ApiError as error:
                feed.problem = str(error)
        return feed

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return sum(feed.revision for feed in self._feeds)

    def wait(self, seen: int, seconds: float) -> None:
        """Return when there is something newer than the revision `seen`, or after so many seconds."""
        with self._changed:
            if self.revision == seen:
                self._changed.wait(seconds)

    def __enter__(self) -> "Feeds":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for feed in self._feeds:
            feed.close()


def _key(obj: Value) -> str:
    return f"{namespace_of(obj)}/{name_of(obj)}"


def _lines(response: "urllib3.BaseHTTPResponse") -> Iterator[bytes]:
    rest = b""
    for chunk in response.stream(None):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())
