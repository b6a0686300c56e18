"""Data: a PersistentVolumeClaim of its own, which no change of a workload touches."""

import pulumi
from pulumi_kubernetes import core

from ...topology import Workload
from .instance import SKIP_AWAIT, Instance

_VOLUME = "data"


def claim(instance: Instance, workload: Workload) -> core.v1.PersistentVolumeClaim | None:
    """The claim of a workload's data; None when it has none.

    Whether it is bound shows in the pod that uses it: the provider would wait five minutes for a class that binds late
    and that it may not read. The name holds the deployment's id, so that data that was retained is never in the way.
    """
    data = workload.data
    if data is None:
        return None
    name = instance.resource_name(workload.name, "data")
    storage_class = instance.kubernetes.shared_storage_class if data.shared else instance.kubernetes.storage_class
    return core.v1.PersistentVolumeClaim(
        name,
        metadata=instance.metadata(workload.name, pulumi.Output.concat(name, "-", instance.deployment), SKIP_AWAIT),
        spec=core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteMany" if data.shared else "ReadWriteOnce"],
            storage_class_name=storage_class or None,
            resources=core.v1.VolumeResourceRequirementsArgs(requests={"storage": f"{data.size_gib}Gi"}),
        ),
        opts=pulumi.ResourceOptions.merge(instance.options(workload.name), instance.kept()),
    )


def volume(made: core.v1.PersistentVolumeClaim) -> core.v1.VolumeArgs:
    """The claim as a volume of a pod."""
    source = core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=made.metadata.name)
    return core.v1.VolumeArgs(name=_VOLUME, persistent_volume_claim=source)


def mount(path: str) -> core.v1.VolumeMountArgs:
    """Where it is mounted."""
    return core.v1.VolumeMountArgs(name=_VOLUME, mount_path=path)
