"""What was asked for, kept in the stack's state for people and their tools: the diagram and the status read it there.

Nothing secret is in it: names, images, bounds and ports, and of each file at most the word for what it holds.
"""

from collections.abc import Mapping, Sequence

import pulumi

from .certificates import Certificates
from .naming import resource_name
from .settings import Settings
from .topology import Issued, Process, Task, Topology, Workload

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]


class TopologyRecord(pulumi.ComponentResource):
    """An empty resource whose inputs are the Topology in words; it changes with that, and nothing depends on it."""

    def __init__(
        self,
        settings: Settings,
        topology: Topology,
        certificates: Certificates,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props: dict[str, Value] = {
            "target": settings.target.value,
            "portus": settings.hostnames.portus_address,
            "registry": settings.hostnames.registry_address,
            "certificates": certificates.issuers,
            "processes": [_process(process) for process in topology.processes],
            "links": [vars(link) for link in topology.links],
        }
        # A refused destroy must leave it, too, and nothing can depend on it: depends_on means a component's children.
        former = pulumi.Alias(type_="portus:internal:Plan", name=resource_name(settings.name, "plan"))  # until 0.1
        own = pulumi.ResourceOptions(protect=settings.data.protect or None, aliases=[former])
        super().__init__(
            "portus:internal:Topology",
            resource_name(settings.name, "topology"),
            dict(props),
            pulumi.ResourceOptions.merge(opts, own),
        )
        self.register_outputs({})


def _process(process: Process) -> dict[str, Value]:
    workload = process if isinstance(process, Workload) else None
    data = workload.data if workload else None
    return {
        "name": process.name,
        "kind": "task" if isinstance(process, Task) else "workload",
        "image": process.image,
        "program": process.program.image if process.program else None,
        "memory_mib": process.limits.memory_mib,
        "cpus": process.limits.cpus,
        "user": process.security.user,
        "read_only_root": process.security.read_only_root,
        "data": {"path": data.path, "size_gib": data.size_gib} if data else None,
        "replicas": workload.replicas if workload else 1,
        "secrets": _held(process, secret=True),
        "certificates": _held(process, secret=False),
    }


def _held(process: Process, *, secret: bool) -> list[str]:
    """What a process is given, each once: its files, and the pair that it finds where somebody issues one."""
    held = {file.holds for file in process.files if file.secret is secret and file.holds}
    if isinstance(process, Workload) and isinstance(process.presents, Issued):
        held.add(f"{process.name} {'key' if secret else 'certificate'}")
    return sorted(held)
