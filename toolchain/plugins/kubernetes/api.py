"""Requests to one API server, and its refusals.

Connections, certificates, tokens and credential plugins are the affair of the official Python client, which is imported
here with the first connection: it takes longer than the rest of the plugin's start.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from toolchain.plugins.framework import Properties, Value
from toolchain.plugins.kubernetes.kubeconfig import (
    IN_CLUSTER,
    KubeconfigError,
    load_kubeconfig,
    selected_context,
)
from toolchain.plugins.kubernetes.objects import DEFAULT_NAMESPACE, elements, mapping, text
from toolchain.plugins.kubernetes.settings import ClientSettings, Settings

if TYPE_CHECKING:
    import urllib3
    from kubernetes.client import ApiClient

JSON: Final = "application/json"
APPLY: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"

_POOL = 256  # connections that are kept; as many requests as the plugin serves at once
_CONNECT_SECONDS = 30
_RETRY_LATER = 429
_RETRIES = 10
_OK = range(200, 300)


class ApiError(Exception):
    """The API server refused, or did not answer (`code` 0). The text is its message."""

    def __init__(self, code: int, reason: str, message: str, causes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.causes = causes
        """The reasons of its causes."""

    @property
    def not_found(self) -> bool:
        return self.code == 404  # noqa: PLR2004 - HTTP's own number

    @property
    def forbidden(self) -> bool:
        return self.code == 403  # noqa: PLR2004

    @property
    def gone(self) -> bool:
        """What was asked to be watched is too old."""
        return self.code == 410  # noqa: PLR2004


class UnreachableError(Exception):
    """There is no cluster to talk to; the text says why."""


class RateLimit:
    """At most `qps` requests a second, `burst` at once."""

    def __init__(self, client: ClientSettings) -> None:
        self._qps, self._burst = client.qps, max(client.burst, 1)
        self._tokens, self._at = float(self._burst), time.monotonic()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may go."""
        if self._qps <= 0:
            return
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._qps) - 1
            self._at = now
            debt = -self._tokens / self._qps
        if debt > 0:
            time.sleep(debt)


class Api:
    """The API server of one kubeconfig. Safe to be used by many threads."""

    def __init__(self, client: "ApiClient", settings: ClientSettings, namespace: str) -> None:
        self._client = client
        self._limit = RateLimit(settings)
        self._timeout = settings.timeout
        self.namespace = namespace
        """Where objects go that name no namespace."""

    def request(
        self,
        method: str,
        path: str,
        body: Value = None,
        *,
        parameters: Mapping[str, str] | None = None,
        content_type: str = JSON,
    ) -> Properties:
        """Send `body` as JSON and return the answer's object. Raises `ApiError`."""
        for attempt in range(_RETRIES):
            response = self._send(method, path, body, parameters, content_type, self._timeout or None)
            data = response.data
            if response.status != _RETRY_LATER or attempt == _RETRIES - 1:
                break
            time.sleep(float(response.headers.get("Retry-After") or 1))
        if response.status not in _OK:
            raise _refusal(response.status, data)
        answer = json.loads(data)
        return mapping(answer)

    @contextmanager
    def watch(self, path: str, parameters: Mapping[str, str]) -> "Iterator[urllib3.BaseHTTPResponse]":
        """An open answer that goes on until the server or somebody's `shutdown` of it ends it. Raises `ApiError`."""
        response = self._send("GET", path, None, {**parameters, "watch": "true"}, JSON, None)
        try:
            if response.status not in _OK:
                raise _refusal(response.status, response.data)
            yield response
        finally:
            response.close()

    def _send(  # noqa: PLR0913, PLR0917 - one place for all that HTTP takes
        self,
        method: str,
        path: str,
        body: Value,
        parameters: Mapping[str, str] | None,
        content_type: str,
        seconds: float | None,
    ) -> "urllib3.BaseHTTPResponse":
        import urllib3  # noqa: PLC0415 - see the module's text

        self._limit.wait()
        headers = {"Accept": JSON, "Content-Type": content_type, "User-Agent": "pulumi-kubernetes"}
        self._client.update_params_for_auth(headers, [], ["BearerToken"])
        query = f"?{urlencode(parameters)}" if parameters else ""
        try:
            response: urllib3.BaseHTTPResponse = self._client.rest_client.pool_manager.request(
                method,
                f"{self._client.configuration.host}{path}{query}",
                body=None if method == "GET" else json.dumps(body),
                headers=headers,
                preload_content=False,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=seconds),
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            cause = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) else error
            raise ApiError(0, "", f"{method} {path}: {cause}") from error
        return response


def _refusal(code: int, data: bytes) -> ApiError:
    try:
        status = mapping(json.loads(data))
    except ValueError:
        words = data.decode(errors="replace").strip()
        return ApiError(code, "", words or f"the server answered with HTTP status {code}")
    causes = tuple(text(cause, "reason") for cause in elements(mapping(status.get("details")).get("causes")))
    return ApiError(code, text(status, "reason"), text(status, "message"), causes)


def connect(settings: Settings) -> Api:
    """The API server that the settings select; nothing is sent. Raises `UnreachableError`."""
    try:
        document = load_kubeconfig(settings.kubeconfig)
        if document is None:
            return _inside(settings)
        context = selected_context(document, settings.context, settings.cluster)
        return _outside(settings, document, context)
    except KubeconfigError as error:
        raise UnreachableError(str(error)) from error


def _outside(settings: Settings, document: Properties, context: Properties) -> Api:
    from kubernetes import config  # noqa: PLC0415 - see the module's text

    chosen = {
        **document,
        "contexts": [{"name": "chosen", "context": context}],
        "current-context": "chosen",
        "users": document.get("users") or [],
    }
    configuration = _configuration()
    try:
        config.load_kube_config_from_dict(chosen, client_configuration=configuration, persist_config=False)
    except (config.ConfigException, OSError, ValueError, TypeError, KeyError) as error:
        # A value of the kubeconfig may be in the exception's text, and a value may be a key.
        raise UnreachableError(
            "unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: "
            f"set up the context, cluster and user as client libraries read them ({type(error).__name__})"
        ) from error
    namespace = settings.namespace or text(context, "namespace") or DEFAULT_NAMESPACE
    return Api(_client(configuration), settings.client, namespace)


def _inside(settings: Settings) -> Api:
    from kubernetes import config  # noqa: PLC0415

    configuration = _configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
        own = (IN_CLUSTER / "namespace").read_text(encoding="utf-8").strip()
    except (config.ConfigException, OSError) as error:
        raise UnreachableError(
            "unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: "
            "a kubeconfig in ~/.kube/config, in $KUBECONFIG or in `kubernetes:config:kubeconfig`"
        ) from error
    return Api(_client(configuration), settings.client, settings.namespace or own or DEFAULT_NAMESPACE)


def _configuration() -> "object":
    from kubernetes.client import Configuration  # noqa: PLC0415

    configuration = Configuration()
    configuration.connection_pool_maxsize = _POOL
    return configuration


def _client(configuration: "object") -> "ApiClient":
    from kubernetes.client import ApiClient  # noqa: PLC0415

    return ApiClient(configuration)
