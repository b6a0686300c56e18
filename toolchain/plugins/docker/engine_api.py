"""The boundary to the Docker SDK: its failures become `EngineError`, and what it has no method for is sent directly.

The SDK is imported with the first request only: it takes longer than the rest of the plugin's start.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from toolchain.plugins.docker.patience import Patience

if TYPE_CHECKING:
    import requests
    from docker import APIClient

_Result = TypeVar("_Result")
_NOT_FOUND = 404


class EngineError(Exception):
    """Docker refused, or did not answer (`status` 0). The text has the prefix that Docker's clients give it."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"Error response from daemon: {words}" if status else words)
        self.missing = status == _NOT_FOUND


class Operation:
    """One operation on one engine: its client and its patience."""

    def __init__(self, client: "APIClient", patience: Patience) -> None:
        self.client = client
        self.patience = patience

    def call(self, function: "Callable[[APIClient], _Result]") -> _Result:
        """Ask the engine; ends early when the operation has to stop. Raises `EngineError`."""
        return self.patience.call(lambda: _asked(function, self.client))

    def complete(self, function: "Callable[[APIClient], _Result]") -> _Result:
        """Ask the engine and wait for the answer whatever happens meanwhile: what it makes must not be forgotten."""
        self.patience.check()
        return _asked(function, self.client)

    def post(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """`POST` a JSON body to a path of the negotiated API version, completely; returns the answer's object."""
        return self.complete(lambda client: _post(client, path, body))

    def get(self, path: str, parameters: Mapping[str, str]) -> bytes:
        """`GET` a path as it is; for answers that are no JSON."""
        return self.call(lambda client: _checked(client.get(_url(client, path), params=dict(parameters))).content)


def _asked(function: "Callable[[APIClient], _Result]", client: "APIClient") -> _Result:
    from docker.errors import APIError  # noqa: PLC0415 - see the module's text
    from requests.exceptions import RequestException  # noqa: PLC0415

    try:
        return function(client)
    except APIError as error:
        raise EngineError(error.status_code or 0, str(error.explanation or error)) from error
    except RequestException as error:
        raise EngineError(0, f"the Docker engine did not answer: {error}") from error


def _post(client: "APIClient", path: str, body: Mapping[str, object]) -> Mapping[str, object]:
    response = _checked(client.post(_url(client, path), json=body, timeout=client.timeout))
    answer: Mapping[str, object] = response.json() if response.content else {}
    return answer


def _url(client: "APIClient", path: str) -> str:
    return f"{client.base_url}/v{client.api_version}{path}"


def _checked(response: "requests.Response") -> "requests.Response":
    if response.ok:
        return response
    try:
        words = json.loads(response.text)["message"]
    except (ValueError, KeyError, TypeError):
        words = response.text
    raise EngineError(response.status_code, str(words).strip())
