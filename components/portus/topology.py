"""The vocabulary between roles and targets.

A role describes itself in these words; a target turns them into resources.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

OUTSIDE = "outside"
"""The other end of a Link that leaves or enters the PortusStack."""


@dataclass(frozen=True)
class File:
    """A file that a process reads. ``content`` is text; ``mode`` is octal, owner always root.

    ``holds`` names a secret or a certificate for those who look at the stack: every file that is secret has it.
    """

    path: str
    content: pulumi.Input[str]
    mode: str = "0444"
    secret: bool = False
    holds: str = ""


@dataclass(frozen=True)
class Data:
    """State that outlives its process: a volume mounted at ``path``.

    ``size_gib`` binds only targets that can size a volume; ``shared`` means that replicas write to it at once, wherever
    they run. One that is not shared may still be written to by two processes of one machine, unless its workload is
    exclusive.
    """

    path: str
    size_gib: int
    shared: bool = False


@dataclass(frozen=True)
class SharedData:
    """The data of the workload ``owner``, which a process of the same machine sees at ``path``, too, and may change."""

    owner: str
    path: str


@dataclass(frozen=True)
class Program:
    """A program of another image, which needs nothing beside itself.

    ``path`` is where it lies in ``image``; the process finds it, and what lies beside it there, in ``directory``.
    """

    image: str
    path: str
    directory: str


@dataclass(frozen=True)
class Probe:
    """How a target learns that a process is ready: ``command`` exits 0 inside its container.

    ``interval_seconds`` passes between two probes while the process starts; a target probes less often afterwards.
    """

    command: tuple[str, ...]
    interval_seconds: int = 1
    timeout_seconds: int = 10
    retries: int = 5


@dataclass(frozen=True)
class Limits:
    """Upper bounds: memory in MiB (swap is never added), CPUs in cores."""

    memory_mib: int
    cpus: float


@dataclass(frozen=True)
class Security:
    """What a process may do.

    ``user`` is ``uid:gid``, None for the image's own; capabilities are added to an empty set. ``unprivileged_user`` is
    the one to run as where a target can give it the files and the data, which needs ``user`` elsewhere.
    """

    user: str | None = None
    unprivileged_user: str | None = None
    read_only_root: bool = True
    capabilities: tuple[str, ...] = ()
    new_privileges: bool = False


@dataclass(frozen=True)
class Link:
    """``source`` opens a connection to ``destination`` on ``port``, over TLS or not, and why.

    ``protocol`` is the IANA service name of what is spoken, where it is not HTTP.
    """

    source: str
    destination: str
    port: int
    tls: bool
    why: str
    protocol: str | None = None


@dataclass(frozen=True)
class Process:
    """What workloads and tasks have in common.

    ``after`` names the processes that must be ready first; ``start_seconds`` bounds the wait for the probe, and
    ``start_argument`` is the argument that sets it, if any; ``stop_seconds`` is the time between the stop signal and
    the kill; ``scratch`` are writable paths in memory; ``aliases`` are further host names; ``program`` is what it runs
    that its own image lacks.
    """

    name: str
    image: str
    probe: Probe
    limits: Limits
    security: Security
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    scratch: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    aliases: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    start_seconds: int = 120
    start_argument: str = ""
    stop_seconds: int = 30
    program: Program | None = None


@dataclass(frozen=True)
class TlsPair:
    """What a role presents: a chain, leaf first, its key, and the CA that verifies it; all PEM, the key secret.

    ``expires_at`` is in RFC 3339, None when the certificate was provided.
    """

    certificate_pem: pulumi.Output[str]
    private_key_pem: pulumi.Output[str]
    ca_pem: pulumi.Output[str]
    expires_at: pulumi.Output[str] | None

    def files(self, role: str, certificate_path: str, key_path: str, mode: str = "0444") -> tuple[File, File]:
        """The pair as files of ``role``; ``mode`` is the key's."""
        return (
            File(certificate_path, self.certificate_pem, holds=f"{role} certificate"),
            File(key_path, self.private_key_pem, mode, secret=True, holds=f"{role} key"),
        )


@dataclass(frozen=True)
class Issued:
    """What a role presents when somebody in the target issues it, for ``names``, and renews it in place.

    The role finds ``tls.crt`` and ``tls.key`` in ``directory``. ``issuer`` is name, kind and API group; an issuer may
    know better than ``validity_hours``. ``ca_pem`` None means that every system trusts the issuer.
    """

    directory: str
    names: tuple[str, ...]
    issuer: tuple[str, str, str]
    validity_hours: int
    early_renewal_hours: int
    ca_pem: pulumi.Output[str] | None


@dataclass(frozen=True)
class Workload(Process):
    """Runs a role for ever.

    ``exclusive``: no two at once, not even while one takes over from the other. ``first_alone``: the first replica
    prepares what the others use, so it is ready before another starts. ``presents`` is for what outsiders reach.
    ``shares`` puts it on the machine of another workload, whose data it sees.
    """

    data: Data | None = None
    shares: SharedData | None = None
    replicas: int = 1
    exclusive: bool = False
    first_alone: bool = False
    presents: TlsPair | Issued | None = None


@dataclass(frozen=True)
class Task(Process):
    """Runs once and must succeed; ``verifies`` names the processes after whose replacement it runs again.

    Done, it idles. ``ending`` are further arguments that make it end instead, when it is done or after
    ``start_seconds`` without success, for targets that wait for an end. ``report`` tells what success means, without
    the time, where a target cannot read what the task printed.
    """

    verifies: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()
    report: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Topology:
    """All that a target deploys for one PortusStack.

    ``roster`` names every process that a PortusStack may have, in one order for all of them.
    """

    name: str
    workloads: tuple[Workload, ...]
    tasks: tuple[Task, ...]
    roster: tuple[str, ...]

    @property
    def processes(self) -> tuple[Process, ...]:
        """Workloads and tasks in start order: nothing stands before what it comes after."""
        remaining: list[Process] = [*self.workloads, *self.tasks]
        ordered: list[Process] = []
        while remaining:
            done = {process.name for process in ordered}
            ready = [process for process in remaining if set(process.after) <= done]
            if not ready:
                raise ValueError(f"circular start order among {', '.join(process.name for process in remaining)}")
            ordered += ready
            remaining = [process for process in remaining if process not in ready]
        return tuple(ordered)

    @property
    def links(self) -> tuple[Link, ...]:
        """Every link of every process."""
        return tuple(link for process in (*self.workloads, *self.tasks) for link in process.links)

    def is_public(self, name: str) -> bool:
        """Whether outsiders reach the process called ``name``."""
        return any(link.source == OUTSIDE and link.destination == name for link in self.links)

    def process(self, name: str) -> Process:
        """The process called ``name``; raises KeyError."""
        return {process.name: process for process in (*self.workloads, *self.tasks)}[name]
