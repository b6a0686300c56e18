"""A target turns the topology into resources. Which one it is, is chosen here and nowhere else."""

from importlib.util import find_spec

import pulumi

from ..args import Target
from ..settings import InvalidSettings, Settings
from ..topology import Topology
from .deployed import Deployed


def require_package(settings: Settings) -> None:
    """Raise InvalidSettings where the target's package is not installed: each target's is an extra of the wheel."""
    target = settings.target.value
    package = f"pulumi_{target}"
    if find_spec(package) is None:
        reason = f"needs the package {package}, which is not installed: pip install 'pulumi_portus[{target}]'"
        raise InvalidSettings(settings.name, [("target", f"{target} {reason}")])


def deploy(
    settings: Settings, topology: Topology, deployment: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> Deployed:
    """Everything in ``topology``, on the target of the settings. No other target's provider is imported."""
    if settings.target is Target.KUBERNETES:
        from .kubernetes import KubernetesTarget  # noqa: PLC0415 - its package takes half a second to import

        return KubernetesTarget(settings, topology, deployment, opts)
    from .docker import DockerTarget  # noqa: PLC0415

    return DockerTarget(settings, topology, deployment, opts)
