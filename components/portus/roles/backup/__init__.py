"""Backups by restic: what is kept, when, and the scripts that do it.

Sources: restic's documentation (0.14 to 0.18): "Backing up", "Removing backup snapshots", "Scripting"; MariaDB's
``mariadb-dump`` (``--single-transaction``). The dump goes through a pipe into restic, so it lies on no disk.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pulumi

from ...certificates import Certificates
from ...credentials import Credentials
from ...naming import files_path
from ...settings import Settings
from ...settings.model import BackupSettings, Bucket, Schedule
from ...topology import Data, File, Limits, Link, Probe, Program, Security, SharedData, Workload
from .. import database, database_link, registry
from ..bucket import bucket_links
from ..portus import HIDDEN_USER

SCRIPTS = (
    *("library.sh", "serve.sh", "backup.sh", "snapshots.sh", "counts.sh", "report.sh", "restore.sh", "join.sh"),
    *("drill.sh", "throwaway.sh"),
)
_NAME, _REGISTRY = "backup", "registry"
_DATA_PATH = "/var/lib/portus-stack-backup"
_RESTIC = "/usr/bin/restic"
_PROGRAM_DIRECTORY = "/opt/portus-stack"
_SETTINGS = files_path("backup.conf")
_CLIENT = files_path("database.cnf")
_PASSWORD = files_path("repository-password")
_KEYS = files_path("s3-keys")
_CA = files_path("s3-ca.crt")
_HEAP_SHARE = 0.8
"""Of the memory that it may use, what Go's garbage collector is told of."""
_THROWAWAY_MIB = 96
"""What the drill's database takes: 76 MiB were measured with MariaDB 10.11."""
_STOP_SECONDS = 60


def script(name: str) -> str:
    """Where a script lies in the container."""
    return files_path(name)


def links(settings: Settings) -> tuple[Link, ...]:
    """To the database, and to the bucket that keeps the backups."""
    backup = _of(settings)
    to_database = replace(database_link.link(settings, _NAME), why="reads all of it, and restores it")
    kept = bucket_links(_NAME, backup.s3, "keeps backups in S3") if backup.s3 else ()
    return (to_database, *kept)


def workload(settings: Settings, credentials: Credentials, certificates: Certificates) -> Workload:
    """It runs the clients of the database's image, as whoever owns the registry's layers, and restic beside them."""
    backup = _of(settings)
    bundled = settings.database.external is None
    return Workload(
        name=_NAME,
        image=settings.database.image,
        entrypoint=("bash", script("serve.sh")),
        environment={
            "TZ": "UTC",
            "GOMEMLIMIT": _heap(backup.resources.memory_mib),
            **({"AWS_SHARED_CREDENTIALS_FILE": _KEYS} if backup.s3 and backup.s3.access_key else {}),
            **({"AWS_DEFAULT_REGION": backup.s3.region} if backup.s3 else {}),
        },
        files=(
            *(File(script(name), (files(__package__) / name).read_text(encoding="utf-8")) for name in SCRIPTS),
            File(_SETTINGS, _lines(script_settings(settings))),
            *_secret_files(settings, credentials),
            *database_link.files(settings, certificates, "0400"),
            *_bucket_trust(backup.s3),
        ),
        data=Data(_DATA_PATH, backup.size_gib),
        shares=SharedData(_REGISTRY, registry.DATA_PATH) if backup.layers else None,
        exclusive=True,
        program=Program(backup.image, _RESTIC, _PROGRAM_DIRECTORY),
        scratch=("/tmp",),
        probe=Probe(("test", "-f", "/tmp/ready")),
        limits=Limits(backup.resources.memory_mib, backup.resources.cpus),
        security=Security(unprivileged_user=registry.UNPRIVILEGED_USER),
        links=links(settings),
        after=(_REGISTRY, *(["database"] if bundled else [])),
        stop_seconds=_STOP_SECONDS,
    )


def script_settings(settings: Settings) -> dict[str, str]:
    """The scripts' settings, nothing secret among them."""
    backup, external = _of(settings), settings.database.external
    return {
        "name": settings.name,
        "restic_program": str(PurePosixPath(_PROGRAM_DIRECTORY, PurePosixPath(_RESTIC).name)),
        "repository": _address(backup.s3) if backup.s3 else f"{_DATA_PATH}/repository",
        "work": _DATA_PATH,
        "layers": registry.DATA_PATH if backup.layers else "",
        "database": external.database if external else database.DATABASE,
        "hidden_user": HIDDEN_USER,
        "ca": _CA if backup.s3 and backup.s3.ca_certificate_pem else "",
        "verify_percent": str(backup.verify_percent),
        **{f"keep_{period}": str(count) for period, count in vars(backup.keep).items()},
        **_due("backup", backup.schedule),
        "drill_layers": str(backup.drill.layers if backup.drill else 0),
        "drill_heap": _heap(backup.resources.memory_mib - _THROWAWAY_MIB),
        **_due("drill", backup.drill.schedule if backup.drill else None),
    }


def _due(what: str, schedule: Schedule | None) -> dict[str, str]:
    """The schedule as lists of numbers, so that the script needs to know no cron; empty ones are due at no time."""
    fields = ("minutes", "hours", "days", "months", "weekdays")
    found = {f"{what}_{field}": ",".join(map(str, getattr(schedule, field, ()))) for field in fields}
    return {
        **found,
        f"{what}_both_days": "yes" if schedule and schedule.both_days else "no",
        f"{what}_pause": str(schedule.longest_pause_seconds) if schedule else "",
    }


def _heap(memory_mib: int) -> str:
    return f"{round(memory_mib * _HEAP_SHARE)}MiB"


def _of(settings: Settings) -> BackupSettings:
    if settings.backup is None:
        raise ValueError("there is no backup")
    return settings.backup


def _address(bucket: Bucket) -> str:
    """As restic writes it: ``s3:URL/BUCKET/PREFIX``."""
    server = bucket.region_endpoint or f"https://s3.{bucket.region}.amazonaws.com"
    scheme, host = urlsplit(server).scheme, urlsplit(server).netloc
    return f"s3:{scheme}://{host}/{bucket.bucket}{bucket.root_directory.rstrip('/')}"


def _lines(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def _secret_files(settings: Settings, credentials: Credentials) -> Iterable[File]:
    assert credentials.backup_password is not None
    options = "\n".join(database_link.client_options(settings))
    client = credentials.database_password.apply(lambda password: f"[client]\n{options}\npassword={password}\n")
    yield File(_CLIENT, client, "0400", secret=True, holds="database password")
    yield File(_PASSWORD, credentials.backup_password, "0400", secret=True, holds="backup password")
    bucket = _of(settings).s3
    if bucket and bucket.access_key and bucket.secret_key:
        keys = pulumi.Output.all(bucket.access_key, bucket.secret_key).apply(
            lambda found: "[default]\naws_access_key_id={}\naws_secret_access_key={}\n".format(*found)
        )
        yield File(_KEYS, keys, "0400", secret=True, holds="S3 keys of the backups")


def _bucket_trust(bucket: Bucket | None) -> tuple[File, ...]:
    pem = bucket.ca_certificate_pem if bucket else None
    return () if pem is None else (File(_CA, pem, holds="CA certificates of the backups' bucket"),)
