"""All resource types: what is created, changed, read and deleted, and how failures are told.

Source: `provider.go` of pulumi-kubernetes, `Create`, `Update`, `Read` and `Delete`, with their texts.
"""

import re

from toolchain.plugins.framework import (
    CheckRequest,
    CheckResult,
    Created,
    CreateRequest,
    DeleteRequest,
    Diff,
    DiffRequest,
    InitFailedError,
    Properties,
    ProviderError,
    ReadRequest,
    ReadResult,
    Resource,
    UpdateRequest,
    contains_unknown,
)
from toolchain.plugins.kubernetes.api import ApiError
from toolchain.plugins.kubernetes.applying import (
    ConflictError,
    Target,
    create,
    field_manager,
    relinquish,
    target_of,
    update,
)
from toolchain.plugins.kubernetes.awaiting.awaiter import AwaitError
from toolchain.plugins.kubernetes.awaiting.waits import TIMEOUT, await_ready
from toolchain.plugins.kubernetes.checking import check
from toolchain.plugins.kubernetes.cluster import Cluster, NoMatchError
from toolchain.plugins.kubernetes.comparing import compare
from toolchain.plugins.kubernetes.deleting import delete
from toolchain.plugins.kubernetes.kinds import CRD, Kind, kind_of
from toolchain.plugins.kubernetes.normalising import normalised
from toolchain.plugins.kubernetes.objects import annotation, plain_properties, qualified_name, text
from toolchain.plugins.kubernetes.patience import Patience, time_limit
from toolchain.plugins.kubernetes.reading import read
from toolchain.plugins.kubernetes.state import initial_version_of, manager_of, outputs

_ALREADY_EXISTS = """
The resource already exists in the cluster. To manage it with this program:
  * if it was renamed or moved in the program, add an alias, or the resource option deleteBeforeReplace
  * to change a few fields of it only, use the Patch resource of its kind
  * to take it over as it is, use `pulumi import`
  * to take over whatever exists, set the provider's option upsertExistingObjects"""
_NAMESPACE_MISSING = re.compile(r'namespaces "[^"]*" not found')
_NO_DRY_RUN = "does not support dry run"


class KubernetesResource(Resource):
    """One handler serves every kind."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def check(self, request: CheckRequest) -> CheckResult:
        return check(self._cluster, request)

    def diff(self, request: DiffRequest) -> Diff:
        return compare(self._cluster, request)

    def read(self, request: ReadRequest) -> ReadResult | None:
        return read(self._cluster, request)

    def delete(self, request: DeleteRequest) -> None:
        delete(self._cluster, request)

    def create(self, request: CreateRequest) -> Created:
        inputs = plain_properties(request.inputs)
        kind = kind_of(inputs)
        if request.preview:
            return Created("", self._preview_creation(request, kind, inputs))
        body = normalised(kind, inputs)
        target = target_of(self._cluster, kind, body, field_manager(body))
        self._reachable()
        try:
            live = create(target, body, _Tell(request))
        except (ApiError, NoMatchError, ConflictError) as error:
            raise ProviderError(_refused(request, kind, error)) from error
        if kind == CRD:
            self._cluster.forget_served(text(body, "spec", "group"))
        resource_id = qualified_name(live)
        try:
            live = await_ready(self._cluster, kind, live, None, self._patience(request.timeout, body), request.status)
        except AwaitError as error:
            reason = (
                f'resource "{request.urn}" was successfully created, but the Kubernetes API server reported that it '
                f"failed to fully initialize or become live: {error.reason}"
            )
            state = outputs(error.live, request.inputs, target.manager)
            raise InitFailedError(resource_id, state, [reason, *error.problems], request.inputs) from error
        return Created(resource_id, outputs(live, request.inputs, target.manager))

    def _preview_creation(self, request: CreateRequest, kind: Kind, inputs: Properties) -> Properties:
        if contains_unknown(inputs) or self._cluster.unreachable() or not self._serves(kind):
            return request.inputs
        body = normalised(kind, inputs)
        target = target_of(self._cluster, kind, body, field_manager(body), dry_run=True)
        try:
            live = create(target, body, _Tell(request))
        except NoMatchError:
            return request.inputs
        except (ApiError, ConflictError) as error:
            if isinstance(error, ApiError) and _is_no_verdict(error):
                return request.inputs
            raise ProviderError(_refused(request, kind, error)) from error
        shown = outputs(live, request.inputs, target.manager)
        return {name: value for name, value in shown.items() if name != "status"}

    def update(self, request: UpdateRequest) -> Properties:
        news = plain_properties(request.news)
        kind = kind_of(news)
        state = plain_properties(request.olds)
        body = normalised(kind, news)
        if request.preview and (contains_unknown(news) or self._cluster.unreachable() or not self._serves(kind)):
            return request.news
        self._reachable()
        manager = field_manager(body, manager_of(state))
        target = target_of(self._cluster, kind, body, manager, dry_run=request.preview)
        live: Properties = {}
        try:
            before, live = update(target, body, request.ignore_changes)
            if not request.preview:
                patience = self._patience(request.timeout, body)
                live = await_ready(self._cluster, kind, live, before, patience, request.status)
                if manager_of(state) not in ("", manager) and kind != CRD:
                    relinquish(target, manager_of(state))
        except NoMatchError as error:
            raise ProviderError(_not_served(f'update of resource "{request.urn}"', kind, error)) from error
        except (ApiError, ConflictError, AwaitError) as error:
            if request.preview and isinstance(error, ApiError) and error.forbidden:
                return request.news
            raise self._failed(request, target, error, state) from error
        if kind == CRD:
            self._cluster.forget_served(text(body, "spec", "group"))
        shown = outputs(live, request.news, manager, initial_version_of(state))
        return {name: value for name, value in shown.items() if not (request.preview and name == "status")}

    def _failed(
        self, request: UpdateRequest, target: Target, error: ApiError | ConflictError | AwaitError, state: Properties
    ) -> Exception:
        """How an update that went wrong is told: the state takes the new inputs and what is really there."""
        try:
            live = target.get()
        except (ApiError, NoMatchError) as gone:
            words = f'update of resource "{request.urn}" failed: {error}\nunable to get cluster state: {gone}'
            return ProviderError(words)
        reason = (
            f'the Kubernetes API server reported that "{qualified_name(live)}" failed to fully initialize or become '
            f"live: {error}"
        )
        problems = error.problems if isinstance(error, AwaitError) else []
        shown = outputs(live, request.news, target.manager, initial_version_of(state))
        return InitFailedError(request.id, shown, [reason, *problems], request.news)

    def _serves(self, kind: Kind) -> bool:
        return self._cluster.serves(kind)

    def _reachable(self) -> None:
        """Raises `ProviderError` when the cluster is not."""
        _ = self._cluster.api

    def _patience(self, seconds: float, body: Properties) -> Patience:
        return Patience(time_limit(seconds, annotation(body, TIMEOUT)), self._cluster.cancelled)


def _is_no_verdict(error: ApiError) -> bool:
    """Whether the dry run failed for a reason that the real request may not meet."""
    if error.forbidden or error.reason == "AlreadyExists" or _NO_DRY_RUN in str(error):
        return True
    return error.not_found and _NAMESPACE_MISSING.search(str(error)) is not None


class _Tell:
    """Shows each try that failed."""

    def __init__(self, request: CreateRequest) -> None:
        self._request = request

    def __call__(self, number: int, problem: str) -> None:
        self._request.status(f"Retry #{number}; creation failed: {problem}")


def _refused(request: CreateRequest, kind: Kind, error: Exception) -> str:
    if isinstance(error, NoMatchError) or (isinstance(error, ApiError) and error.not_found and not error.reason):
        return _not_served(f'creation of resource "{request.urn}"', kind, error)
    hint = _ALREADY_EXISTS if isinstance(error, ApiError) and error.reason == "AlreadyExists" else ""
    words = f'resource "{request.urn}" was not successfully created by the Kubernetes API server: {error}'
    return words + hint


def _not_served(doing: str, kind: Kind, error: Exception) -> str:
    return (
        f"{doing} with kind {kind} failed because the Kubernetes API server reported that the apiVersion for this "
        f"resource does not exist. Verify that any required CRDs have been created: {error}"
    )
