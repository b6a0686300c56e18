"""Creates what a Topology asks for on Kubernetes: a table of contents."""

from dataclasses import replace

import pulumi
from pulumi_kubernetes import batch, core

from ...naming import resource_name
from ...settings import Settings
from ...topology import OUTSIDE, Process, Task, Topology, Workload
from ..deployed import Deployed
from .data import claim
from .disruption import disruption_budget
from .exposure import expose
from .files import mount_files
from .instance import Instance
from .issued import issue
from .namespace import namespace
from .network_policies import network_policy
from .pods import Parts
from .pull_secret import pull_secrets
from .security import strictest_level
from .services import internal_services
from .tasks import job, result
from .workloads import Runner, workload

_Claim = core.v1.PersistentVolumeClaim | None


class KubernetesTarget(Deployed):
    """``images`` by process: the reference that was asked for, as nodes resolve tags and tell the provider nothing."""

    def __init__(
        self, settings: Settings, topology: Topology, deployment: pulumi.Output[str], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("KubernetesTarget", resource_name(settings.name, "kubernetes"), topology, opts)
        self._topology = topology
        kubernetes = settings.kubernetes
        instance = Instance(settings.name, kubernetes.namespace, deployment, kubernetes, settings.data, self)
        instance = replace(instance, namespace=namespace(instance, strictest_level(topology.processes)))
        self._site = replace(instance, pull_secrets=pull_secrets(instance))
        self._services = internal_services(self._site, topology)
        self._runners: dict[str, list[Runner]] = {}
        self._jobs: dict[str, batch.v1.Job] = {}
        self._claims: dict[str, core.v1.PersistentVolumeClaim] = {}
        for process in topology.processes:
            self._process(process)
        published = {link.destination for link in topology.links if link.source == OUTSIDE}
        opened = [runner for name in sorted(published) for runner in self._runners[name]]
        self._exposed = expose(self._site, topology, self._services, opened)
        self.images = {process.name: pulumi.Output.from_input(process.image) for process in topology.processes}
        self.finish()

    @property
    def ready(self) -> pulumi.Output[list[str]]:
        """Known once everything runs and is exposed."""
        runners = [runner for found in self._runners.values() for runner in found]
        return pulumi.Output.all(*(made.id for made in (*runners, *self._jobs.values(), *self._exposed)))

    def last_result(self, task: str) -> pulumi.Output[str]:
        """What the success of a task means, and when it was."""
        process = self._topology.process(task)
        assert isinstance(process, Task)
        return result(process, self._jobs[task])

    def _process(self, process: Process) -> None:
        """A process with all that it needs: account, policy, files, data, and what it comes after."""
        instance, topology = self._site, self._topology
        account = _service_account(instance, process)
        policy = network_policy(instance, topology, process.name)
        parts = Parts(topology, self._services, mount_files(instance, process), *self._claims_of(process))
        certificate = issue(instance, process)
        after: list[pulumi.Resource] = [account, policy, *([certificate] if certificate else [])]
        for earlier in process.after:
            after += [*self._runners.get(earlier, []), *([self._jobs[earlier]] if earlier in self._jobs else [])]
        if isinstance(process, Task):
            self._jobs[process.name] = job(instance, process, parts, self._runners, after)
        elif isinstance(process, Workload):
            self._runners[process.name] = workload(instance, process, parts, after)
            disruption_budget(instance, process)

    def _claims_of(self, process: Process) -> tuple[_Claim, _Claim]:
        """The claim of its own data, and the one that it shares."""
        if not isinstance(process, Workload):
            return None, None
        made = claim(self._site, process)
        if made is not None:
            self._claims[process.name] = made
        return made, self._claims[process.shares.owner] if process.shares else None


def _service_account(instance: Instance, process: Process) -> core.v1.ServiceAccount:
    """An identity without rights and without a token."""
    name = instance.resource_name(process.name)
    return core.v1.ServiceAccount(
        name,
        metadata=instance.metadata(process.name, name),
        automount_service_account_token=False,
        opts=instance.options(process.name),
    )
