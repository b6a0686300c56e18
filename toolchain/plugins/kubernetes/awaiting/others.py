"""Kinds whose readiness is one field.

Source: `await/awaiters.go` of pulumi-kubernetes. Their time limits cannot be changed.
"""

from toolchain.plugins.framework import Properties
from toolchain.plugins.kubernetes.api import ApiError
from toolchain.plugins.kubernetes.awaiting.awaiter import Awaiter, AwaitError, Wait
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.objects import at, name_of, number, text

_MINUTE = 60.0


class _Polled(Awaiter):
    timed_out = "Timeout occurred polling for '{name}'"


class ClaimAwaiter(_Polled):
    """A claim is bound, or waits for the first pod that uses it because its storage class says so."""

    limit = 5 * _MINUTE

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait)
        self._waits_for_pod = wait.before is None and self._is_late()

    def ready(self) -> bool:
        phase = text(self.wait.current(), "status", "phase")
        return phase == "Bound" or (self._waits_for_pod and phase == "Pending")

    def _is_late(self) -> bool:
        name = text(self.wait.live, "spec", "storageClassName")
        if not name:
            return False
        kind = Kind("storage.k8s.io/v1", "StorageClass")
        try:
            found = self.wait.cluster.api.request("GET", self.wait.cluster.path(kind, "", name))
        except ApiError as error:
            words = f'no storage class found for "{name}"' if error.not_found else str(error)
            self.wait.progress.warn(words)
            return False
        return text(found, "volumeBindingMode") == "WaitForFirstConsumer"


class VolumeAwaiter(_Polled):
    """A volume can be claimed, or is."""

    limit = 5 * _MINUTE

    def ready(self) -> bool:
        phase = text(self.wait.current(), "status", "phase")
        if phase == "Available":
            self.wait.progress("PV marked available")
        if phase == "Bound":
            self.wait.progress("PV has been bound")
        return phase in ("Available", "Bound")


class TokenAwaiter(_Polled):
    """A service account's token is written into its Secret; without the account the Secret is removed."""

    limit = 5.0

    def ready(self) -> bool:
        if text(self.wait.live, "type") != "kubernetes.io/service-account-token":
            return True
        live = self.wait.current()
        if self.wait.own.revision > 1 and self.wait.own.named(name_of(live)) is None:
            raise AwaitError(live, f'secrets "{name_of(live)}" not found', [])
        return bool(at(live, "data"))


class QuotaAwaiter(_Polled):
    """The quota is enforced as it stands."""

    limit = _MINUTE

    def ready(self) -> bool:
        return _hard(self.wait.current(), "status") == _hard(self.wait.current(), "spec")


def _hard(quota: Properties, part: str) -> object:
    return at(quota, part, "hard") or {}


class ReplicationControllerAwaiter(_Polled):
    """All pods are available."""

    limit = 10 * _MINUTE

    def ready(self) -> bool:
        found = self.wait.current()
        return number(found, "status", "availableReplicas") == number(found, "spec", "replicas")
