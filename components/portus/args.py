"""The arguments of PortusStack. Presence of a group switches its feature on; every value is checked at preview.

Plain values shape the graph. ``pulumi.Input`` marks the few that may come from another resource.
"""

from enum import Enum
from typing import Any

import pulumi
from typing_extensions import NotRequired, TypedDict

from .backup_args import BackupArgs
from .image_args import ImagesArgs, RegistryAuthArgs
from .kubernetes_args import CertManagerArgs, KubernetesArgs
from .resources_args import ResourcesArgs


class Target(str, Enum):
    """Where a PortusStack runs."""

    DOCKER = "docker"
    KUBERNETES = "kubernetes"


class Role(str, Enum):
    """A long-running part of a PortusStack."""

    DATABASE = "database"
    REGISTRY = "registry"
    PORTUS = "portus"
    BACKGROUND = "background"
    EDGE = "edge"
    BACKUP = "backup"


class HostnamesArgs(TypedDict):
    """Public names; the same value twice means one host, routed by path. Both have the same port, by default 443.

    An IP address is refused: Portus and the tasks inside are led to the edge by these names. Names beyond ASCII are
    written in punycode (``xn--…``).
    """

    portus: str
    """``host[:port]`` where people sign in and docker clients fetch tokens."""
    registry: str
    """``host[:port]`` that docker clients push to and pull from."""


class PatchesArgs(TypedDict):
    """What PortusStack mends in Portus itself; each is a file that Portus loads at its start. Default: all that fit.

    They fit the releases that have the defect: one that is asked for but has no such release is refused, and so is a
    release newer than 2.5, for which none is known, until each that closes a security hole is set to false.
    """

    widened_scopes: NotRequired[bool]
    """Security: grant in tokens only what was asked for and is allowed. Default: true (2.0 to 2.5)."""
    foreign_tokens: NotRequired[bool]
    """Security: no user makes application tokens for others, or sees theirs. Default: true (2.4 and 2.5)."""
    disabled_users: NotRequired[bool]
    """Security: a disabled user's application tokens open nothing. Default: true (2.3 to 2.5)."""
    token_subject: NotRequired[bool]
    """Security: a token's user is who authenticated, not who the request names. Default: true (2.0 to 2.5)."""
    private_stars: NotRequired[bool]
    """Security: who may not see a repository does not star it either. Default: true (2.0 to 2.5)."""
    private_pages: NotRequired[bool]
    """Security: pages list no users, teams or tags for whom they are not. Default: true (2.3 to 2.5)."""
    webhook_secret: NotRequired[bool]
    """Security: only the registry reports events, by a generated secret. Default: true (2.0 to 2.5)."""
    oci_manifests: NotRequired[bool]
    """Shows what modern clients push: manifests and indexes of OCI types. Default: true (2.3 to 2.5)."""
    background_survival: NotRequired[bool]
    """The background process outlives unexpected answers of the registry. Default: true (2.3 to 2.5)."""
    first_start: NotRequired[bool]
    """A first start that was interrupted while it made the tables goes on. Default: true (2.0 to 2.5)."""
    own_users: NotRequired[bool]
    """Security: with LDAP on, PortusStack's own users sign in, by Portus' database only. Default: true (2.0 to 2.5)."""
    oauth_identity: NotRequired[bool]
    """Security: by OAuth somebody is only who has just that verified e-mail address. Default: true (2.3 to 2.5)."""
    oauth_registration: NotRequired[bool]
    """The first sign-in by OAuth works with long tokens and any display name. Default: true (2.3 to 2.5)."""
    openid_connect: NotRequired[bool]
    """OpenID providers are trusted by the image's CAs, not asked for addresses. Default: true for 2.5, else false."""


class PortusArgs(TypedDict):
    """The web application and its background process."""

    image: NotRequired[str]
    """``repository[:tag][@sha256:…]``. Default: ``opensuse/portus:2.4.3``, the last release."""
    generation: NotRequired[int]
    """1 (images 2.0 to 2.2) or 2 (2.3 and later). Default: what the image's tag says."""
    settings: NotRequired[dict[str, Any]]
    """Portus options in the shape of its ``config.yml``; each leaf may be an Input. Unknown options are refused."""
    patches: NotRequired[PatchesArgs]
    """Which of Portus' own defects are mended. Default: all that its release has."""
    trusted_ca_pem: NotRequired[pulumi.Input[str]]
    """More CAs that Portus trusts, those of an LDAP or mail server: one or more PEM certificates. Default: none."""
    replicas: NotRequired[int]
    """How many run the web application, 1 to 50; more than 1 on Kubernetes only. Default: 1."""
    resources: NotRequired[ResourcesArgs]
    """Bounds of the web application. Default: 1024 MiB, 2 CPUs."""
    background_resources: NotRequired[ResourcesArgs]
    """Bounds of the background process. Default: 768 MiB, 1 CPU."""
    start_timeout_seconds: NotRequired[int]
    """How long ``up`` waits for Portus, 60 to 3600 s. Default: 600; its first start needs 25 s of a processor."""


class FilesystemStorageArgs(TypedDict):
    """Layers on a volume."""

    size_gib: NotRequired[int]
    """Size in GiB where the target can size a volume, 1 to 65536. Default: 50."""
    shared: NotRequired[bool]
    """Whether many can write to the volume at once (Kubernetes: access mode ReadWriteMany). Default: false."""


class S3StorageArgs(TypedDict):
    """Layers in an S3 bucket that exists."""

    bucket: str
    """Bucket name."""
    region: str
    """Region name; any word for servers that have none."""
    access_key: NotRequired[pulumi.Input[str]]
    """Access key id. Default: with ``secret_key``, the rights of the machine that the registry runs on (AWS)."""
    secret_key: NotRequired[pulumi.Input[str]]
    """Secret access key; always kept secret."""
    region_endpoint: NotRequired[str]
    """``https://host[:port]`` of a server other than AWS. Default: AWS."""
    root_directory: NotRequired[str]
    """Prefix of all keys, beginning with ``/``. Default: none."""
    ca_certificate_pem: NotRequired[pulumi.Input[str]]
    """The CAs that the server of ``region_endpoint`` is verified with, beside the image's own. Default: none."""
    redirect: NotRequired[bool]
    """Send clients to the bucket for layers, by addresses signed for 20 minutes; they must reach it. Default: false."""
    encrypt: NotRequired[bool]
    """Ask the server to encrypt at rest. Default: false, as many S3-compatible servers have no key for it."""


class RegistryStorageArgs(TypedDict):
    """At most one of the two. Default: a filesystem of the default size."""

    filesystem: NotRequired[FilesystemStorageArgs]
    """A volume."""
    s3: NotRequired[S3StorageArgs]
    """An S3 bucket."""


class RegistryArgs(TypedDict):
    """The Docker Registry (Distribution), major version 2 or 3."""

    image: NotRequired[str]
    """``repository[:tag][@sha256:…]``. Default: ``registry:2.8.3`` by digest."""
    storage: NotRequired[RegistryStorageArgs]
    """Where layers are kept."""
    delete_enabled: NotRequired[bool]
    """Whether manifests can be deleted, in the registry and in Portus alike. Default: true."""
    log_level: NotRequired[str]
    """``error``, ``warn`` or ``info``. Default: ``info``."""
    replicas: NotRequired[int]
    """How many, 1 to 50; more than 1 on Kubernetes only, and with S3 or a shared volume only. Default: 1."""
    resources: NotRequired[ResourcesArgs]
    """Default: 1024 MiB, 2 CPUs: memory for 200 layers that are pulled at once, each takes 4 MiB."""


class DatabaseTlsArgs(TypedDict):
    """Encrypts the way to an external database, whose certificate must name ``host``; 2.2 and older look at no name."""

    ca_certificate_pem: pulumi.Input[str]
    """The CAs that its certificate is verified with."""
    certificate_pem: NotRequired[pulumi.Input[str]]
    """Portus' own certificate, for a server that asks for one; with ``private_key_pem``. Default: none."""
    private_key_pem: NotRequired[pulumi.Input[str]]
    """The key of ``certificate_pem``; always kept secret."""


class ExternalDatabaseArgs(TypedDict):
    """A MariaDB or MySQL that exists."""

    host: str
    """Host name or address."""
    port: NotRequired[int]
    """TCP port, 1 to 65535. Default: 3306; generation 1 knows no other."""
    username: str
    """User with all rights on ``database``: letters, digits, underscores."""
    password: pulumi.Input[str]
    """Its password: letters, digits, ``_``, ``-``, a letter first: Portus pastes it into YAML unquoted."""
    database: str
    """Database name: letters, digits, ``_``, but not the word ``down``, for which Portus' init script looks."""
    tls: NotRequired[DatabaseTlsArgs]
    """Encrypt and verify. Default: not encrypted, so that the network between must be trusted."""


class DatabaseArgs(TypedDict):
    """The bundled MariaDB, or an external one."""

    image: NotRequired[str]
    """``repository[:tag][@sha256:…]`` of an official MariaDB image. Default: ``mariadb:10.11`` by digest."""
    size_gib: NotRequired[int]
    """Size in GiB where the target can size a volume, 1 to 65536. Default: 10."""
    external: NotRequired[ExternalDatabaseArgs]
    """Use this database; none is bundled then."""
    resources: NotRequired[ResourcesArgs]
    """Default: 512 MiB, 1 CPU."""


class EdgeArgs(TypedDict):
    """The TLS edge (nginx): the only thing that outsiders reach."""

    image: NotRequired[str]
    """``repository[:tag][@sha256:…]`` of an unprivileged nginx.

    Default: ``nginxinc/nginx-unprivileged:1.28-alpine`` by digest.
    """
    replicas: NotRequired[int]
    """How many, 1 to 50; more than 1 on Kubernetes only. Default: 1."""
    trusted_proxies: NotRequired[list[str]]
    """Networks (CIDR) of the proxies in front, which name the client in ``X-Forwarded-For``. Default: none.

    Whoever is in them can come as anybody, so they hold proxies only: of IPv4 a /8 or smaller, of IPv6 a /16 or
    smaller, or a part of fc00::/7. Proxies that hand TLS on write no header: they need ``proxy_protocol``.
    """
    proxy_protocol: NotRequired[bool]
    """Whether they name the client by the PROXY protocol (1 or 2) instead, on every public port. Default: false."""
    resources: NotRequired[ResourcesArgs]
    """Default: 256 MiB, 2 CPUs."""


class AdministratorArgs(TypedDict):
    """The first user, made before anyone can reach Portus."""

    username: NotRequired[str]
    """Lower-case letters, digits, ``.``, ``_``, ``-``. Default: ``admin``."""
    email: NotRequired[str]
    """Default: ``admin@`` and the host name of Portus."""


class ProvidedCertificateArgs(TypedDict):
    """A certificate for the public names that somebody else issued. Inside, the generated CA stays in use.

    The three are judged together before anything is changed. Text outside of the PEM blocks is a comment (RFC 7468).
    """

    certificate_pem: pulumi.Input[str]
    """Leaf first, then each one's issuer. It names both public names, is valid now, RSA keys have 2048 bits or more."""
    private_key_pem: pulumi.Input[str]
    """Its key, not encrypted; always kept secret."""
    ca_certificate_pem: pulumi.Input[str]
    """The CA that clients and Portus verify it with; of a self-signed certificate, that certificate."""


class CertificatesArgs(TypedDict):
    """TLS material."""

    validity_hours: NotRequired[int]
    """Validity of server certificates, 24 to 9552 h (398 days). Default: 8760 (a year). The CA lives ten years."""
    early_renewal_hours: NotRequired[int]
    """``up`` renews what expires within this time, less than half the validity. Default: 720, at most a third of it."""
    provided: NotRequired[ProvidedCertificateArgs]
    """A certificate for the edge. Default: one is issued by the generated CA."""
    cert_manager: NotRequired[CertManagerArgs]
    """Has cert-manager issue the edge's certificate (target ``kubernetes``). Default: the generated CA issues it."""


class RotationArgs(TypedDict):
    """Words whose change renews something at the next ``up``. Each is empty by default."""

    certificates: NotRequired[str]
    """Renews the keys and certificates of all TLS servers but those issued elsewhere; the CA stays."""
    token_key: NotRequired[str]
    """Renews the key that signs bearer tokens; the registry learns of it in the same ``up``."""
    session_key: NotRequired[str]
    """Renews Portus' session key: everybody is signed out."""
    http_secret: NotRequired[str]
    """Renews the registry's ``http.secret``: uploads in flight start over."""
    webhook_secret: NotRequired[str]
    """Renews the secret by which Portus knows the registry's events; none is lost."""


class DataArgs(TypedDict):
    """What happens to volumes and to the credentials that open them: always the same to both."""

    protect: NotRequired[bool]
    """Refuse to destroy them. Default: true."""
    retain: NotRequired[bool]
    """``destroy`` forgets them and leaves them in place. Default: false."""


class DockerTlsArgs(TypedDict):
    """Client TLS for a ``tcp://`` host."""

    ca_pem: pulumi.Input[str]
    """CA of the Docker daemon."""
    certificate_pem: pulumi.Input[str]
    """Client certificate."""
    private_key_pem: pulumi.Input[str]
    """Client key; always kept secret."""


class DockerHostArgs(TypedDict):
    """One Docker daemon."""

    name: str
    """Short name of the host: lower-case letters, digits, dashes. A new name means a new host."""
    address: NotRequired[str]
    """``unix://…``, ``ssh://user@host[:port]`` or ``tcp://host:port``. Default (one host): the inherited provider."""
    ssh_options: NotRequired[list[str]]
    """Options for ``ssh``. Default: ``BatchMode=yes``, ``StrictHostKeyChecking=yes``, ``ConnectTimeout=10``.

    Those that run programs, read more options or trust any host are refused.
    """
    tls: NotRequired[DockerTlsArgs]
    """Required for ``tcp://``."""
    private_address: NotRequired[str]
    """IP address at which other hosts reach this one. Required where a role elsewhere connects to a role here."""
    roles: NotRequired[list[Role]]
    """The roles that run here. Required with several hosts."""


class DockerArgs(TypedDict):
    """The Docker target."""

    hosts: NotRequired[list[DockerHostArgs]]
    """Default: one host, the provider that PortusStack inherits."""
    bind_address: NotRequired[str]
    """IP address that the edge listens on; ``::`` means every IPv6 one. Default: ``0.0.0.0``, every IPv4 one."""
    https_port: NotRequired[int]
    """Port of the host for HTTPS, 1 to 65535. Default: the public port of ``hostnames``."""
    http_port: NotRequired[int]
    """Port of the host for plain HTTP, which only redirects, 0 to 65535; 0 for none.

    Default: 80 if the public port is 443, else none.
    """
    address_pool: NotRequired[str]
    """IPv4 network (CIDR, /23 or larger) from which the networks get their /28. Default: the Docker daemon chooses."""
    registry_auth: NotRequired[list[RegistryAuthArgs]]
    """Logins of registries that images come from. Default: those of ``docker login`` on the machine that deploys.

    They are for hosts that have an address; a provider that PortusStack inherits has a ``registry_auth`` of its own.
    """


class PortusStackArgs(TypedDict):
    """A private, authorised container registry: Portus, MariaDB and the Docker Registry behind a TLS edge."""

    target: NotRequired[Target]
    """Default: ``docker``."""
    hostnames: HostnamesArgs
    """Public names of Portus and of the registry."""
    portus: NotRequired[PortusArgs]
    """Portus itself."""
    registry: NotRequired[RegistryArgs]
    """The Docker Registry."""
    database: NotRequired[DatabaseArgs]
    """MariaDB."""
    edge: NotRequired[EdgeArgs]
    """The TLS edge."""
    images: NotRequired[ImagesArgs]
    """Where all images come from."""
    task_image: NotRequired[str]
    """Official Python 3.11+ image for bootstrap and smoke check. Default: ``python:3.13-slim`` by digest."""
    administrator: NotRequired[AdministratorArgs]
    """The first user."""
    certificates: NotRequired[CertificatesArgs]
    """TLS material."""
    rotation: NotRequired[RotationArgs]
    """What to renew."""
    data: NotRequired[DataArgs]
    """What protects the data."""
    backup: NotRequired[BackupArgs]
    """Backups of database and layers. Default: none are made."""
    smoke_check: NotRequired[bool]
    """Whether ``up`` ends with a push and a pull through the edge. Default: true."""
    docker: NotRequired[DockerArgs]
    """Settings of the Docker target."""
    kubernetes: NotRequired[KubernetesArgs]
    """Settings of the Kubernetes target."""
