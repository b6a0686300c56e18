"""What a status consists of, whatever the target, and what of it needs attention. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..recorded import Recorded

MISSING = "missing"
HEALTHY = "healthy"
_LATE_SHARE = 2
"""`up` renews within the early renewal time; where half of that has passed, nobody runs it."""
_OVERDUE_SHARE = 2
_HELD = "pushes are held: `collect-garbage` is at work; after a kill of it they go on by themselves within 70 seconds"


@dataclass(frozen=True)
class Running:
    """A process as its target has it.

    Attributes:
        image: the id of the image that it runs, "" when it does not.
        health: ``healthy``, ``starting``, ``unhealthy``, ``exited`` and the like, in the target's word.
        since: when it was started; None when it does not run.
        memory_bytes: in use, without the page cache; None when that cannot be told.
        ready: how many of its instances are; None where there is one, which is when it is healthy.
    """

    role: str
    image: str
    health: str
    since: datetime | None
    memory_bytes: int | None
    ready: int | None = None


@dataclass(frozen=True)
class RoleStatus:
    """A recorded process and how it is.

    Attributes:
        name: of its PortusStack.
        image: the reference it was given.
        wanted: how many instances of it have to run.
    """

    name: str
    kind: str
    image: str
    limit_mib: int
    running: Running
    wanted: int = 1

    @property
    def role(self) -> str:
        """Its name."""
        return self.running.role

    @property
    def ready(self) -> int:
        """How many instances are ready; a task that succeeded counts as one."""
        return int(self.well) if self.running.ready is None else self.running.ready

    @property
    def well(self) -> bool:
        """Whether it is healthy, which for a task means that it succeeded."""
        return self.running.health == HEALTHY


@dataclass(frozen=True)
class Certificate:
    """A generated certificate; ``early_renewal_hours`` before it expires, `up` renews it."""

    name: str
    expires_at: datetime
    early_renewal_hours: int

    @property
    def renewable_at(self) -> datetime:
        """From when on `up` renews it."""
        return self.expires_at - timedelta(hours=self.early_renewal_hours)

    def days_left(self, now: datetime) -> int:
        """Whole days until it expires; negative when it has."""
        return (self.expires_at - now) // timedelta(days=1)

    def verdict(self, now: datetime) -> str:
        """``valid``, ``renewable`` (the next `up` renews it), ``late`` (it should have been) or ``expired``."""
        left, early = self.expires_at - now, timedelta(hours=self.early_renewal_hours)
        if left <= timedelta():
            return "expired"
        if left <= early / _LATE_SHARE:
            return "late"
        return "renewable" if left <= early else "valid"


@dataclass(frozen=True)
class SmokeCheck:
    """What the last one of a PortusStack saw; ``at`` None when it is switched off or was never run."""

    at: datetime | None
    steps: int


@dataclass(frozen=True)
class Records:
    """What stands in the database of the PortusStack ``name``.

    Attributes:
        stuck_events: pushes and deletions that the registry reported and Portus does not show, though it had the time.
        locked_users: who cannot sign in for a while, because of too many wrong passwords.
    """

    name: str
    stuck_events: int
    locked_users: tuple[str, ...]


@dataclass(frozen=True)
class Waiting:
    """For something that comes by a schedule, at the latest after ``pause``; ``since`` it was given that schedule."""

    since: datetime
    pause: timedelta

    def overdue_at(self, last: datetime | None) -> datetime:
        """When twice the pause will have passed since the last one."""
        return max(last or self.since, self.since) + _OVERDUE_SHARE * self.pause

    def overdue(self, last: datetime | None, now: datetime) -> bool:
        """Whether it has passed."""
        return now > self.overdue_at(last)


@dataclass(frozen=True)
class Drill:
    """The last restore drill.

    Attributes:
        at: when it was begun.
        snapshot: the backup that was tried, "-" when it did not come so far.
        succeeded: whether that backup can be put back.
        words: what was read, or what is wrong.
    """

    at: datetime
    snapshot: str
    succeeded: bool
    words: str


@dataclass(frozen=True)
class Backups:
    """Those of the PortusStack ``name``.

    Attributes:
        succeeded_at: when the newest whole one was begun; None when there is none.
        failure: when and at which step the last one failed, "" when it did not.
        foreign: whether the repository is another deployment's, so that none can be made.
        waiting: for the next one; None when that is not known.
        drill: None when there was none yet.
        drill_waiting: for the next drill; None when none are made.
    """

    name: str
    succeeded_at: datetime | None
    failure: str
    foreign: bool
    waiting: Waiting | None = None
    drill: Drill | None = None
    drill_waiting: Waiting | None = None

    def problems(self, now: datetime) -> list[str]:
        """What needs attention, each a line."""
        failed = [f"the last backup failed: {self.failure}"] if self.failure else []
        if self.drill and not self.drill.succeeded:
            failed.append(f"the last restore drill failed: {self.drill.words}")
        if self.foreign:
            words = "no backup is made: the repository is an earlier deployment's, and `restore --kit` takes it over"
            return [*failed, words]
        drilled_at = self.drill.at if self.drill else None
        last = (("backup", self.waiting, self.succeeded_at), ("restore drill", self.drill_waiting, drilled_at))
        overdue = [f"a {what} is overdue" for what, waiting, at in last if waiting and waiting.overdue(at, now)]
        return [*failed, *overdue]


@dataclass(frozen=True)
class Status:
    """How a stack is.

    Attributes:
        records: of each PortusStack whose database can be asked.
        backups: of each PortusStack that makes some.
        pushes_held: whether the edge holds pushes while `collect-garbage` works.
        drift: resources that are not as the state says, each with what is wrong; None when nobody looked.
        recorded: what the program recorded of the PortusStack; None in tests of what does not need it.
        pending: operations that an interrupted `up` left, or that one has under way.
    """

    stack: str
    now: datetime
    roles: Sequence[RoleStatus]
    certificates: Sequence[Certificate]
    smoke_check: SmokeCheck
    records: Sequence[Records]
    drift: Sequence[str] | None
    backups: Sequence[Backups] = ()
    pushes_held: bool = False
    recorded: Recorded | None = None
    pending: int = 0

    @property
    def problems(self) -> list[str]:
        """What needs attention, each a line; empty when all is well."""
        unwell = [f"{each.running.role} is {each.running.health}" for each in self.roles if not each.well]
        late = [
            f"the certificate {each.name} {'has expired' if each.days_left(self.now) < 0 else 'expires soon'}"
            for each in self.certificates
            if each.verdict(self.now) in ("late", "expired")
        ]
        return [
            *unwell,
            *late,
            *self._lost_or_locked,
            *(problem for each in self.backups for problem in each.problems(self.now)),
            *([_HELD] if self.pushes_held else []),
            *(f"drift: {each}" for each in self.drift or ()),
        ]

    @property
    def _lost_or_locked(self) -> list[str]:
        stuck = [
            f"{each.stuck_events} of the registry's events are stuck: what they report is not shown in Portus"
            for each in self.records
            if each.stuck_events
        ]
        return [*stuck, *(f"the user {user} is locked" for each in self.records for user in each.locked_users)]
