"""Reads the ``backup`` group."""

from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import islice, pairwise

from cronsim import CronSim, CronSimError

from .. import images
from . import patterns
from .bucket import read_bucket
from .model import BackupKeep, BackupSettings, Drill, Schedule
from .processes import read_image, read_resources
from .reader import Reader, shown

_EACH_NIGHT, _EACH_SUNDAY = "17 2 * * *", "47 4 * * 0"
_LEAST_FOR_DRILLS_MIB = 256
"""The throw-away database takes 76 MiB, restic the rest."""
_MOST = 1000
_SUNDAY = 7
_FIRST = datetime(2000, 1, 1, tzinfo=timezone.utc)
_DAYS_OF_A_YEAR = 366
IN_REPOSITORY, BUCKET_VERSIONING = "repository", "bucket_versioning"


def read_backup(reader: Reader, name: str) -> BackupSettings:
    """The group, which is there; ``name`` is the PortusStack's."""
    repository = reader.group("repository")
    volume = repository.group("volume")
    if repository.has("s3") and repository.has("volume"):
        repository.problem("s3", "and backup.repository.volume exclude each other")
    s3 = repository.group("s3")
    settings = BackupSettings(
        schedule=_schedule(reader, reader.text("schedule", _EACH_NIGHT, *patterns.SCHEDULE), patterns.SCHEDULE[1]),
        keep=_keep(reader.group("keep")),
        drill=_drill(reader.group("drill")),
        size_gib=volume.integer("size_gib", 50, 1, 65536, "GiB"),
        s3=read_bucket(s3, f"/{name}") if repository.has("s3") else None,
        layers=reader.choice("layers", IN_REPOSITORY, (IN_REPOSITORY, BUCKET_VERSIONING)) == IN_REPOSITORY,
        verify_percent=reader.integer("verify_percent", 5, 0, 100, "%"),
        image=read_image(reader, "image", images.RESTIC),
        resources=read_resources(reader.group("resources"), 512, 1.0),
    )
    if settings.drill and settings.resources.memory_mib < _LEAST_FOR_DRILLS_MIB:
        words = f"must be {_LEAST_FOR_DRILLS_MIB} MiB or more for drills (or backup.drill.schedule never)"
        reader.problem("resources.memory_mib", words)
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


def _drill(reader: Reader) -> Drill | None:
    layers = reader.integer("layers", 10, 0, _MOST)
    text = reader.text("schedule", _EACH_SUNDAY, *patterns.SCHEDULE_OR_NEVER)
    schedule = None if text == patterns.NEVER else _schedule(reader, text, patterns.SCHEDULE_OR_NEVER[1])
    reader.finish()
    return Drill(schedule, layers) if schedule else None


def _schedule(reader: Reader, text: str, right: str) -> Schedule:
    """What the text at ``schedule`` means: five fields of cron, in its numbers and names."""
    key = "schedule"
    try:
        parsed = CronSim(text, _FIRST)
        next(parsed)
    except (CronSimError, StopIteration) as error:
        reason = f": {str(error).lower()}" if str(error) else ", which never comes"
        reader.problem(key, f"must be {right}, not {shown(text)}{reason}")
        parsed = CronSim(_EACH_NIGHT, _FIRST)
    if min(parsed.days) < 1 or not all(isinstance(day, int) for day in parsed.weekdays):
        reader.problem(key, "must not hold L, which not every cron knows: write the days")
    return Schedule(
        minutes=tuple(sorted(parsed.minutes)),
        hours=tuple(sorted(parsed.hours)),
        days=tuple(sorted(parsed.days)),
        months=tuple(sorted(parsed.months)),
        weekdays=tuple(sorted({day % _SUNDAY for day in parsed.weekdays if isinstance(day, int)})),
        both_days=parsed.day_and,
        longest_pause_seconds=_longest_pause(" ".join(parsed.parts[1:])),
    )


@cache
def _longest_pause(expression: str) -> int:
    """In seconds, of the first days on which it is due: a year of them, or more where they are rare."""
    parsed = CronSim(expression, _FIRST)
    minutes = [hour * 60 + minute for hour in sorted(parsed.hours) for minute in sorted(parsed.minutes)]
    once_a_day = " ".join((str(minutes[0] % 60), str(minutes[0] // 60), *parsed.parts[3:]))
    days = list(islice(CronSim(once_a_day, _FIRST), _DAYS_OF_A_YEAR))
    overnight = max(_minutes(pair) for pair in pairwise(days)) - (minutes[-1] - minutes[0])
    return 60 * max(overnight, *(later - earlier for earlier, later in pairwise(minutes)), 0)


def _minutes(days: tuple[datetime, datetime]) -> int:
    return (days[1] - days[0]) // timedelta(minutes=1)
