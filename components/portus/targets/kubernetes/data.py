"""Data: a PersistentVolumeClaim of its own, which no change of a workload touches."""

import pulumi
from pulumi_kubernetes import core

from ...topology import Process, Workload
from .instance import SKIP_AWAIT, Instance

_VOLUME, _SHARED_VOLUME = "data", "shared-data"
_Volume = core.v1.VolumeArgs


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


def volumes(own: core.v1.PersistentVolumeClaim | None, shared: core.v1.PersistentVolumeClaim | None) -> list[_Volume]:
    """The claims as volumes of a pod."""
    claims = {_VOLUME: own, _SHARED_VOLUME: shared}
    return [
        core.v1.VolumeArgs(
            name=name,
            persistent_volume_claim=core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=made.metadata.name),
        )
        for name, made in claims.items()
        if made is not None
    ]


def mounts(process: Process) -> list[core.v1.VolumeMountArgs]:
    """Where they are mounted."""
    if not isinstance(process, Workload):
        return []
    own = [core.v1.VolumeMountArgs(name=_VOLUME, mount_path=process.data.path)] if process.data else []
    shared = [core.v1.VolumeMountArgs(name=_SHARED_VOLUME, mount_path=process.shares.path)] if process.shares else []
    return own + shared
