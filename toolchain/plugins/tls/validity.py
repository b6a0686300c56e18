"""From when until when a certificate is valid, to the nanosecond, and when it is due for renewal."""

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from toolchain.plugins.framework.resource import ProviderError
from toolchain.plugins.framework.values import Properties

SECOND: Final = 1_000_000_000
HOUR: Final = 3600 * SECOND
_RFC3339: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Validity:
    """Two instants in nanoseconds since 1970."""

    start: int
    end: int

    @property
    def outputs(self) -> Properties:
        """`validityStartTime` and `validityEndTime`."""
        return {"validityStartTime": format_instant(self.start), "validityEndTime": format_instant(self.end)}


def validity_from_now(hours: int) -> Validity:
    """From now for `hours`."""
    now = time.time_ns()
    return Validity(now, now + hours * HOUR)


def to_datetime(instant: int) -> datetime:
    """The whole second in UTC. Raises `ProviderError` after the year 9999, which no certificate can name."""
    try:
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=instant // SECOND)
    except OverflowError as error:
        raise ProviderError("Failed to create certificate: validityPeriodHours ends after the year 9999") from error


def format_instant(instant: int) -> str:
    """RFC 3339 in the local time zone with as many decimals as there are (`2026-11-23T09:16:04.269663302Z`)."""
    local = to_datetime(instant).astimezone()
    decimals = f"{instant % SECOND:09d}".rstrip("0")
    zone = local.isoformat()[len("2026-11-23T09:16:04") :]
    seconds = local.strftime("%Y-%m-%dT%H:%M:%S")
    return seconds + (f".{decimals}" if decimals else "") + ("Z" if zone == "+00:00" else zone)


def parse_instant(text: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time. Raises `ProviderError` for anything else."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ProviderError(f"Failed to parse data from string: {text}")
    whole = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
    return int(whole.timestamp()) * SECOND + int((match[2] or "0").ljust(9, "0"))


def is_due(end_time: str, early_renewal_hours: int) -> bool:
    """Whether it is `early_renewal_hours` before the end, or later."""
    return time.time_ns() >= parse_instant(end_time) - early_renewal_hours * HOUR
