"""What a pod says of itself while it is not ready, in the official provider's words.

Source: `await/checker/pod/check.go` of pulumi-kubernetes. Init containers are not looked at, and an unschedulable pod
is only told, never blamed.
"""

from collections.abc import Iterable
from typing import Final

from toolchain.plugins.framework import Properties, Value
from toolchain.plugins.kubernetes.objects import (
    DEFAULT_NAMESPACE,
    at,
    conditions,
    elements,
    name_of,
    namespace_of,
    number,
    text,
    uid_of,
)

_PULL_PREFIX: Final = "rpc error: code = Unknown desc = Error response from daemon: "
_PULL_SUFFIX: Final = ": manifest unknown"


def is_true(obj: Value, condition: str) -> bool:
    """Whether the object's status has this condition."""
    return text(conditions(obj).get(condition), "status") == "True"


def owned(objects: Iterable[Properties], owner: Value) -> list[Properties]:
    """The objects that `owner` controls."""
    uid = uid_of(owner)
    return [
        obj
        for obj in objects
        if any(text(reference, "uid") == uid for reference in elements(at(obj, "metadata", "ownerReferences")))
    ]


def pod_progress(pod: Properties) -> str:
    """What the pod waits for; empty when it is ready or has succeeded."""
    name = f"{namespace_of(pod)}/{name_of(pod)}"
    if not is_true(pod, "PodScheduled"):
        return f'Waiting for Pod "{name}" to be scheduled'
    if not is_true(pod, "Initialized"):
        return f'Waiting for Pod "{name}" to be initialized'
    ready = is_true(pod, "Ready") or text(pod, "status", "phase") == "Succeeded"
    return "" if ready else f'Waiting for Pod "{name}" to be ready'


def pod_warning(pod: Properties) -> str:
    """The pod's own reasons, empty when it has none."""
    if not is_true(pod, "PodScheduled") or not pod_progress(pod):
        return ""
    about = conditions(pod).get("Ready" if is_true(pod, "Initialized") else "Initialized")
    said = text(about, "message") if text(about, "reason") else ""
    words = said + "\n".join(_container_errors(pod))
    place = namespace_of(pod)
    shown = name_of(pod) if place == DEFAULT_NAMESPACE else f"{place}/{name_of(pod)}"
    return f"[Pod {shown}]: {words}" if words else ""


def pod_hint(pod: Properties) -> str:
    """Why the scheduler has no node for the pod, empty when it has one."""
    scheduled = conditions(pod).get("PodScheduled")
    if text(scheduled, "status") == "True" or not text(scheduled, "reason"):
        return ""
    return f"[{text(scheduled, 'reason')}] {text(scheduled, 'message')}"


def pod_warnings(pods: Iterable[Properties]) -> list[str]:
    """The reasons of several pods, oldest pod first."""
    by_age = sorted(pods, key=lambda pod: (text(pod, "metadata", "creationTimestamp"), name_of(pod)))
    return [warning for warning in map(pod_warning, by_age) if warning]


def _container_errors(pod: Properties) -> list[str]:
    errors = []
    for status in elements(at(pod, "status", "containerStatuses")):
        if at(status, "ready") is True:
            continue
        name = text(status, "name")
        waiting, ended = at(status, "state", "waiting"), at(status, "state", "terminated")
        if waiting and text(waiting, "reason") not in ("", "ContainerCreating"):
            errors.append(f"[{text(waiting, 'reason')}] {_trimmed(text(waiting, 'message'))}")
        if ended:
            code = number(ended, "exitCode")
            message = text(ended, "message")
            errors.append(
                f"[{text(ended, 'reason')}] {message}"
                if message
                else f'container "{name}" completed with exit code {code}'
            )
        last = at(status, "lastState", "terminated")
        if last:
            why = f"{text(last, 'reason')}: exit code {number(last, 'exitCode')}"
            errors.append(f'container "{name}" terminated at {text(last, "finishedAt")} ({why})')
            if text(last, "message"):
                errors.append(text(last, "message"))
    return errors


def _trimmed(message: str) -> str:
    return message.removeprefix(_PULL_PREFIX).removesuffix(_PULL_SUFFIX)
