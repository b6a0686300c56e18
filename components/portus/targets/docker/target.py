"""Creates what a Topology asks for on Docker: images, networks, volumes, then containers in start order."""

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath

import pulumi
import pulumi_docker as docker

from ...images import resolved
from ...naming import LABEL_PREFIX, internal_name, resource_name
from ...settings import Settings
from ...topology import Process, Program, Task, Topology, Workload
from ..deployed import Deployed
from . import translate
from .failures import address_pool_hook, failure_hook, image_hook
from .placement import PlacedNetwork, Placement
from .providers import host_providers

_FILES_LABEL = f"{LABEL_PREFIX}.files"
_VERIFIES_LABEL = f"{LABEL_PREFIX}.verifies"
_NOT_UPDATED_IN_PLACE = ["healthcheck", "tmpfs", "init"]
"""The provider reports these as updated without touching the container."""
_CREATE_MARGIN_SECONDS = 600
_LOG_LINES = "200"
_DIGITS = 12
"""Of an image's id, enough to tell it from another."""


class DockerTarget(Deployed):
    """``containers`` by process, ``images`` by role: what was resolved (digest, or image id where there is none)."""

    def __init__(
        self, settings: Settings, topology: Topology, deployment: pulumi.Output[str], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("DockerTarget", resource_name(settings.name, "docker"), topology, opts)
        self._settings, self._topology, self._deployment = settings, topology, deployment
        self._placement = Placement(topology, settings.docker)
        self._host_providers = host_providers(settings, self)
        self._images: dict[tuple[str, str], docker.RemoteImage] = {}
        self._data: dict[str, docker.Volume] = {}
        self._networks = {network.name: self._network(network) for network in self._placement.networks}
        self.containers: dict[str, docker.Container] = {}
        for process in topology.processes:
            self.containers[process.name] = self._container(process)
        self.images = {process.name: self._resolved(process) for process in topology.processes}
        self.finish()

    def _options(self, process: str, **more: object) -> pulumi.ResourceOptions:
        own = pulumi.ResourceOptions(provider=self.provider_of(self._topology.process(process)), **more)  # type: ignore[arg-type]
        return pulumi.ResourceOptions.merge(self.options(process), own)

    def _image(self, process: Process, reference: str = "", kind: str = "image") -> docker.RemoteImage:
        """One per host and reference, by default its own; kept on the host, where other containers may use it."""
        reference = reference or process.image
        key = (self._placement.host(process.name).name, reference)
        if key not in self._images:
            name = resource_name(self._topology.name, process.name, kind)
            opts = self._options(process.name, hooks=image_hook(name, reference))
            self._images[key] = docker.RemoteImage(name, name=reference, keep_locally=True, opts=opts)
        return self._images[key]

    def _resolved(self, process: Process) -> pulumi.Output[str]:
        image = self._image(process)
        return pulumi.Output.all(process.image, image.repo_digest, image.image_id).apply(lambda found: resolved(*found))

    def _network(self, network: PlacedNetwork) -> docker.Network:
        """An internal network, or one of a single process."""
        options = (
            None if network.internal or network.leaves else {"com.docker.network.bridge.enable_ip_masquerade": "false"}
        )
        return docker.Network(
            network.name,
            name=network.name,
            driver="bridge",
            internal=network.internal,
            options=options,
            ipam_configs=[{"subnet": network.subnet}] if network.subnet else None,
            # Only those that it is named after, as another label would be another network.
            labels=translate.labels(self._topology.name, "-".join(network.members[:2]), self._deployment),
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self.provider_of(self._topology.process(network.members[0])),
                hooks=address_pool_hook(network.name),
            ),
        )

    def _volume(
        self, process: Process, kind: str, version: pulumi.Output[str] | None = None, **options: object
    ) -> docker.Volume:
        """Its name holds the deployment's id: Docker adopts a volume whose name exists, so it must be ours alone.

        Another ``version`` is another volume.
        """
        name = resource_name(self._topology.name, process.name, kind)
        return docker.Volume(
            name,
            name=pulumi.Output.concat(name, "-", self._deployment, "" if version is None else "-", version or ""),
            labels=translate.labels(self._topology.name, process.name, self._deployment),
            opts=self._options(process.name, **options),
        )

    def _data_volumes(self, process: Process) -> list[docker.ContainerVolumeArgs]:
        if not isinstance(process, Workload):
            return []
        found = []
        if process.data is not None:
            data = self._settings.data
            volume = self._volume(process, "data", protect=data.protect or None, retain_on_delete=data.retain or None)
            self._data[process.name] = volume
            found.append(docker.ContainerVolumeArgs(container_path=process.data.path, volume_name=volume.name))
        if process.shares is not None:
            volume = self._data[process.shares.owner]
            found.append(docker.ContainerVolumeArgs(container_path=process.shares.path, volume_name=volume.name))
        return found

    def _program(self, process: Process, program: Program) -> docker.ContainerVolumeArgs:
        """A volume with a program of another image: Docker fills a new one with what the image has at its place.

        The container through which that happens is never started.
        """
        image = self._image(process, program.image, "program-image")
        volume = self._volume(process, "program", image.image_id.apply(lambda found: found[-_DIGITS:]))
        name = resource_name(self._topology.name, process.name, "program")
        filled = docker.Container(
            name,
            name=name,
            image=image.image_id,
            start=False,
            must_run=False,
            network_mode="none",
            log_driver="json-file",
            labels=translate.labels(self._topology.name, process.name, self._deployment),
            volumes=[{"container_path": str(PurePosixPath(program.path).parent), "volume_name": volume.name}],
            opts=self._options(process.name, delete_before_replace=True),
        )
        volume_name = pulumi.Output.all(volume.name, filled.id).apply(lambda found: str(found[0]))
        return docker.ContainerVolumeArgs(container_path=program.directory, volume_name=volume_name, read_only=True)

    def _files(self, process: Process) -> tuple[docker.Volume, docker.Container]:
        """A volume with the process' files, and the container, never started, through which they got there.

        New files are put there when it is the process' turn and not before: who has the former ones is deleted first,
        and has to serve until what comes before it is done.
        """
        keep = isinstance(process, Workload) and process.data is not None and self._settings.data.retain
        volume = self._volume(process, "files", retain_on_delete=keep or None)  # what opens the data stays with it
        name = resource_name(self._topology.name, process.name, "files")
        upload = docker.Container(
            name,
            name=name,
            image=self._image(process).image_id,
            start=False,
            must_run=False,
            network_mode="none",
            log_driver="json-file",
            labels=translate.labels(self._topology.name, process.name, self._deployment),
            volumes=[{"container_path": translate.files_directory(process), "volume_name": volume.name}],
            uploads=translate.uploads(process.files),
            opts=self._options(process.name, depends_on=self._earlier(process), additional_secret_outputs=["uploads"]),
        )
        return volume, upload

    def _container(self, process: Process) -> docker.Container:
        name = resource_name(self._topology.name, process.name)
        arguments = translate.container(process, self._image(process).image_id)
        arguments.name, arguments.hostname = name, name
        arguments.networks_advanced = self._attachments(process)
        arguments.ports = self._ports(process) or None
        arguments.hosts = self._extra_hosts(process) or None
        arguments.labels, arguments.volumes = self._labels_and_volumes(process, arguments)
        return docker.Container(
            name,
            arguments,
            self._options(
                process.name,
                depends_on=self._earlier(process),
                additional_secret_outputs=["uploads"],
                replace_on_changes=_NOT_UPDATED_IN_PLACE,
                delete_before_replace=True,  # two cannot have one name, and the provider knows only of its own reasons
                custom_timeouts=pulumi.CustomTimeouts(create=f"{process.start_seconds + _CREATE_MARGIN_SECONDS}s"),
                hooks=failure_hook(self, process, name),
            ),
        )

    def _earlier(self, process: Process) -> list[pulumi.Resource]:
        """What has to be ready before it."""
        return [self.containers[earlier] for earlier in process.after]

    def _labels_and_volumes(
        self, process: Process, arguments: docker.ContainerArgs
    ) -> tuple[list[docker.ContainerLabelArgs], list[docker.ContainerVolumeArgs] | None]:
        volumes = self._data_volumes(process)
        if process.program is not None:
            volumes.append(self._program(process, process.program))
        labels = translate.labels(self._topology.name, process.name, self._deployment)
        if translate.in_volume(process):
            volume, upload = self._files(process)
            path = translate.files_directory(process)
            volumes.append(docker.ContainerVolumeArgs(container_path=path, volume_name=volume.name, read_only=True))
            labels.append({"label": _FILES_LABEL, "value": upload.id})  # new files, new container
        elif process.files:
            arguments.uploads = translate.uploads(process.files)
        if isinstance(process, Task) and process.verifies:
            labels.append({"label": _VERIFIES_LABEL, "value": self._fingerprint(process.verifies)})
        return [docker.ContainerLabelArgs(**label) for label in labels], volumes or None

    def _extra_hosts(self, process: Process) -> list[docker.ContainerHostArgs]:
        found = self._placement.extra_hosts(process.name)
        return [docker.ContainerHostArgs(host=host, ip=ip) for host, ip in sorted(found.items())]

    def _fingerprint(self, processes: Sequence[str]) -> pulumi.Output[str]:
        """Changes when one of the containers is another one."""
        ids = [self.containers[process].id for process in processes]
        return pulumi.Output.all(*ids).apply(lambda found: hashlib.sha256("".join(found).encode()).hexdigest()[:16])

    def _attachments(self, process: Process) -> list[docker.ContainerNetworksAdvancedArgs]:
        aliases = [internal_name(self._topology.name, process.name), *process.aliases]
        return [
            docker.ContainerNetworksAdvancedArgs(
                name=self._networks[network.name].name, aliases=aliases if network.internal else None
            )
            for network in self._placement.networks_of(process.name)
        ]

    def _ports(self, process: Process) -> list[docker.ContainerPortArgs]:
        return [
            docker.ContainerPortArgs(internal=port.port, external=port.host_port, ip=port.host_address, protocol="tcp")
            for port in self._placement.ports(process.name)
        ]

    def provider_of(self, process: Process) -> docker.Provider | None:
        """The provider of a process' host; None for the inherited one."""
        return self._host_providers.get(self._placement.host(process.name).name)

    @property
    def ready(self) -> pulumi.Output[list[str]]:
        """Known once every container runs."""
        return pulumi.Output.all(*(container.id for container in self.containers.values()))

    def last_result(self, task: str) -> pulumi.Output[str]:
        """The last line of a task's log that reports its result, without the mark; "" when there is none."""
        container = self.containers[task]
        logs = docker.get_logs_output(
            name=container.id.apply(lambda _: resource_name(self._topology.name, task)),
            show_stdout=True,
            show_stderr=False,
            discard_headers=True,
            logs_list_string_enabled=True,
            tail=_LOG_LINES,
            opts=pulumi.InvokeOptions(parent=self, provider=self.provider_of(self._topology.process(task))),
        )
        return logs.logs_list_strings.apply(_result_line)


def _result_line(lines: Sequence[str]) -> str:
    results = [line.partition("result: ")[2].strip() for line in lines if "result: " in line]
    return results[-1] if results else ""
