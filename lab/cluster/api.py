"""The Kubernetes API as this cluster's own programs use it: objects as JSON, without a type for each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import requests

from lab.cluster.instance import API_PORT, Instance

Object = dict[str, object]
"""A Kubernetes object, or a part of one, as its JSON says it."""

MANAGER = "portus-stack-cluster"
"""Owner of the fields that the cluster's own programs write."""

#: (connect, read) seconds. A watch is cut by the server after _WATCH_SECONDS, well before.
_TIMEOUT = (5, 60)
_WATCH_SECONDS = 40


class ApiError(Exception):
    """The API server refused or did not answer; the message is its own."""

    def __init__(self, status: int, message: str) -> None:
        """Status is the HTTP status, 0 without an answer."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Event:
    """One change that a watch told of."""

    kind: str
    """ADDED, MODIFIED, DELETED."""
    object: Object


class Api:
    """A connection to the API server."""

    def __init__(self, instance: Instance) -> None:
        """Connect to a cluster as its administrator, with the certificates in its folder: no copy of a key is made."""
        folder = instance.certificates
        self._server = f"https://{instance.control_address}:{API_PORT}"
        self._session = requests.Session()
        # The machine's own proxy knows no way to a test cluster.
        self._session.trust_env = False
        self._session.verify = str(folder / "ca.crt")
        self._session.cert = (str(folder / "admin.crt"), str(folder / "admin.key"))

    def get(self, path: str, **query: str) -> Object:
        """The object or list at ``path``. Raises ApiError."""
        return self._call("GET", path, query)

    def apply(self, path: str, content: Mapping[str, object]) -> Object:
        """Create the object at ``path`` or change it, by server-side apply; its name is the path's. Raises ApiError."""
        metadata = content.get("metadata", {})
        assert isinstance(metadata, dict)
        content = {**content, "metadata": {**metadata, "name": path.rpartition("/")[2]}}
        query = {"fieldManager": MANAGER, "force": "true"}
        return self._call("PATCH", path, query, content, "application/apply-patch+yaml")

    def merge(self, path: str, content: Mapping[str, object]) -> Object:
        """Change fields of the object at ``path``. Raises ApiError."""
        return self._call("PATCH", path, {"fieldManager": MANAGER}, content, "application/merge-patch+json")

    def post(self, path: str, content: Mapping[str, object]) -> Object:
        """Create an object in the collection at ``path``. Raises ApiError."""
        return self._call("POST", path, {"fieldManager": MANAGER}, content)

    def delete(self, path: str) -> None:
        """Delete the object at ``path``; it may be gone. Raises ApiError."""
        try:
            self._call("DELETE", path, {})
        except ApiError as error:
            if error.status != requests.codes.not_found:
                raise

    def watch(self, path: str, version: str) -> Iterator[Event]:
        """Changes after ``version`` of the collection at ``path``; ends when the server ends it. Raises ApiError."""
        query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": str(_WATCH_SECONDS)}
        try:
            with self._session.get(self._server + path, params=query, stream=True, timeout=_TIMEOUT) as answer:
                _check(answer)
                for line in answer.iter_lines(chunk_size=None):
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise ApiError(int(event["object"].get("code", 0)), str(event["object"].get("message")))
                    yield Event(event["type"], event["object"])
        except requests.RequestException as error:
            raise ApiError(0, str(error)) from error

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        content: Mapping[str, object] | None = None,
        media_type: str = "application/json",
    ) -> Object:
        body = None if content is None else json.dumps(content)
        headers = {"Content-Type": media_type}
        address = self._server + path
        try:
            answer = self._session.request(method, address, params=query, data=body, headers=headers, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise ApiError(0, str(error)) from error
        _check(answer)
        decoded: Object = answer.json()
        return decoded

    def answers(self) -> bool:
        """Whether the API server says that it is ready."""
        try:
            return self._session.get(f"{self._server}/readyz", timeout=(1, 5)).ok
        except requests.RequestException:
            return False


def _check(answer: requests.Response) -> None:
    if answer.ok:
        return
    try:
        message = str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        message = answer.text
    raise ApiError(answer.status_code, message)
