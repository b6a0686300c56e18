"""The cluster behind a stack, asked without Pulumi and without the plugin."""

import json
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.stream import stream

from tests.portus_image import patience

NAME_LABEL = "org.portus-stack.name"
ROLE_LABEL = "org.portus-stack.role"
_WORKLOADS = ("database", "registry", "portus", "background", "edge")
_GONE = 404


class Cluster:
    """One namespace of a cluster; of its workloads those of one stack, if ``stack`` names it."""

    def __init__(self, kubeconfig: Path, namespace: str, stack: str = "") -> None:
        self.kubeconfig, self.namespace = kubeconfig, namespace
        self.selector = f"{NAME_LABEL}={stack}" if stack else ""

    @cached_property
    def api(self) -> Any:
        return config.new_client_from_config(str(self.kubeconfig), persist_config=False)

    @cached_property
    def core(self) -> Any:
        return client.CoreV1Api(self.api)

    @cached_property
    def apps(self) -> Any:
        return client.AppsV1Api(self.api)

    @cached_property
    def node_address(self) -> str:
        """Where NodePorts are reached."""
        addresses = self.core.list_node().items[0].status.addresses
        return next(str(each.address) for each in addresses if each.type == "InternalIP")

    def pods(self) -> dict[str, Any]:
        """Role → its running pod, the newest when there are several; tasks have ended and are left out."""
        found = self.core.list_namespaced_pod(self.namespace, label_selector=self.selector).items
        alive = [each for each in found if each.metadata.deletion_timestamp is None]
        ordered = sorted(alive, key=lambda each: each.metadata.creation_timestamp)
        return {
            each.metadata.labels[ROLE_LABEL]: each
            for each in ordered
            if each.metadata.labels.get(ROLE_LABEL) in _WORKLOADS
        }

    def pods_of(self, role: str) -> list[Any]:
        """A role's pods, without those that are ending."""
        selector = ",".join(filter(None, (self.selector, f"{ROLE_LABEL}={role}")))
        found = self.core.list_namespaced_pod(self.namespace, label_selector=selector).items
        return [each for each in found if each.metadata.deletion_timestamp is None]

    def names_of(self, role: str) -> set[str]:
        """The names of a role's pods, without those that are ending."""
        return {each.metadata.name for each in self.pods_of(role)}

    def run(self, role: str, *command: str) -> str:
        """Run a command in a role's pod; what it printed."""
        return self.run_in(self.pods()[role].metadata.name, *command)

    def run_in(self, pod: str, *command: str) -> str:
        """Run a command in a pod; what it printed."""
        return str(
            stream(
                client.CoreV1Api(
                    config.new_client_from_config(str(self.kubeconfig), persist_config=False)
                ).connect_get_namespaced_pod_exec,
                pod,
                self.namespace,
                command=list(command),
                stdout=True,
                stderr=True,
                stdin=False,
                tty=False,
            )
        )

    def reaches(self, role: str, address: str, port: int) -> bool:
        """Whether a TCP connection from inside a role's pod comes about."""
        attempt = f"(timeout 3 bash -c '</dev/tcp/{address}/{port}') 2>/dev/null && echo open || echo closed"
        answer = self.run(role, "bash", "-c", attempt).strip()
        assert answer in ("open", "closed"), answer
        return answer == "open"

    def not_ready(self) -> list[str]:
        """Workloads of which some pod is not ready or not up to date."""
        kinds = (
            *self.apps.list_namespaced_deployment(self.namespace, label_selector=self.selector).items,
            *self.apps.list_namespaced_stateful_set(self.namespace, label_selector=self.selector).items,
        )
        return [
            each.metadata.name
            for each in kinds
            if (each.status.ready_replicas or 0) != each.spec.replicas
            or each.status.observed_generation != each.metadata.generation
            or each.status.replicas != each.spec.replicas
        ]

    def wait_until_ready(self, seconds: float = 240) -> None:
        """Wait for every workload."""
        wait_for(lambda: not self.not_ready(), seconds, lambda: f"not ready: {self.not_ready()}")

    def delete_pod(self, role: str, seconds: float = 240) -> None:
        """Delete a role's newest pod and wait until there are as many as before, and all are ready.

        The pods themselves are asked: what their workload says of them is that of a moment ago.
        """
        old, count = self.pods()[role].metadata, len(self.pods_of(role))
        self.core.delete_namespaced_pod(old.name, self.namespace)

        def replaced() -> bool:
            pods = self.pods_of(role)
            others = [each for each in pods if each.metadata.uid != old.uid and _is_ready(each)]
            return len(pods) == len(others) == count and not self.not_ready()

        wait_for(replaced, seconds, lambda: f"{role} did not come back; not ready: {self.not_ready()}")

    def create_namespace(self, labels: Mapping[str, str]) -> None:
        self.core.create_namespace({"metadata": {"name": self.namespace, "labels": dict(labels)}})

    def remove_namespace(self) -> None:
        """Remove it with all that is in it, and wait for the end; one that is not there is as good."""
        try:
            self.core.delete_namespace(self.namespace)
        except client.ApiException as error:
            if error.status != _GONE:
                raise
        wait_for(lambda: not self.exists(), 180, lambda: f"namespace {self.namespace} is still there")

    def exists(self) -> bool:
        """Whether the namespace does."""
        try:
            self.core.read_namespace(self.namespace)
        except client.ApiException as error:
            if error.status == _GONE:
                return False
            raise
        return True

    def refusal(self, pod: Mapping[str, Any]) -> str:
        """Why the API server would not take a pod; "" when it would. Nothing is created."""
        try:
            self.core.create_namespaced_pod(self.namespace, pod, dry_run="All")
        except client.ApiException as error:
            return str(json.loads(error.body)["message"])
        return ""


def _is_ready(pod: Any) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or [])


def wait_for(condition: Callable[[], bool], seconds: float, evidence: Callable[[], str]) -> None:
    """Wait until ``condition`` holds; fails with the evidence. The original of Portus is given more time."""
    seconds *= patience()
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {evidence()}"
        time.sleep(0.5)
