"""The arguments that say what is backed up, when, and where to."""

import pulumi
from typing_extensions import NotRequired, TypedDict

from .resources_args import ResourcesArgs


class BackupKeepArgs(TypedDict):
    """How many backups are kept: of each of the last days, weeks and months the last one. Not all may be 0."""

    daily: NotRequired[int]
    """Days, 0 to 1000. Default: 7."""
    weekly: NotRequired[int]
    """Weeks, 0 to 1000. Default: 4."""
    monthly: NotRequired[int]
    """Months, 0 to 1000. Default: 12."""


class BackupVolumeArgs(TypedDict):
    """A volume of this PortusStack: it does not survive its host, or ``destroy`` without ``data.retain``."""

    size_gib: NotRequired[int]
    """Size in GiB where the target can size a volume, 1 to 65536. Default: 50."""


class BackupS3Args(TypedDict):
    """An S3 bucket that exists. Two deployments never use one place at the same time."""

    bucket: str
    """Bucket name."""
    region: str
    """Region name; any word for servers that have none."""
    access_key: NotRequired[pulumi.Input[str]]
    """Access key id. Default: with ``secret_key``, the rights of the machine that the backup runs on (AWS)."""
    secret_key: NotRequired[pulumi.Input[str]]
    """Secret access key; always kept secret."""
    region_endpoint: NotRequired[str]
    """``https://host[:port]`` of a server other than AWS. Default: AWS."""
    root_directory: NotRequired[str]
    """Prefix of all keys, beginning with ``/``. Default: ``/`` and the name of the PortusStack."""
    ca_certificate_pem: NotRequired[pulumi.Input[str]]
    """The CAs that the server of ``region_endpoint`` is verified with, beside the image's own. Default: none."""


class BackupRepositoryArgs(TypedDict):
    """At most one of the two. Default: a volume of the default size."""

    volume: NotRequired[BackupVolumeArgs]
    """A volume beside the registry."""
    s3: NotRequired[BackupS3Args]
    """An S3 bucket."""


class BackupDrillArgs(TypedDict):
    """The restore drill: whether the newest backup can be put back, tried in a database that is thrown away."""

    schedule: NotRequired[str]
    """When, in the form of ``backup.schedule``, or ``never``. Default: ``47 4 * * 0``, each Sunday."""
    layers: NotRequired[int]
    """How many layers, drawn at random, are read out of the backup and compared, 0 to 1000. Default: 10.

    Manifests that Portus names are all read.
    """


class BackupArgs(TypedDict):
    """Backups by restic: encrypted, deduplicated, verified. First the database, then the layers that it names."""

    schedule: NotRequired[str]
    """When, as five fields of cron in UTC: minute, hour, day, month, weekday. Default: ``17 2 * * *``, each night."""
    keep: NotRequired[BackupKeepArgs]
    """How many are kept."""
    repository: NotRequired[BackupRepositoryArgs]
    """Where they are kept."""
    layers: NotRequired[str]
    """``repository``, or ``bucket_versioning``: the bucket keeps its own history. Default: ``repository``.

    With ``registry.storage.s3`` it must be ``bucket_versioning``, in so many words.
    """
    verify_percent: NotRequired[int]
    """How much of the repository is read and compared with its checksums after each backup, 0 to 100 %. Default: 5."""
    drill: NotRequired[BackupDrillArgs]
    """When a backup is tried."""
    image: NotRequired[str]
    """``repository[:tag][@sha256:…]`` of restic, 0.14 or later. Default: ``restic/restic:0.17.3`` by digest.

    Only its program is used, beside the clients of ``database.image``.
    """
    resources: NotRequired[ResourcesArgs]
    """Default: 512 MiB, 1 CPU."""
