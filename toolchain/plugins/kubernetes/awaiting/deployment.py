"""Deployments: the current revision's pods are there.

Source: `await/deployment.go` of pulumi-kubernetes.
"""

from typing import Final

from toolchain.plugins.framework import Properties
from toolchain.plugins.kubernetes.awaiting.awaiter import Awaiter, Wait
from toolchain.plugins.kubernetes.awaiting.pod_checks import is_true, owned, pod_hint, pod_warnings
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.objects import annotation, at, conditions, elements, name_of, number, text

_REVISION: Final = "deployment.kubernetes.io/revision"
_FIRST: Final = "1"
_ROLLED_OUT: Final = "NewReplicaSetAvailable"


class DeploymentAwaiter(Awaiter):
    """Errors of pods are shown and waited out: no state of a rollout is final."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait)
        self._replica_sets = wait.beside(Kind(wait.kind.api_version, "ReplicaSet"))
        self._pods = wait.beside(Kind("v1", "Pod"))
        self._claims = wait.beside(Kind("v1", "PersistentVolumeClaim"))
        before = wait.before
        changed = before is not None and at(before, "spec", "template") != at(wait.live, "spec", "template")
        self._old_revision = annotation(before, _REVISION) if before is not None and changed else ""

    def ready(self) -> bool:
        deployment = self.wait.current()
        if not _is_observed(deployment):
            return False
        self._tell(deployment)
        if not self._is_available(deployment):
            return False
        self.wait.progress("Deployment initialization complete")
        return True

    def _is_available(self, deployment: Properties) -> bool:
        if self._unbound() or not self._revision(deployment) or not is_true(deployment, "Available"):
            return False
        return self._has_pods(deployment) and self._is_rolled_out(deployment)

    def problems(self) -> list[str]:
        deployment = self.wait.current()
        reasons = _bad_conditions(deployment)
        if self._unbound():
            reasons.append(f'Failed to bind PersistentVolumeClaim(s): "{",".join(self._unbound())}"')
        if not is_true(deployment, "Available"):
            reasons.append("Minimum number of live Pods was not attained")
        elif not self._is_rolled_out(deployment) or (
            self._revision(deployment) == _FIRST and not self._has_pods(deployment)
        ):
            reasons.append("Minimum number of Pods to consider the application live was not attained")
        elif not self._has_pods(deployment):
            reasons.append(
                "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live"
            )
        return reasons + pod_warnings(self._current_pods(deployment))

    def _revision(self, deployment: Properties) -> str:
        """The current one, once it is there."""
        revision = annotation(deployment, _REVISION)
        return "" if revision == self._old_revision else revision

    def _replica_set(self, deployment: Properties) -> Properties | None:
        revision = self._revision(deployment)
        own = owned(self._replica_sets.objects, deployment)
        return next((found for found in own if revision and annotation(found, _REVISION) == revision), None)

    def _has_pods(self, deployment: Properties) -> bool:
        if at(deployment, "spec", "replicas") == 0:
            return True
        found = self._replica_set(deployment)
        return found is not None and number(found, "status", "readyReplicas") >= number(found, "spec", "replicas")

    def _is_rolled_out(self, deployment: Properties) -> bool:
        if self._revision(deployment) == _FIRST:
            return True
        progressing = conditions(deployment).get("Progressing")
        return is_true(deployment, "Progressing") and text(progressing, "reason") == _ROLLED_OUT

    def _current_pods(self, deployment: Properties) -> list[Properties]:
        found = self._replica_set(deployment)
        return owned(self._pods.objects, found) if found else []

    def _unbound(self) -> list[str]:
        """The names of the claims that the pods need and that are not bound."""
        volumes = elements(at(self.wait.live, "spec", "template", "spec", "volumes"))
        names = [text(volume, "persistentVolumeClaim", "claimName") for volume in volumes]
        phases = {name_of(claim): text(claim, "status", "phase") for claim in self._claims.objects}
        return [name for name in names if name and phases.get(name) != "Bound"]

    def _tell(self, deployment: Properties) -> None:
        progress = self.wait.progress
        for reason in _bad_conditions(deployment):
            progress.warn(reason)
        for claim in self._claims.objects:
            if name_of(claim) in self._unbound():
                phase = text(claim, "status", "phase")
                progress.warn(
                    f"PersistentVolumeClaim: [{name_of(claim)}] is not ready. status.phase currently at: {phase}"
                )
        if at(deployment, "spec", "replicas") == 0:
            progress.warn(f'Replicas scaled to 0 for Deployment "{self.wait.name}"')
            return
        found = self._replica_set(deployment)
        if found is not None and not self._has_pods(deployment):
            count = f"{number(found, 'status', 'readyReplicas')}/{number(found, 'spec', 'replicas')}"
            progress(f"Waiting for app ReplicaSet to be available ({count} Pods available)")
        pods = self._current_pods(deployment)
        for warning in (*filter(None, map(pod_hint, pods)), *pod_warnings(pods)):
            progress.warn(warning)


def _is_observed(deployment: Properties) -> bool:
    return number(deployment, "status", "observedGeneration") >= number(deployment, "metadata", "generation")


def _bad_conditions(deployment: Properties) -> list[str]:
    found = conditions(deployment)
    return [
        f"[{text(found[name], 'reason')}] {text(found[name], 'message')}"
        for name in ("Progressing", "Available")
        if name in found and text(found[name], "status") != "True"
    ]
