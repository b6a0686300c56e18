"""The cluster of a provider: reached with the first use, and what it serves."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from toolchain.plugins.framework import ProviderError, Value
from toolchain.plugins.kubernetes.api import Api, ApiError, UnreachableError, connect
from toolchain.plugins.kubernetes.kinds import CLUSTER_SCOPED, Kind
from toolchain.plugins.kubernetes.objects import DEFAULT_NAMESPACE, elements, text
from toolchain.plugins.kubernetes.settings import Settings

GONE_WITH_CLUSTER: Final = (
    "configured Kubernetes cluster is unreachable. If the cluster was deleted, you can remove this resource from "
    "Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "
    '"true": '
)
_NO_SCHEMA: Final = "unable to load schema information from the API server: "
_Result = TypeVar("_Result")


class NoMatchError(Exception):
    """The server does not serve this kind."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(f'no matches for kind "{kind.kind}" in version "{kind.api_version}"')


class Cluster:
    """One cluster. `settings` are set once, before anything is asked."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.cancelled = threading.Event()
        self._lock = threading.RLock()
        self._api: Api | None = None
        self._problem = ""
        self._served: dict[str, dict[str, tuple[str, bool]]] = {}
        self._declared: dict[Kind, bool] = {}

    def unreachable(self) -> str:
        """Why the cluster cannot be used, empty when it can; asked once."""
        with self._lock:
            if self._api is None and not self._problem:
                try:
                    api = connect(self.settings)
                    api.request("GET", "/version")
                    self._api = api
                except UnreachableError as error:
                    self._problem = str(error)
                except ApiError as error:
                    self._problem = f"{_NO_SCHEMA}{error}"
            return self._problem

    @property
    def api(self) -> Api:
        """Raises `ProviderError` when the cluster is unreachable."""
        problem = self.unreachable()
        if self._api is None:
            raise ProviderError(f"configured Kubernetes cluster is unreachable: {problem}")
        return self._api

    @property
    def default_namespace(self) -> str:
        """Where objects go that name no namespace; also of a cluster that does not answer."""
        if not self.unreachable():
            return self.api.namespace
        try:
            return connect(self.settings).namespace
        except UnreachableError:
            return self.settings.namespace or DEFAULT_NAMESPACE

    def declare(self, kind: Kind, *, namespaced: bool) -> None:
        """A custom resource definition of this program says that a kind will be there."""
        self._declared[kind] = namespaced

    def forget_served(self, group: str = "") -> None:
        """Ask again what is served: something changed."""
        with self._lock:
            self._served = {version: kinds for version, kinds in self._served.items() if not version.startswith(group)}

    def is_namespaced(self, kind: Kind) -> bool:
        """Whether objects of a kind live in namespaces; an unknown kind does."""
        if kind.built_in:
            return kind.kind not in CLUSTER_SCOPED
        if kind in self._declared:
            return self._declared[kind]
        if self.unreachable():
            return True
        try:
            return self._served_as(kind)[1]
        except NoMatchError:
            return True

    def serves(self, kind: Kind) -> bool:
        """Whether the server has the kind now."""
        try:
            self._served_as(kind)
        except NoMatchError:
            return False
        return True

    def collection(self, kind: Kind, namespace: str) -> str:
        """The path of a kind's objects, of all namespaces when `namespace` is empty. Raises `NoMatchError`."""
        plural, namespaced = self._served_as(kind)
        root = _root(kind.api_version)
        return f"{root}/namespaces/{namespace}/{plural}" if namespaced and namespace else f"{root}/{plural}"

    def path(self, kind: Kind, namespace: str, name: str) -> str:
        """The path of one object. Raises `NoMatchError`."""
        if self.is_namespaced(kind) and not namespace:
            namespace = DEFAULT_NAMESPACE
        return f"{self.collection(kind, namespace)}/{name}"

    def _served_as(self, kind: Kind) -> tuple[str, bool]:
        with self._lock:
            if kind.kind not in self._served.get(kind.api_version, {}):
                self._served[kind.api_version] = self._ask(kind.api_version)
            found = self._served[kind.api_version].get(kind.kind)
        if found is None:
            raise NoMatchError(kind)
        return found

    def _ask(self, api_version: str) -> dict[str, tuple[str, bool]]:
        try:
            resources = elements(self.api.request("GET", _root(api_version)).get("resources"))
        except ApiError as error:
            if error.not_found:
                return {}
            raise
        return {
            text(resource, "kind"): (text(resource, "name"), _is_true(resource, "namespaced"))
            for resource in resources
            if "/" not in text(resource, "name")
        }

    def patiently(self, doing: Callable[[], _Result], tell: Callable[[int, str], None]) -> _Result:
        """Try again for a minute where a namespace or a kind is not there yet; `tell` hears of each failure. Raises
        what the last try raised.
        """
        for number, seconds in enumerate((1, 2, 4, 8, 16, 32, 0)):
            try:
                return doing()
            except (NoMatchError, ApiError) as error:
                tell(number, str(error))
                refused = isinstance(error, ApiError) and not error.not_found
                if refused or not seconds or self.cancelled.wait(seconds):
                    raise
                self.forget_served()
        raise AssertionError("unreachable: the last try returns or raises")


def _is_true(resource: Value, name: str) -> bool:
    return isinstance(resource, dict) and resource.get(name) is True


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
