"""Services and Ingresses: traffic finds its way.

Source: `await/service.go` and `await/ingress.go` of pulumi-kubernetes.
"""

import time
from typing import Final

from toolchain.plugins.framework import Properties
from toolchain.plugins.kubernetes.awaiting.awaiter import Awaiter, Wait
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.objects import at, elements, name_of, text

_SETTLE: Final = 10  # seconds without a change of the endpoints
_NO_CHANGE: Final = 60  # seconds after which endpoints that never changed have settled
_NO_PODS: Final = (
    "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels "
    "on any Pods"
)
_NO_ADDRESS: Final = "Service was not allocated an IP address; does your cloud provider support this?"
_NO_TARGET: Final = "Ingress has at least one rule with an unavailable target endpoint."
_NO_STATUS: Final = (
    "Ingress .status.loadBalancer field was not updated with a hostname/IP address. "
    "\n    for more information about this error, see https://pulumi.io/xdv72s"
)


class ServiceAwaiter(Awaiter):
    """A service with a selector waits for its endpoints to settle, with or without pods behind it."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait)
        selector = f"metadata.name={wait.name}"
        self._endpoints = wait.beside(Kind("v1", "Endpoints"), fieldSelector=selector)

    def ready(self) -> bool:
        targets, address = self._has_targets(), self._has_address()
        if not targets:
            self.wait.progress("[1/3] Finding Pods to direct traffic to")
        elif not address:
            self.wait.progress("[2/3] Attempting to allocate IP address to Service")
        if not (targets and address):
            return False
        self.wait.progress("Service initialization complete")
        return True

    def ready_at_the_end(self) -> bool:
        return self._has_address() and self._seen() and not self._pending()

    def problems(self) -> list[str]:
        reasons = []
        if _is_routed(self.wait.current()) and (self._pending() or not self._addresses()):
            reasons.append(_NO_PODS)
        if not self._has_address():
            reasons.append(_NO_ADDRESS)
        return reasons

    def _has_targets(self) -> bool:
        if not _is_routed(self.wait.current()):
            return True
        if not self.wait.settles:
            return not self._pending()
        changed = self._endpoints.changed_at
        return changed is not None and time.monotonic() - changed >= _SETTLE and not self._pending()

    def _seen(self) -> bool:
        return not _is_routed(self.wait.current()) or self._endpoints.changed_at is not None

    def _pending(self) -> bool:
        return any(
            elements(at(subset, "notReadyAddresses"))
            for endpoints in self._endpoints.objects
            for subset in elements(endpoints.get("subsets"))
        )

    def _addresses(self) -> bool:
        return any(
            elements(at(subset, "addresses"))
            for endpoints in self._endpoints.objects
            for subset in elements(endpoints.get("subsets"))
        )

    def _has_address(self) -> bool:
        service = self.wait.current()
        return text(service, "spec", "type") != "LoadBalancer" or _is_reached(service)


def _is_routed(service: Properties) -> bool:
    """Whether Kubernetes looks for pods and gives them an address."""
    if text(service, "spec", "type") == "ExternalName" or text(service, "spec", "clusterIP") == "None":
        return False
    return bool(at(service, "spec", "selector"))


def _is_reached(obj: Properties) -> bool:
    return bool(elements(at(obj, "status", "loadBalancer", "ingress")))


class IngressAwaiter(Awaiter):
    """An ingress controller says where the ingress is reached, and its backends exist."""

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait)
        self._endpoints = wait.beside(Kind("v1", "Endpoints"))
        self._services = wait.beside(Kind("v1", "Service"))
        self._began = time.monotonic()

    def ready(self) -> bool:
        if not self._has_targets():
            self.wait.progress("[1/3] Finding a matching service for each Ingress path")
            return False
        if not _is_reached(self.wait.current()):
            self.wait.progress("[2/3] Waiting for update of .status.loadBalancer with hostname/IP")
            return False
        self.wait.progress("Ingress initialization complete")
        return True

    def problems(self) -> list[str]:
        reasons = [] if self._has_targets() else [_NO_TARGET]
        return reasons if _is_reached(self.wait.current()) else [*reasons, _NO_STATUS]

    def _has_targets(self) -> bool:
        missing = self._missing()
        if missing and not self._settled():
            return False
        for rule, service in missing:
            self.wait.progress.warn(f'No matching service found for ingress rule: "{rule}" -> "{service}"')
        return True

    def _settled(self) -> bool:
        if not self.wait.settles:
            return True
        changed = self._endpoints.changed_at
        now = time.monotonic()
        return now - self._began >= _NO_CHANGE if changed is None else now - changed >= _SETTLE

    def _missing(self) -> list[tuple[str, str]]:
        external = {
            name_of(service) for service in self._services.objects if text(service, "spec", "type") == "ExternalName"
        }
        there = external | {name_of(endpoints) for endpoints in self._endpoints.objects}
        missing = []
        for rule in elements(at(self.wait.current(), "spec", "rules")):
            for path in elements(at(rule, "http", "paths")):
                service = text(path, "backend", "service", "name")
                if service and service not in there:
                    missing.append((f"{text(rule, 'host')}{text(path, 'path')}", service))
        return missing
