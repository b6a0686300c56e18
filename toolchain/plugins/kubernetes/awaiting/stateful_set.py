"""StatefulSets and DaemonSets: every pod is there, and of the current revision.

Source: `await/statefulset.go` and `await/daemonset.go` of pulumi-kubernetes.
"""

from typing import Final

from toolchain.plugins.framework import Properties
from toolchain.plugins.kubernetes.awaiting.awaiter import CONDITION, Awaiter, Wait
from toolchain.plugins.kubernetes.awaiting.pod_checks import owned, pod_hint, pod_warnings
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.objects import at, number, text

_COUNTS: Final = ("currentNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady")


class StatefulSetAwaiter(Awaiter):
    """With the strategy OnDelete the revision of the pods is their owner's affair."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait)
        self._pods = wait.beside(Kind("v1", "Pod"))

    def ready(self) -> bool:
        found = self.wait.current()
        if number(found, "status", "observedGeneration") < number(found, "metadata", "generation"):
            return False
        self._tell(found)
        if not (_has_pods(found) and _has_revision(found)):
            return False
        self.wait.progress("StatefulSet initialization complete")
        return True

    def problems(self) -> list[str]:
        found = self.wait.current()
        reasons = []
        if not _has_pods(found):
            wanted = number(found, "spec", "replicas")
            reasons.append(
                f"{number(found, 'status', 'readyReplicas')} out of {wanted} replicas succeeded readiness checks"
            )
        if not _has_revision(found):
            current, update = text(found, "status", "currentRevision"), text(found, "status", "updateRevision")
            reasons.append(f'StatefulSet controller failed to advance from revision "{current}" to revision "{update}"')
        return reasons + pod_warnings(owned(self._pods.objects, found))

    def _tell(self, found: Properties) -> None:
        progress = self.wait.progress
        count = f"({number(found, 'status', 'readyReplicas')}/{number(found, 'spec', 'replicas')} Pods ready)"
        if number(found, "metadata", "generation") > 1:
            if not _has_pods(found):
                progress(f"[1/3] Waiting for StatefulSet update to roll out {count}")
            elif not _has_revision(found):
                progress("[2/3] Waiting for StatefulSet to update .status.currentRevision")
        elif not _has_pods(found):
            progress(f"[1/2] Waiting for StatefulSet to create Pods {count}")
        pods = owned(self._pods.objects, found)
        for warning in (*filter(None, map(pod_hint, pods)), *pod_warnings(pods)):
            progress.warn(warning)


def _is_left_alone(found: Properties) -> bool:
    on_delete = text(found, "spec", "updateStrategy", "type") == "OnDelete"
    return on_delete and number(found, "metadata", "generation") > 1


def _has_pods(found: Properties) -> bool:
    wanted = number(found, "spec", "replicas")
    names = ("replicas", "readyReplicas") if _is_left_alone(found) else ("replicas", "readyReplicas", "currentReplicas")
    return all(number(found, "status", name) == wanted for name in names)


def _has_revision(found: Properties) -> bool:
    current, update = text(found, "status", "currentRevision"), text(found, "status", "updateRevision")
    return _is_left_alone(found) or (update != "" and current == update)


class DaemonSetAwaiter(Awaiter):
    """Every node that is to have a pod has one, of the current generation."""

    timed_out = CONDITION

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait)
        self._pods = wait.beside(Kind("v1", "Pod"))

    def ready(self) -> bool:
        found = self.wait.current()
        observed, generation = number(found, "status", "observedGeneration"), number(found, "metadata", "generation")
        if observed != generation:
            words = f"DaemonSet generation is {generation}, but latest observed generation is {observed}"
            self.wait.progress(words)
            return False
        wanted = number(found, "status", "desiredNumberScheduled")
        for name, label in zip(_COUNTS, ("Current", "Updated", "Available", "Ready"), strict=True):
            count = number(found, "status", name)
            if count < wanted:
                self.wait.progress(f"{label}: {count}/{wanted}")
                for warning in pod_warnings(owned(self._pods.objects, found)):
                    self.wait.progress.warn(warning)
                return False
        self.wait.progress(f"All replicas scheduled as expected. Replicas: {wanted}")
        return at(found, "status") is not None
