"""A target turns the plan into resources. Which one it is, is chosen here and nowhere else."""

import pulumi

from ..args import Target
from ..plan import Plan
from ..settings import Settings
from .deployed import Deployed


def deploy(settings: Settings, plan: Plan, deployment: pulumi.Output[str], opts: pulumi.ResourceOptions) -> Deployed:
    """Everything in ``plan``, on the target of the settings. No other target's provider is imported."""
    if settings.target is Target.KUBERNETES:
        from .kubernetes import KubernetesTarget  # noqa: PLC0415 - its package takes half a second to import

        return KubernetesTarget(settings, plan, deployment, opts)
    from .docker import DockerTarget  # noqa: PLC0415

    return DockerTarget(settings, plan, deployment, opts)
