"""What keeps several replicas from falling together, and lets one hand over to the next."""

from collections.abc import Mapping
from typing import Any

from pulumi_kubernetes import core, policy
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from ...topology import Workload
from .instance import Instance

_NODE = "kubernetes.io/hostname"
_SPREAD_OVER = (_NODE, "topology.kubernetes.io/zone")
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_STRONGEST = 100
_REVISION = "pod-template-hash"


def hands_over(workload: Workload) -> bool:
    """Whether a pod and its successor run beside one another for a while, on the volume of one node."""
    return workload.data is not None and not workload.data.shared and not workload.exclusive


def spread(instance: Instance, workload: Workload) -> list[core.v1.TopologySpreadConstraintArgs] | None:
    """Over nodes and zones, as far as there are several; the first of a role shares them with the others.

    Where a volume is handed over, what clusters do by default would drive a pod away from its predecessor: a constraint
    that counts pods of the same revision only, of which there is one, takes its place.
    """
    if hands_over(workload):
        return [_constraint(instance, workload, _NODE, [_REVISION])]
    if workload.replicas == 1 and not workload.first_alone:
        return None
    return [_constraint(instance, workload, key, None) for key in _SPREAD_OVER]


def _constraint(
    instance: Instance, workload: Workload, key: str, only: list[str] | None
) -> core.v1.TopologySpreadConstraintArgs:
    return core.v1.TopologySpreadConstraintArgs(
        max_skew=1,
        topology_key=key,
        when_unsatisfiable="ScheduleAnyway",
        label_selector=LabelSelectorArgs(match_labels=instance.selector(workload.name)),
        match_label_keys=only,
    )


def disruption_budget(instance: Instance, workload: Workload) -> policy.v1.PodDisruptionBudget | None:
    """One at a time; None for a single one, which a budget would tie to its node."""
    if workload.replicas == 1:
        return None
    name = instance.resource_name(workload.name)
    return policy.v1.PodDisruptionBudget(
        name,
        metadata=instance.metadata(workload.name, name),
        spec=policy.v1.PodDisruptionBudgetSpecArgs(
            max_unavailable=1,
            unhealthy_pod_eviction_policy="AlwaysAllow",
            selector=LabelSelectorArgs(match_labels=instance.selector(workload.name)),
        ),
        opts=instance.options(workload.name),
    )


def affinity(instance: Instance, workload: Workload, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the user wants; and, where pods hand over a volume, a successor starts where its predecessor still is.

    It is a wish only: a scheduler that had to refuse a node looks again after minutes, however soon the other is gone.
    Who shares the data of another must be on its node, which alone has the volume.
    """
    if workload.shares is not None:
        return _beside(instance, workload.shares.owner, wanted)
    if not hands_over(workload):
        return dict(wanted)
    beside = {"labelSelector": {"matchLabels": instance.selector(workload.name)}, "topologyKey": _NODE}
    near: Mapping[str, Any] = wanted.get("podAffinity") or {}
    wishes = [*near.get(_PREFERRED, []), {"weight": _STRONGEST, "podAffinityTerm": beside}]
    return {**wanted, "podAffinity": {**near, _PREFERRED: wishes}}


def _beside(instance: Instance, owner: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    term = {"labelSelector": {"matchLabels": instance.selector(owner)}, "topologyKey": _NODE}
    near: Mapping[str, Any] = wanted.get("podAffinity") or {}
    return {**wanted, "podAffinity": {**near, _REQUIRED: [*near.get(_REQUIRED, []), term]}}
