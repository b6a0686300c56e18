"""Settings: what a PortusStack was asked to be, complete and checked. Units stand in the names."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from ..args import Role, Target
from ..patches import Patch
from .kubernetes_model import CertManager, KubernetesSettings
from .registries import RegistryLogin


@dataclass(frozen=True)
class Hostnames:
    """Public names without port, and the one public port of both."""

    portus: str
    registry: str
    port: int

    def _address(self, host: str) -> str:
        return host if self.port == 443 else f"{host}:{self.port}"  # noqa: PLR2004 - the port that https:// implies

    @property
    def portus_address(self) -> str:
        """``host[:port]`` of Portus: issuer of tokens and host of the realm."""
        return self._address(self.portus)

    @property
    def registry_address(self) -> str:
        """``host[:port]`` that docker clients type."""
        return self._address(self.registry)

    @property
    def names(self) -> tuple[str, ...]:
        """The distinct public host names."""
        return tuple(dict.fromkeys((self.portus, self.registry)))


@dataclass(frozen=True)
class Resources:
    """Upper bounds: MiB and CPU cores."""

    memory_mib: int
    cpus: float


@dataclass(frozen=True)
class PortusSettings:
    """``options`` maps dotted paths of Portus' ``config.yml`` to values; secret ones are secret Outputs.

    ``patches`` are those that are on; ``trusted_ca_pem`` None means that Portus trusts nobody more.
    """

    image: str
    generation: int
    options: Mapping[str, pulumi.Input[bool | int | str]]
    patches: tuple[Patch, ...]
    trusted_ca_pem: pulumi.Output[str] | None
    replicas: int
    resources: Resources
    background_resources: Resources
    start_timeout_seconds: int


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket; both keys None means the rights of the machine."""

    bucket: str
    region: str
    access_key: pulumi.Output[str] | None
    secret_key: pulumi.Output[str] | None
    region_endpoint: str
    root_directory: str
    ca_certificate_pem: pulumi.Output[str] | None


@dataclass(frozen=True)
class S3Storage(Bucket):
    """A bucket that the registry keeps its layers in."""

    redirect: bool
    encrypt: bool


@dataclass(frozen=True)
class RegistrySettings:
    """``s3`` None means a volume of ``size_gib``, ``shared`` where many can write to it at once."""

    image: str
    replicas: int
    size_gib: int
    shared: bool
    s3: S3Storage | None
    delete_enabled: bool
    log_level: str
    resources: Resources


@dataclass(frozen=True)
class ClientCertificate:
    """What Portus shows to a database that asks for a certificate."""

    certificate_pem: pulumi.Output[str]
    private_key_pem: pulumi.Output[str]


@dataclass(frozen=True)
class DatabaseTls:
    """How an external database is verified; ``client`` None means that it asks for no certificate."""

    ca_certificate_pem: pulumi.Output[str]
    client: ClientCertificate | None


@dataclass(frozen=True)
class ExternalDatabase:
    """A database that somebody else runs; ``tls`` None means that it is reached in the clear."""

    host: str
    port: int
    username: str
    password: pulumi.Output[str]
    database: str
    tls: DatabaseTls | None


@dataclass(frozen=True)
class DatabaseSettings:
    """``external`` None means the bundled MariaDB."""

    image: str
    size_gib: int
    external: ExternalDatabase | None
    resources: Resources


@dataclass(frozen=True)
class EdgeSettings:
    """The TLS edge; ``trusted_proxies`` empty means that clients come by themselves."""

    image: str
    replicas: int
    trusted_proxies: tuple[str, ...]
    proxy_protocol: bool
    resources: Resources


@dataclass(frozen=True)
class Administrator:
    """The first user."""

    username: str
    email: str


@dataclass(frozen=True)
class ProvidedCertificate:
    """A certificate for the edge from elsewhere."""

    certificate_pem: pulumi.Output[str]
    private_key_pem: pulumi.Output[str]
    ca_certificate_pem: pulumi.Output[str]


@dataclass(frozen=True)
class CertificateSettings:
    """Validity of what is issued for this PortusStack; at most one of the two that replace the generated CA."""

    validity_hours: int
    early_renewal_hours: int
    provided: ProvidedCertificate | None
    cert_manager: CertManager | None


@dataclass(frozen=True)
class Rotation:
    """Words whose change renews something."""

    certificates: str
    token_key: str
    session_key: str
    http_secret: str
    webhook_secret: str


@dataclass(frozen=True)
class DataSettings:
    """Fate of volumes and of the credentials that open them."""

    protect: bool
    retain: bool


@dataclass(frozen=True)
class Schedule:
    """When something is due, in UTC; weekdays from 0, Sunday.

    ``both_days``: the day and the weekday must fit, else one of them is enough.
    ``longest_pause_seconds``: the longest time between one and the next.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    both_days: bool
    longest_pause_seconds: int


@dataclass(frozen=True)
class BackupKeep:
    """Of how many days, weeks and months the last backup is kept."""

    daily: int
    weekly: int
    monthly: int


@dataclass(frozen=True)
class Drill:
    """When the newest backup is tried, and how many of its layers are read for that."""

    schedule: Schedule
    layers: int


@dataclass(frozen=True)
class BackupSettings:
    """``s3`` None means a volume of ``size_gib``, ``drill`` None that no backup is tried.

    ``layers``: whether those are in the backups, too.
    """

    schedule: Schedule
    keep: BackupKeep
    drill: Drill | None
    size_gib: int
    s3: Bucket | None
    layers: bool
    verify_percent: int
    image: str
    resources: Resources


@dataclass(frozen=True)
class DockerTls:
    """Client TLS for a ``tcp://`` host."""

    ca_pem: pulumi.Output[str]
    certificate_pem: pulumi.Output[str]
    private_key_pem: pulumi.Output[str]


@dataclass(frozen=True)
class DockerHost:
    """One Docker daemon.

    ``address`` "" means the inherited provider, ``private_address`` "" that no other host connects to it.
    """

    name: str
    address: str
    ssh_options: tuple[str, ...]
    tls: DockerTls | None
    private_address: str
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class DockerSettings:
    """``http_port`` 0 means none, ``address_pool`` "" that the daemon chooses.

    ``registry_auth`` empty means the logins of the machine that deploys.
    """

    hosts: tuple[DockerHost, ...]
    bind_address: str
    https_port: int
    http_port: int
    address_pool: str
    registry_auth: tuple[RegistryLogin, ...]

    def host_of(self, role: str) -> DockerHost:
        """The host that runs ``role``; a single host runs them all."""
        return self.hosts[0] if len(self.hosts) == 1 else next(host for host in self.hosts if Role(role) in host.roles)


@dataclass(frozen=True)
class Settings:
    """Everything about one PortusStack."""

    name: str
    target: Target
    hostnames: Hostnames
    portus: PortusSettings
    registry: RegistrySettings
    database: DatabaseSettings
    edge: EdgeSettings
    task_image: str
    administrator: Administrator
    certificates: CertificateSettings
    rotation: Rotation
    data: DataSettings
    backup: BackupSettings | None
    smoke_check: bool
    docker: DockerSettings
    kubernetes: KubernetesSettings

    @property
    def http_port(self) -> int:
        """Public port for plain HTTP, which only redirects; 0 means that there is none."""
        return self.docker.http_port if self.target is Target.DOCKER else self.kubernetes.expose.http_port

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that this PortusStack has: no database role with an external one, no background in generation 1."""
        absent = {Role.DATABASE} if self.database.external else set()
        if self.backup is None:
            absent.add(Role.BACKUP)
        if self.portus.generation == 1:
            absent.add(Role.BACKGROUND)
        return tuple(role for role in Role if role not in absent)

    @property
    def images(self) -> tuple[str, ...]:
        """The images that this PortusStack runs."""
        database = () if self.database.external else (self.database.image,)
        backup = (self.database.image, self.backup.image) if self.backup else ()
        found = (self.portus.image, self.registry.image, *database, self.edge.image, self.task_image, *backup)
        return tuple(dict.fromkeys(found))

    @property
    def hairpin_addresses(self) -> tuple[str, ...]:
        """The addresses from which Portus and its background process come to the edge's public port: none on its host.

        Docker's host masks a container that leaves it with its own address.
        """
        if self.target is not Target.DOCKER:
            return ()
        edge = self.docker.host_of(Role.EDGE.value)
        callers = {Role.PORTUS, Role.BACKGROUND} & set(self.roles)
        hosts = {self.docker.host_of(role.value) for role in callers} - {edge}
        return tuple(sorted(host.private_address for host in hosts))
