"""A target turns the topology into resources. Which one it is, is chosen here and nowhere else."""

import pulumi

from ..args import Target
from ..settings import Settings
from ..topology import Topology
from .deployed import Deployed


def deploy(
    settings: Settings, topology: Topology, deployment: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> Deployed:
    """Everything in ``topology``, on the target of the settings. No other target's provider is imported."""
    if settings.target is Target.KUBERNETES:
        from .kubernetes import KubernetesTarget  # noqa: PLC0415 - its package takes half a second to import

        return KubernetesTarget(settings, topology, deployment, opts)
    from .docker import DockerTarget  # noqa: PLC0415

    return DockerTarget(settings, topology, deployment, opts)
