"""Workloads: a StatefulSet for what owns data alone, Deployments for the rest."""

from collections.abc import Sequence
from dataclasses import replace

import pulumi
from pulumi_kubernetes import apps
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from ...naming import LABEL_PREFIX
from ...topology import Workload
from . import pods
from .disruption import hands_over
from .failures import failure_hook
from .instance import Instance
from .pods import Parts

Runner = apps.v1.Deployment | apps.v1.StatefulSet
_HISTORY = 3
_PART_LABEL = f"{LABEL_PREFIX}.part"
"""Tells the two Deployments of a role apart: they must not take each other's pods."""
_FIRST, _OTHERS = "first", "others"


def workload(instance: Instance, process: Workload, parts: Parts, after: Sequence[pulumi.Resource]) -> list[Runner]:
    """What runs a workload, the last one ready when all are."""
    if process.exclusive and process.data is not None:
        return [_stateful_set(instance, process, parts, after)]
    if not process.first_alone:
        return [_deployment(instance, process, parts, after)]
    first = replace(parts, labels={_PART_LABEL: _FIRST})
    runners: list[Runner] = [_deployment(instance, replace(process, replicas=1), first, after)]
    if process.replicas > 1:
        others = replace(parts, labels={_PART_LABEL: _OTHERS})
        count = process.replicas - 1
        runners.append(_deployment(instance, replace(process, replicas=count), others, [*after, *runners], _OTHERS))
    return runners


def _stateful_set(
    instance: Instance, process: Workload, parts: Parts, after: Sequence[pulumi.Resource]
) -> apps.v1.StatefulSet:
    """Never two pods on one volume, not even when a node is lost. ``Parallel`` lets a broken change be corrected."""
    name = instance.resource_name(process.name)
    return apps.v1.StatefulSet(
        name,
        metadata=instance.metadata(process.name, name),
        spec=apps.v1.StatefulSetSpecArgs(
            replicas=process.replicas,
            service_name=name,
            pod_management_policy="Parallel",
            revision_history_limit=_HISTORY,
            selector=LabelSelectorArgs(match_labels=instance.selector(process.name)),
            template=pods.template(instance, process, parts),
        ),
        opts=_options(instance, process, after),
    )


def _deployment(
    instance: Instance, process: Workload, parts: Parts, after: Sequence[pulumi.Resource], *kind: str
) -> apps.v1.Deployment:
    name = instance.resource_name(process.name, *kind)
    return apps.v1.Deployment(
        name,
        metadata=instance.metadata(process.name, name),
        spec=apps.v1.DeploymentSpecArgs(
            replicas=process.replicas,
            revision_history_limit=_HISTORY,
            strategy=_strategy(process),
            selector=LabelSelectorArgs(match_labels={**instance.selector(process.name), **parts.labels}),
            template=pods.template(instance, process, parts),
        ),
        opts=_options(instance, process, after, *kind),
    )


def _strategy(process: Workload) -> apps.v1.DeploymentStrategyArgs:
    """A new pod is ready before an old one goes, unless the process must be alone.

    Where a volume is handed over, the old one is told to end at once and goes on for a while: if the new one cannot
    start beside it, because the node is full or no longer wanted, it starts when the old one is gone instead of never.
    """
    if process.exclusive:
        return apps.v1.DeploymentStrategyArgs(type="Recreate")
    unavailable = 1 if hands_over(process) else 0
    return apps.v1.DeploymentStrategyArgs(
        type="RollingUpdate",
        rolling_update=apps.v1.RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=unavailable),
    )


def _options(
    instance: Instance, process: Workload, after: Sequence[pulumi.Resource], *kind: str
) -> pulumi.ResourceOptions:
    limit = f"{process.start_seconds + instance.kubernetes.scheduling_timeout_seconds}s"
    return instance.options(
        process.name,
        depends_on=list(after),
        custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit),
        hooks=failure_hook(instance, process.name, *kind, likely=_slow(process)),
    )


def _slow(process: Workload) -> str:
    """What to think of when nothing else is wrong; "" where no argument helps."""
    return f"it is only slow: set {process.start_argument} higher" if process.start_argument else ""
