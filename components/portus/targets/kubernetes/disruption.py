"""What keeps several replicas from falling together."""

from pulumi_kubernetes import core, policy
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from ...plan import Workload
from .site import Site

_SPREAD_OVER = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")


def spread(site: Site, workload: Workload) -> list[core.v1.TopologySpreadConstraintArgs] | None:
    """Over nodes and zones, as far as there are several; the first of a role shares them with the others."""
    if workload.replicas == 1 and not workload.first_alone:
        return None
    return [
        core.v1.TopologySpreadConstraintArgs(
            max_skew=1,
            topology_key=key,
            when_unsatisfiable="ScheduleAnyway",
            label_selector=LabelSelectorArgs(match_labels=site.selector(workload.name)),
        )
        for key in _SPREAD_OVER
    ]


def disruption_budget(site: Site, workload: Workload) -> policy.v1.PodDisruptionBudget | None:
    """One at a time; None for a single one, which a budget would tie to its node."""
    if workload.replicas == 1:
        return None
    name = site.resource_name(workload.name)
    return policy.v1.PodDisruptionBudget(
        name,
        metadata=site.metadata(workload.name, name),
        spec=policy.v1.PodDisruptionBudgetSpecArgs(
            max_unavailable=1,
            unhealthy_pod_eviction_policy="AlwaysAllow",
            selector=LabelSelectorArgs(match_labels=site.selector(workload.name)),
        ),
        opts=site.options(),
    )
