"""Pods and Jobs.

Source: `await/pod.go`, `await/job.go` and `await/checker/job/check.go` of pulumi-kubernetes. There the time limit
starts anew with every event of the namespace, so that one above a minute hardly ever ends a wait; here it is kept.
"""

from typing import Final

from toolchain.plugins.framework import Properties
from toolchain.plugins.kubernetes.awaiting.awaiter import Awaiter, Wait
from toolchain.plugins.kubernetes.awaiting.pod_checks import (
    is_true,
    owned,
    pod_hint,
    pod_progress,
    pod_warning,
    pod_warnings,
)
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.objects import conditions, number, text

_FINAL: Final = ("BackoffLimitExceeded", "DeadlineExceeded")
_UNREADY: Final = "containers with unready status"


class PodAwaiter(Awaiter):
    """A pod that failed may be waited for: its owner decides what follows."""

    def ready(self) -> bool:
        pod = self.wait.current()
        doing = pod_progress(pod)
        if not doing:
            return True
        self.wait.progress(doing)
        for words in filter(None, (pod_hint(pod), pod_warning(pod))):
            self.wait.progress.warn(words)
        return False

    def problems(self) -> list[str]:
        return pod_warnings([self.wait.current()])


class JobAwaiter(Awaiter):
    """Fails with the Job, and remembers all that its pods said: failed ones may be gone by then."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait)
        self._pods = wait.beside(Kind("v1", "Pod"))
        self._said: dict[str, None] = {}

    def ready(self) -> bool:
        job = self.wait.current()
        pods = owned(self._pods.objects, job)
        self._said |= dict.fromkeys(pod_warnings(pods))
        if _final_failure(job):
            raise self.failed()
        if is_complete(job):
            return True
        if not text(job, "status", "startTime"):
            self.wait.progress(f'Waiting for Job "{self.wait.name}" to start')
        else:
            names = {"Active": "active", "Succeeded": "succeeded", "Failed": "failed"}
            counts = " | ".join(f"{label}: {number(job, 'status', name)}" for label, name in names.items())
            self.wait.progress(f'Waiting for Job "{self.wait.name}" to succeed ({counts})')
        for words in (*filter(None, map(pod_hint, pods)), *(said for said in self._said if _UNREADY not in said)):
            self.wait.progress.warn(words)
        return False

    def problems(self) -> list[str]:
        return [*filter(None, [_final_failure(self.wait.current())]), *self._said]


def is_complete(job: Properties) -> bool:
    """Whether the Job has started and done its work."""
    return bool(text(job, "status", "startTime")) and is_true(job, "Complete")


def _final_failure(job: Properties) -> str:
    failed = conditions(job).get("Failed")
    reason = text(failed, "reason")
    if text(failed, "status") != "True" or reason not in _FINAL:
        return ""
    return f"[{reason}] {text(failed, 'message')}"
