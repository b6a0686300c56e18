"""The pod of a process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from pulumi_kubernetes import core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from ...settings.kubernetes_model import PodSettings
from ...topology import Process, Task, Topology, Workload
from . import data, disruption, issued, probes, programs, security
from .files import MountedFiles
from .instance import Instance
from .services import Services, host_aliases, port_name, ports_of

_SCRATCH_SIZE = "64Mi"
_WRITABLE = {"requests": {"ephemeral-storage": "64Mi"}, "limits": {"ephemeral-storage": "2Gi"}}
"""What a pod may write to its root and its logs."""
_CPU_SHARE = 10
"""A process is promised a tenth of the CPU time that it may use, and all of the memory."""
_DRAIN_SECONDS = 5
"""How long a pod that ends still takes what arrives, until every node knows that it ends."""
_HANDOVER_SECONDS = 20
"""The same for one that is alone, and until its successor is ready: Services keep to it while no other pod is."""


@dataclass(frozen=True)
class Parts:
    """What a pod is put together from beside its process."""

    topology: Topology
    services: Services
    files: MountedFiles
    claim: core.v1.PersistentVolumeClaim | None = None
    shared_claim: core.v1.PersistentVolumeClaim | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


def template(instance: Instance, process: Process, parts: Parts) -> core.v1.PodTemplateSpecArgs:
    """The template of a workload's or a task's pods."""
    pods = instance.kubernetes.pods_of(process.name)
    return core.v1.PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(
            labels={**pods.labels, **instance.labels(process.name), **parts.labels},
            annotations={**instance.kubernetes.annotations, **pods.annotations, **parts.annotations} or None,
        ),
        spec=_specification(instance, process, parts),
    )


def _specification(instance: Instance, process: Process, parts: Parts) -> core.v1.PodSpecArgs:
    pods = instance.kubernetes.pods_of(process.name)
    pull_secrets = [core.v1.LocalObjectReferenceArgs(name=name) for name in instance.pull_secrets]
    return core.v1.PodSpecArgs(
        service_account_name=instance.resource_name(process.name),
        automount_service_account_token=False,
        enable_service_links=False,
        image_pull_secrets=pull_secrets or None,
        security_context=security.pod_context(process, ports_of(parts.topology, process.name)),
        host_aliases=host_aliases(instance, parts.topology, process.name, parts.services) or None,
        restart_policy="Never" if isinstance(process, Task) else "Always",
        termination_grace_period_seconds=process.stop_seconds + _drain(process, parts.topology),
        init_containers=programs.init_containers(process) or None,
        containers=[_container(instance, process, parts)],
        volumes=_volumes(instance, process, parts) or None,
        node_selector=dict(pods.node_selector) or None,
        tolerations=_tolerations(pods) or None,
        affinity=cast(core.v1.AffinityArgs, _affinity(instance, process)) or None,
        priority_class_name=pods.priority_class or None,
        topology_spread_constraints=disruption.spread(instance, process) if isinstance(process, Workload) else None,
    )


def _affinity(instance: Instance, process: Process) -> dict[str, Any]:
    wanted = instance.kubernetes.pods_of(process.name).affinity
    return disruption.affinity(instance, process, wanted) if isinstance(process, Workload) else dict(wanted)


def _tolerations(pods: PodSettings) -> list[core.v1.TolerationArgs]:
    return [
        core.v1.TolerationArgs(
            key=each.key or None,
            operator=each.operator,
            value=each.value or None,
            effect=each.effect or None,
            toleration_seconds=each.seconds,
        )
        for each in pods.tolerations
    ]


def _container(instance: Instance, process: Process, parts: Parts) -> core.v1.ContainerArgs:
    variables = {**instance.kubernetes.pods_of(process.name).environment, **process.environment}
    ports = {link.port: link.tls for link in parts.topology.links if link.destination == process.name}
    workload = isinstance(process, Workload)
    return core.v1.ContainerArgs(
        name=process.name.replace("_", "-"),
        image=process.image,
        image_pull_policy="IfNotPresent",
        command=list(process.entrypoint) or None,
        args=_arguments(process),
        env=[core.v1.EnvVarArgs(name=key, value=value) for key, value in sorted(variables.items())] or None,
        ports=[
            core.v1.ContainerPortArgs(name=port_name(port, tls), container_port=port, protocol="TCP")
            for port, tls in sorted(ports.items())
        ]
        or None,
        resources=_resources(process),
        security_context=security.container_context(process),
        startup_probe=probes.startup(process) if workload else None,
        readiness_probe=probes.readiness(process) if workload else None,
        liveness_probe=probes.liveness(process) if workload else None,
        lifecycle=_lifecycle(process, parts.topology),
        termination_message_policy="FallbackToLogsOnError",  # its last words stand in the failure of `up`
        volume_mounts=_mounts(process, parts) or None,
    )


def _arguments(process: Process) -> list[str] | None:
    ending = process.ending if isinstance(process, Task) else ()
    return [*process.command, *ending] or None


def _resources(process: Process) -> core.v1.ResourceRequirementsArgs:
    memory = f"{process.limits.memory_mib}Mi"
    millicores = round(process.limits.cpus * 1000)
    return core.v1.ResourceRequirementsArgs(
        limits={"memory": memory, "cpu": f"{millicores}m", **_WRITABLE["limits"]},
        requests={"memory": memory, "cpu": f"{max(millicores // _CPU_SHARE, 1)}m", **_WRITABLE["requests"]},
    )


def _drain(process: Process, topology: Topology) -> int:
    """Only what others connect to, and may go on while another takes over, has to be drained."""
    served = any(link.destination == process.name for link in topology.links)
    if not served or not isinstance(process, Workload) or process.exclusive:
        return 0
    return _HANDOVER_SECONDS if disruption.hands_over(process) else _DRAIN_SECONDS


def _lifecycle(process: Process, topology: Topology) -> core.v1.LifecycleArgs | None:
    seconds = _drain(process, topology)
    if not seconds:
        return None
    command = core.v1.ExecActionArgs(command=["sleep", str(seconds)])
    return core.v1.LifecycleArgs(pre_stop=core.v1.LifecycleHandlerArgs(exec_=command))


def _volumes(instance: Instance, process: Process, parts: Parts) -> list[core.v1.VolumeArgs]:
    scratch = core.v1.EmptyDirVolumeSourceArgs(medium="Memory", size_limit=_SCRATCH_SIZE)
    return [
        *parts.files.volumes,
        *issued.volumes(instance, process),
        *data.volumes(parts.claim, parts.shared_claim),
        *programs.volumes(process),
        *(core.v1.VolumeArgs(name=_scratch_name(path), empty_dir=scratch) for path in process.scratch),
    ]


def _mounts(process: Process, parts: Parts) -> list[core.v1.VolumeMountArgs]:
    found: Sequence[core.v1.VolumeMountArgs] = parts.files.mounts
    scratch = [core.v1.VolumeMountArgs(name=_scratch_name(path), mount_path=path) for path in process.scratch]
    return [*found, *issued.mounts(process), *data.mounts(process), *programs.mounts(process), *scratch]


def _scratch_name(path: str) -> str:
    return f"scratch{path.replace('/', '-')}"
