"""Creating, changing and deleting objects: the requests, and who manages which field.

Source: `await/await.go` of pulumi-kubernetes (`Creation`, `ssaUpdate`, `handleSSAIgnoreFields`) and
`ssa/managedfields.go` of fluxcd/pkg: what `kubectl` or a creation by POST manages is taken over before an apply, so
that what the program does not say any more disappears.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from toolchain.plugins.framework import Properties, Value
from toolchain.plugins.kubernetes.api import APPLY, JSON_PATCH, ApiError
from toolchain.plugins.kubernetes.cluster import Cluster
from toolchain.plugins.kubernetes.kinds import CRD, Kind
from toolchain.plugins.kubernetes.objects import (
    annotation,
    at,
    elements,
    mapping,
    name_of,
    namespace_of,
    number,
    text,
    with_metadata,
)

CREATOR: Final = "pulumi-kubernetes"
"""Who manages the fields of an object that was made by POST."""

_CREATORS: Final = (CREATOR, f"{CREATOR}.exe", "pulumi-resource-kubernetes")
_MANAGER: Final = "pulumi.com/patchFieldManager"
_FORCE: Final = "pulumi.com/patchForce"
_MANAGER_DIGITS: Final = 4  # bytes
_CONFLICT_HELP: Final = (
    "server-side apply field conflict detected, see "
    "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/"
    "#handle-field-conflicts-on-existing-resources for troubleshooting help"
)


class ConflictError(Exception):
    """Somebody else manages a field that was to be set."""


@dataclass(frozen=True)
class Target:
    """One object on a cluster, and how it is written. `dry_run` writes nothing."""

    cluster: Cluster
    kind: Kind
    namespace: str
    name: str
    manager: str
    dry_run: bool = False

    @property
    def path(self) -> str:
        """Raises `NoMatchError`."""
        return self.cluster.path(self.kind, self.namespace, self.name)

    def get(self) -> Properties:
        """Raises `ApiError` and `NoMatchError`."""
        return self.cluster.api.request("GET", self.path)

    def parameters(self, manager: str = "", **more: str) -> dict[str, str]:
        wanted = {"fieldManager": manager or self.manager, **more}
        return {**wanted, "dryRun": "All"} if self.dry_run else wanted


def field_manager(inputs: Properties, in_state: str = "") -> str:
    """Who applies: as the program says, as before, or a new one."""
    return annotation(inputs, _MANAGER) or in_state or f"{CREATOR}-{secrets.token_hex(_MANAGER_DIGITS)}"


def create(target: Target, body: Properties, tell: Callable[[int, str], None]) -> Properties:
    """Make the object, or take over the one that is there if the provider is to. Raises `ApiError`, `NoMatchError`."""
    cluster = target.cluster

    def once() -> Properties:
        if cluster.settings.upsert:
            force = _is_forced(cluster, body)
            return _applied(target, body, force)
        path = cluster.collection(target.kind, target.namespace)
        return cluster.api.request("POST", path, body, parameters=target.parameters(CREATOR))

    if target.dry_run:
        return _tried(once, tell)
    return cluster.patiently(once, tell)


def _tried(once: Callable[[], Properties], tell: Callable[[int, str], None]) -> Properties:
    """A preview does not wait for what it will not bring."""
    try:
        return once()
    except ApiError as error:
        tell(0, str(error))
        raise


def update(target: Target, body: Properties, ignored: Sequence[str]) -> tuple[Properties, Properties]:
    """Change the object; returns it before and after. Raises `ApiError`, `NoMatchError`, `ConflictError`."""
    live = target.get()
    if target.kind == CRD:
        whole = with_metadata(body, resourceVersion=at(live, "metadata", "resourceVersion"))
        return live, target.cluster.api.request("PUT", target.path, whole, parameters=target.parameters(CREATOR))
    if not target.dry_run:
        live = _taken_over(target, live)
    wanted = _without_ignored(body, live, ignored, target.manager)
    force = _is_forced(target.cluster, body) or not elements(at(live, "metadata", "managedFields"))
    force = force or (target.dry_run and _made_by_post(live))
    return live, _applied(target, wanted, force)


def relinquish(target: Target, manager: str) -> None:
    """Let an earlier manager give up what it managed."""
    bare: Properties = {
        "apiVersion": target.kind.api_version,
        "kind": target.kind.kind,
        "metadata": {"name": target.name, **({"namespace": target.namespace} if target.namespace else {})},
    }
    _applied(target, bare, False, manager)


def _applied(target: Target, body: Properties, force: bool, manager: str = "") -> Properties:
    parameters = target.parameters(manager, force=str(force).lower(), fieldValidation="Warn")
    try:
        return target.cluster.api.request("PATCH", target.path, body, parameters=parameters, content_type=APPLY)
    except ApiError as error:
        if "FieldManagerConflict" not in error.causes:
            raise
        who = f'The resource managed by field manager "{target.manager}" had an apply conflict: {error}'
        raise ConflictError(f"{_CONFLICT_HELP}\n{who}") from error


def _is_forced(cluster: Cluster, body: Properties) -> bool:
    return cluster.settings.force or annotation(body, _FORCE) == "true"


def _made_by_post(live: Properties) -> bool:
    managers = elements(at(live, "metadata", "managedFields"))
    return any(text(entry, "manager") in _CREATORS and text(entry, "operation") == "Update" for entry in managers)


def _taken_over(target: Target, live: Properties) -> Properties:
    """Make the object's own manager the one of all that `kubectl` and a POST manage."""
    entries = elements(at(live, "metadata", "managedFields"))
    if not entries:
        return live
    taken = [entry for entry in entries if _is_taken(entry, target.manager)]
    if all(text(entry, "manager") == target.manager for entry in taken):
        return live
    fields: Value = {}
    for entry in taken:
        fields = _united(fields, at(entry, "fieldsV1"))
    merged = {**mapping(taken[-1]), "manager": target.manager, "operation": "Apply", "fieldsV1": fields}
    kept = [entry for entry in entries if entry not in taken]
    patch: list[Value] = [
        {"op": "replace", "path": "/metadata/managedFields", "value": [*kept, merged]},
        {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": text(live, "metadata", "resourceVersion"),
        },
    ]
    return target.cluster.api.request(
        "PATCH", target.path, patch, parameters={"fieldManager": target.manager}, content_type=JSON_PATCH
    )


def _is_taken(entry: Value, manager: str) -> bool:
    if text(entry, "subresource"):
        return False
    name, operation = text(entry, "manager"), text(entry, "operation")
    if name == manager and operation == "Apply":
        return True
    return name.startswith(("kubectl", "before-first-apply")) or (name in _CREATORS and operation == "Update")


def _united(one: Value, other: Value) -> Value:
    """Field sets are trees of names."""
    left, right = mapping(one), mapping(other)
    return {name: _united(left.get(name), right.get(name)) for name in {**left, **right}}


def _without_ignored(body: Properties, live: Properties, ignored: Sequence[str], manager: str) -> Properties:
    """What changes are ignored of is left to who else manages it, or kept as it is."""
    for path in ignored:
        steps = path.split(".")
        if at(body, *steps) is None:
            continue
        owners = {
            text(entry, "manager")
            for entry in elements(at(live, "metadata", "managedFields"))
            if _manages(at(entry, "fieldsV1"), steps)
        }
        ours = bool(owners & {manager, *_CREATORS})
        body = mapping(_with(body, steps, at(live, *steps) if ours or not owners else None))
    return body


def _manages(fields: Value, steps: Sequence[str]) -> bool:
    return at(fields, *(f"f:{step}" for step in steps)) is not None


def _with(obj: Value, steps: Sequence[str], value: Value) -> Value:
    """A copy with `value` at the end of `steps`; None takes away."""
    copy = mapping(obj)
    first, *rest = steps
    copy[first] = _with(copy.get(first), rest, value) if rest else value
    return {name: item for name, item in copy.items() if item is not None}


def generation(obj: Mapping[str, Value]) -> int:
    return number(dict(obj), "metadata", "generation")


def target_of(cluster: Cluster, kind: Kind, obj: Properties, manager: str, *, dry_run: bool = False) -> Target:
    """The target that an object names itself."""
    return Target(cluster, kind, namespace_of(obj), name_of(obj), manager, dry_run)
