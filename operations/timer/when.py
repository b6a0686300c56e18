"""When a job runs: each day or one day a week at a time of day, or every few minutes."""

import re
from argparse import ArgumentTypeError
from dataclasses import dataclass

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
"""In cron's order: 0 is Sunday."""
_FORM = re.compile(rf"(?:({'|'.join(_DAYS)}) )?([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class When:
    """``day`` is "" for each one; with ``every``, in minutes, day and time do not count."""

    day: str = ""
    hour: int = 0
    minute: int = 0
    every: int = 0

    @classmethod
    def parse(cls, text: str) -> "When":
        """From ``HH:MM`` or ``DAY HH:MM``. Raises ArgumentTypeError for anything else."""
        found = _FORM.fullmatch(text)
        if not found:
            raise ArgumentTypeError(f"{text!r} is no time: give HH:MM, or DAY HH:MM with {', '.join(_DAYS)}")
        return cls(found[1] or "", int(found[2]), int(found[3]))

    @property
    def calendar(self) -> str:
        """As systemd's ``OnCalendar`` has it (systemd.time(7))."""
        if self.every:
            return f"*:0/{self.every}"
        return f"{self.day} *-*-* {self.hour:02}:{self.minute:02}:00".lstrip()

    @property
    def cron(self) -> str:
        """As cron has it (crontab(5))."""
        if self.every:
            return f"*/{self.every} * * * *"
        return f"{self.minute} {self.hour} * * {_DAYS.index(self.day) if self.day else '*'}"
