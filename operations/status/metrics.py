"""A status as metrics in Prometheus' text format, for the textfile collector of node_exporter.

One line of ``METRICS`` is one metric. Labels are names of the stack and of its parts, whose number is bounded; neither
a user's name, nor a message, nor anything secret is among them. What cannot be told has no sample.

Sources: https://prometheus.io/docs/practices/naming/ for the names, node_exporter's README for the collector.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ..console import OperationError
from ..private_files import write_whole
from .model import Status

PREFIX = "portus_stack_"
_EVERYBODY = 0o644
"""node_exporter runs as a user of its own."""
_MEBIBYTE = 1024 * 1024

Samples = Iterable["tuple[tuple[str, ...], float]"]
"""Values of the metric's own labels → the sample."""


@dataclass(frozen=True)
class Metric:
    """A gauge.

    Attributes:
        name: after ``portus_stack_``.
        help: what it tells, with its unit.
        read: its samples of one status.
        labels: those beside ``stack`` and ``portus_stack``, which each has.
    """

    name: str
    help: str
    read: Callable[[Status], Samples]
    labels: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """As Prometheus knows it."""
        return PREFIX + self.name


def _one(value: float | None) -> Samples:
    return [] if value is None else [((), value)]


def _moment(at: datetime | None) -> Samples:
    return _one(at.timestamp() if at else None)


def _info(status: Status) -> Samples:
    found = status.recorded
    return [((found.target, found.portus, found.registry), 1)] if found else []


def _drift(status: Status) -> Samples:
    return _one(None if status.drift is None else len(status.drift))


METRICS: tuple[Metric, ...] = (
    Metric("info", "What it is: its target and its public names; always 1", _info, ("target", "portus", "registry")),
    Metric(
        "well",
        "1 when `status` says that all is well, 0 when something needs attention",
        lambda it: _one(not it.problems),
    ),
    Metric("problems", "How many lines of `status` ask for attention", lambda it: _one(len(it.problems))),
    Metric("reading_timestamp_seconds", "When all of this was read", lambda it: _moment(it.now)),
    Metric(
        "role_info",
        "The image that a role or task was given, its version in the tag or digest; always 1",
        lambda it: [((each.role, each.kind, each.image), 1) for each in it.roles],
        ("role", "kind", "image"),
    ),
    Metric(
        "role_instances_wanted",
        "How many instances have to run, or for a task to have succeeded",
        lambda it: [((each.role,), each.wanted) for each in it.roles],
        ("role",),
    ),
    Metric(
        "role_instances_ready",
        "How many instances are healthy, or for a task have succeeded",
        lambda it: [((each.role,), each.ready) for each in it.roles],
        ("role",),
    ),
    Metric(
        "role_start_timestamp_seconds",
        "When the oldest instance was started",
        lambda it: [((each.role,), each.running.since.timestamp()) for each in it.roles if each.running.since],
        ("role",),
    ),
    Metric(
        "role_memory_bytes",
        "Memory in use, without the page cache",
        lambda it: [
            ((each.role,), each.running.memory_bytes) for each in it.roles if each.running.memory_bytes is not None
        ],
        ("role",),
    ),
    Metric(
        "role_memory_limit_bytes",
        "How much memory one instance may use",
        lambda it: [((each.role,), each.limit_mib * _MEBIBYTE) for each in it.roles],
        ("role",),
    ),
    Metric(
        "certificate_not_after_timestamp_seconds",
        "When a generated certificate ends",
        lambda it: [((each.name,), each.expires_at.timestamp()) for each in it.certificates],
        ("certificate",),
    ),
    Metric(
        "certificate_renewal_timestamp_seconds",
        "From when on `up` renews it",
        lambda it: [((each.name,), each.renewable_at.timestamp()) for each in it.certificates],
        ("certificate",),
    ),
    Metric("smoke_check_timestamp_seconds", "When the last smoke check was", lambda it: _moment(it.smoke_check.at)),
    Metric(
        "events_stuck",
        "Pushes and deletions that the registry reported and Portus does not show",
        lambda it: [((), each.stuck_events) for each in it.records],
    ),
    Metric(
        "users_locked",
        "Users who cannot sign in because of wrong passwords",
        lambda it: [((), len(each.locked_users)) for each in it.records],
    ),
    Metric(
        "backup_success_timestamp_seconds",
        "When the newest whole backup was begun",
        lambda it: [((), each.succeeded_at.timestamp()) for each in it.backups if each.succeeded_at],
    ),
    Metric(
        "backup_failed",
        "1 when the last backup failed, or when none can be made",
        lambda it: [((), bool(each.failure) or each.foreign) for each in it.backups],
    ),
    Metric(
        "backup_overdue_timestamp_seconds",
        "From when on a new backup is missing: twice the time that the schedule leaves between two",
        lambda it: [
            ((), each.waiting.overdue_at(each.succeeded_at).timestamp()) for each in it.backups if each.waiting
        ],
    ),
    Metric(
        "drill_timestamp_seconds",
        "When the last restore drill was begun",
        lambda it: [((), each.drill.at.timestamp()) for each in it.backups if each.drill],
    ),
    Metric(
        "drill_failed",
        "1 when the last restore drill could not put the backup back",
        lambda it: [((), not each.drill.succeeded) for each in it.backups if each.drill],
    ),
    Metric(
        "drill_overdue_timestamp_seconds",
        "From when on a new drill is missing: twice the time that the schedule leaves between two",
        lambda it: [
            ((), each.drill_waiting.overdue_at(each.drill.at if each.drill else None).timestamp())
            for each in it.backups
            if each.drill_waiting
        ],
    ),
    Metric(
        "pending_operations",
        "Operations that an interrupted `up` left, or that one has under way",
        lambda it: _one(it.pending),
    ),
    Metric("drifted_resources", "Resources that are not as they were deployed", _drift),
)


class _Reading(Collector):
    """Hands one status to the library, which knows the format."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[GaugeMetricFamily]:
        status = self._status
        common = (status.stack, status.recorded.name if status.recorded else "")
        for metric in METRICS:
            family = GaugeMetricFamily(metric.full_name, metric.help, labels=("stack", "portus_stack", *metric.labels))
            for labels, value in metric.read(status):
                family.add_metric((*common, *labels), float(value))
            if family.samples:
                yield family


def exposition(status: Status) -> str:
    """The status in Prometheus' text format 0.0.4: base units, times in seconds since 1970."""
    registry = CollectorRegistry()
    registry.register(_Reading(status))
    return generate_latest(registry).decode()


def write_metrics(status: Status, file: str) -> None:
    """Write them, mode 0644, whole or not at all: a collector never reads a half. ``-`` is stdout.

    Raises:
        OperationError: the collector would not read the file, or it cannot be written.
    """
    if file == "-":
        print(exposition(status), end="", flush=True)
        return
    path = Path(file)
    if path.suffix != ".prom":
        raise OperationError(f"{path} would not be read by node_exporter", "give it a name that ends with .prom")
    try:
        write_whole(path, exposition(status), _EVERYBODY)
    except OSError as error:
        reason = f"{path} cannot be written: {error.strerror}"
        raise OperationError(
            reason, "name a file in the folder that node_exporter's textfile collector reads"
        ) from None
