"""Tasks: Jobs that run again exactly when their inputs change, or when they failed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pulumi
from pulumi_kubernetes import batch

from ...naming import LABEL_PREFIX
from ...topology import Task
from . import pods
from .failures import failure_hook
from .instance import Instance
from .pods import Parts
from .workloads import Runner

_VERIFIES = f"{LABEL_PREFIX}.verifies"
_AGAIN_IF_FAILED = {"pulumi.com/replaceUnready": "true"}


def job(
    instance: Instance, task: Task, parts: Parts, runners: Mapping[str, list[Runner]], after: Sequence[pulumi.Resource]
) -> batch.v1.Job:
    """The task retries by itself, so its only pod is not repeated: what it says last is why it failed.

    ``activeDeadlineSeconds`` bounds it, as the provider's own time-out of a Job starts over at every event.
    """
    verified = [runner for process in task.verifies for runner in runners[process]]
    parts = replace(parts, annotations={_VERIFIES: _fingerprint(verified)} if verified else {})
    limit = task.start_seconds + instance.kubernetes.scheduling_timeout_seconds
    return batch.v1.Job(
        instance.resource_name(task.name),
        metadata=instance.metadata(task.name, None, _AGAIN_IF_FAILED),
        spec=batch.v1.JobSpecArgs(
            backoff_limit=0,
            active_deadline_seconds=limit,
            pod_failure_policy=batch.v1.PodFailurePolicyArgs(
                rules=[
                    batch.v1.PodFailurePolicyRuleArgs(
                        action="Ignore",  # a drained node is no failure of the task
                        on_pod_conditions=[
                            batch.v1.PodFailurePolicyOnPodConditionsPatternArgs(type="DisruptionTarget", status="True")
                        ],
                    )
                ]
            ),
            template=pods.template(instance, task, parts),
        ),
        opts=instance.options(task.name, depends_on=list(after), hooks=failure_hook(instance, task.name)),
    )


def _fingerprint(runners: Sequence[Runner]) -> pulumi.Output[str]:
    """Changes with every replacement and every change of a workload."""
    generations = [runner.metadata.apply(lambda found: f"{found.uid}.{found.generation}") for runner in runners]
    return pulumi.Output.all(*generations).apply(
        lambda found: hashlib.sha256(" ".join(found).encode()).hexdigest()[:16]
    )


def result(task: Task, made: batch.v1.Job) -> pulumi.Output[str]:
    """What the task's success means, as JSON. Its log is not read: no pod's name is known to the provider."""
    completed = made.status.apply(lambda status: status.completion_time if status else None)
    return pulumi.Output.all(**task.report, checked_at=completed).apply(json.dumps)
