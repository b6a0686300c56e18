"""Reads the ``backup`` group."""

from datetime import datetime, timezone

from cronsim import CronSim, CronSimError

from .. import images
from . import patterns
from .bucket import read_bucket
from .model import BackupKeep, BackupSettings, Schedule
from .processes import read_image, read_resources
from .reader import Reader, shown

_EACH_NIGHT = "17 2 * * *"
_MOST = 1000
_SUNDAY = 7
IN_REPOSITORY, BUCKET_VERSIONING = "repository", "bucket_versioning"


def read_backup(reader: Reader, name: str) -> BackupSettings:
    """The group, which is there; ``name`` is the PortusStack's."""
    repository = reader.group("repository")
    volume = repository.group("volume")
    if repository.has("s3") and repository.has("volume"):
        repository.problem("s3", "and backup.repository.volume exclude each other")
    s3 = repository.group("s3")
    settings = BackupSettings(
        schedule=read_schedule(reader, "schedule", _EACH_NIGHT),
        keep=_keep(reader.group("keep")),
        size_gib=volume.integer("size_gib", 50, 1, 65536, "GiB"),
        s3=read_bucket(s3, f"/{name}") if repository.has("s3") else None,
        layers=reader.choice("layers", IN_REPOSITORY, (IN_REPOSITORY, BUCKET_VERSIONING)) == IN_REPOSITORY,
        verify_percent=reader.integer("verify_percent", 5, 0, 100, "%"),
        image=read_image(reader, "image", images.RESTIC),
        resources=read_resources(reader.group("resources"), 512, 1.0),
    )
    for each in (s3, volume, repository, reader):
        each.finish()
    return settings


def _keep(reader: Reader) -> BackupKeep:
    keep = BackupKeep(
        daily=reader.integer("daily", 7, 0, _MOST),
        weekly=reader.integer("weekly", 4, 0, _MOST),
        monthly=reader.integer("monthly", 12, 0, _MOST),
    )
    if not any(vars(keep).values()):
        reader.problem("daily", "must be 1 or more where weekly and monthly are 0: no backup would be kept")
    reader.finish()
    return keep


def read_schedule(reader: Reader, key: str, default: str) -> Schedule:
    """Five fields of cron, in its numbers and names."""
    text = reader.text(key, default, *patterns.SCHEDULE)
    try:
        parsed = CronSim(text, datetime(2000, 1, 1, tzinfo=timezone.utc))
        next(parsed)
    except (CronSimError, StopIteration) as error:
        reason = f": {str(error).lower()}" if str(error) else ", which never comes"
        reader.problem(key, f"must be {patterns.SCHEDULE[1]}, not {shown(text)}{reason}")
        parsed = CronSim(default, datetime(2000, 1, 1, tzinfo=timezone.utc))
    if min(parsed.days) < 1 or not all(isinstance(day, int) for day in parsed.weekdays):
        reader.problem(key, "must not hold L, which not every cron knows: write the days")
    return Schedule(
        minutes=tuple(sorted(parsed.minutes)),
        hours=tuple(sorted(parsed.hours)),
        days=tuple(sorted(parsed.days)),
        months=tuple(sorted(parsed.months)),
        weekdays=tuple(sorted({day % _SUNDAY for day in parsed.weekdays if isinstance(day, int)})),
        both_days=parsed.day_and,
    )
