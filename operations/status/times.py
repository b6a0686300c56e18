"""Times of the engine, Docker and the tasks: RFC 3339 with up to nine digits, of which Python 3.10 reads six."""

import re
from datetime import datetime, timedelta

_FRACTION = re.compile(r"\.(\d{1,6})\d*")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def parsed(text: str) -> datetime | None:
    """The time, with its zone; None when ``text`` is none."""
    padded = _FRACTION.sub(lambda match: f".{match[1]:0<6}", text.strip()).replace("Z", "+00:00")
    try:
        found = datetime.fromisoformat(padded)
    except ValueError:
        return None
    return found if found.tzinfo else None


def ago(span: timedelta) -> str:
    """``42 s``, ``5 min``, ``3 h``, ``12 d``."""
    if span < _MINUTE:
        return f"{max(int(span.total_seconds()), 0)} s"
    if span < _HOUR:
        return f"{span // _MINUTE} min"
    return f"{span // _HOUR} h" if span < 2 * _DAY else f"{span // _DAY} d"
