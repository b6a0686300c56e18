"""The processes of a PortusStack on a cluster."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from kubernetes import client

from ..cluster.connection import Connection, connected, path_of
from ..cluster.fields import at, label
from ..cluster.health import NAME_LABEL, ROLE_LABEL
from ..console import OperationError
from ..deployed import Deployed
from ..state import Resource

_RUNNERS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")
_JOB = "kubernetes:batch/v1:Job"
_ENDED_SECONDS = 300
_TASK_SECONDS = 600
_POLL_SECONDS = 1.0
_GIVEN_BY_THE_CLUSTER = ("job-name", "controller-uid")
"""Labels of a Job's pods, with and without a prefix."""
_KEPT_SECONDS = 600
"""How long a Job that has ended stays, for those who want to read its log."""


class KubernetesParts(ExitStack):
    """See `Parts`. Workloads are scaled to none, and back to what the state says."""

    def __init__(self, found: Deployed) -> None:
        super().__init__()
        self._deployed = found
        self._cluster: Connection

    def __enter__(self) -> "KubernetesParts":
        self._cluster = self.enter_context(connected(self._deployed.engine, self._deployed.state))
        return self

    def has(self, process: str) -> bool:
        return bool(self._of(process))

    def stop(self, process: str) -> None:
        for each in self._of(process):
            self._scale(each, 0)
        namespace = self._namespace(process)
        query = {"labelSelector": f"{NAME_LABEL}={self._deployed.recorded.name},{ROLE_LABEL}={process}"}
        until = time.monotonic() + _ENDED_SECONDS
        while self._cluster.items(path_of("kubernetes:core/v1:Pod", namespace), query):
            if time.monotonic() > until:
                raise OperationError(f"the pods of {process} have not ended after {_ENDED_SECONDS} s")
            time.sleep(_POLL_SECONDS)

    def start(self, process: str) -> None:
        for each in self._of(process):
            spec = each.inputs.get("spec")
            replicas = spec.get("replicas") if isinstance(spec, dict) else None
            self._scale(each, int(float(str(replicas or 1))))

    def run_again(self, task: str) -> None:
        """A copy of its Job, which stays as it is for the engine."""
        made = next(iter(self._of(task)))
        namespace, _, name = made.id.rpartition("/")
        job = self._cluster.ask("GET", path_of(_JOB, namespace, name))
        if job is None:
            raise OperationError(f"the Job {name} is gone", "run `up`, then this again")
        batch = client.BatchV1Api(self._cluster.api)
        copied = batch.create_namespaced_job(namespace, _copy(job, task))
        until = time.monotonic() + _TASK_SECONDS
        while True:
            status = batch.read_namespaced_job(copied.metadata.name, namespace).status
            if status.succeeded:
                return
            if status.failed or time.monotonic() > until:
                raise OperationError(
                    f"{task} did not succeed", f"kubectl --namespace {namespace} logs job/{copied.metadata.name}"
                )
            time.sleep(_POLL_SECONDS)

    def _scale(self, each: Resource, replicas: int) -> None:
        namespace, _, name = each.id.rpartition("/")
        apps, kind = client.AppsV1Api(self._cluster.api), each.type.rpartition(":")[2]
        scale = {
            "Deployment": apps.patch_namespaced_deployment_scale,
            "StatefulSet": apps.patch_namespaced_stateful_set_scale,
        }[kind]
        try:
            scale(name, namespace, {"spec": {"replicas": replicas}})
        except client.ApiException as error:
            problem = f"{kind} {name} cannot be scaled: {error.reason}"
            raise OperationError(problem, "run `up`, then this again") from error

    def _of(self, process: str) -> list[Resource]:
        """What runs it; the others of a role have a name that begins with the first one's."""
        name = self._deployed.recorded.resource(process)
        names = (name, f"{name}-others")
        kinds = (*_RUNNERS, _JOB)
        return [
            each
            for each in self._deployed.state.kubernetes_resources
            if each.type in kinds and not each.replaced and each.name in names
        ]

    def _namespace(self, process: str) -> str:
        return next(iter(self._of(process))).id.partition("/")[0]


def _copy(job: Mapping[str, object], task: str) -> dict[str, Any]:
    """The Job once more, without what the cluster gave it."""
    template: Any = at(job, "spec", "template")
    given: dict[str, str] = template["metadata"].get("labels") or {}
    labels = {key: value for key, value in given.items() if key.rpartition("/")[2] not in _GIVEN_BY_THE_CLUSTER}
    return {
        "metadata": {
            "generateName": f"{task.replace('_', '-')}-again-",
            "labels": {NAME_LABEL: label(job, NAME_LABEL), ROLE_LABEL: task},
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": at(job, "spec", "activeDeadlineSeconds"),
            "ttlSecondsAfterFinished": _KEPT_SECONDS,
            "template": {"metadata": {"labels": labels}, "spec": template["spec"]},
        },
    }
