"""What is worth an alert, and what the dashboard shows: the one place to add or change either.

`make monitoring ARGS=operations/monitoring` writes ``alerts.yaml`` and ``dashboard.json`` beside this file anew.
"""

from dataclasses import dataclass

CRITICAL, WARNING = "critical", "warning"
"""Somebody is needed now; somebody is needed this week."""
READING_LATE_SECONDS = 15 * 60
"""Three readings, where they are made every 5 minutes as `timer` has it."""
_OPTIONS = "--stack {{ $labels.stack }}"
_UP = f"up {_OPTIONS}"
_STATUS, _BACKUP, _DRILL = (
    f"{command} {_OPTIONS} --name {{{{ $labels.portus_stack }}}}" for command in ("status", "backup", "drill")
)


@dataclass(frozen=True)
class Alert:
    """One alert.

    Attributes:
        name: after ``PortusStack``; also the heading of its runbook in docs/monitoring.md.
        expression: PromQL.
        lasts: how long it has to hold before it fires.
        summary: what is wrong, for the subject of a mail; may use ``$labels``.
        command: of `portus-stack` that tells more or puts it right.
        remedy: what to do with it, a sentence.
    """

    name: str
    severity: str
    expression: str
    lasts: str
    summary: str
    command: str
    remedy: str

    @property
    def full_name(self) -> str:
        """As Prometheus knows it."""
        return f"PortusStack{self.name}"


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        kind: ``stat`` or ``timeseries``, as Grafana calls them.
        expression: PromQL; ``SELECTED`` stands for the labels that the reader chose.
        legend: of each line, may use its labels.
        unit: Grafana's word for it.
        bad: the value from which on it is red (below which, when ``falling``); None for none.
    """

    title: str
    kind: str
    expression: str
    legend: str = ""
    unit: str = "short"
    bad: float | None = None
    falling: bool = False


def _late(share: int) -> str:
    """Less than a part of the time is left that there is between the first possible renewal and the end.

    A share, because certificates live for a day or for ten years. `status` calls one late at a half.
    """
    end, renewal = (f"portus_stack_certificate_{moment}_timestamp_seconds" for moment in ("not_after", "renewal"))
    return f"{end} - time() < ({end} - {renewal}) / {share}"


ALERTS: tuple[Alert, ...] = (
    Alert(
        "NotWell",
        WARNING,
        "portus_stack_well == 0",
        "15m",
        "something needs attention",
        _STATUS,
        "It lists what needs attention.",
    ),
    Alert(
        "MetricsStale",
        WARNING,
        f"time() - portus_stack_reading_timestamp_seconds > {READING_LATE_SECONDS}",
        "5m",
        "nobody knows how it is: the last reading is {{ $value | humanizeDuration }} old",
        _STATUS,
        "It says why the stack cannot be read.",
    ),
    Alert(
        "RoleNotReady",
        CRITICAL,
        "portus_stack_role_instances_ready < portus_stack_role_instances_wanted",
        "10m",
        "{{ $labels.role }} is not ready",
        _UP,
        "It starts what was stopped and says what keeps the rest from starting.",
    ),
    Alert(
        "EventsStuck",
        WARNING,
        "portus_stack_events_stuck > 0",
        "10m",
        "Portus does not show {{ $value }} pushes or deletions",
        _STATUS,
        "It counts the stuck events; the log of the background process says why.",
    ),
    Alert(
        "UsersLocked",
        WARNING,
        "portus_stack_users_locked > 0",
        "5m",
        "{{ $value }} users are locked after wrong passwords",
        _STATUS,
        "It names them.",
    ),
    Alert(
        "BackupFailed",
        WARNING,
        "portus_stack_backup_failed == 1",
        "10m",
        "the last backup failed",
        _BACKUP,
        "It makes one at once and says what fails.",
    ),
    Alert(
        "BackupTooOld",
        CRITICAL,
        "time() > portus_stack_backup_overdue_timestamp_seconds",
        "1h",
        "no whole backup was made by its schedule",
        _BACKUP,
        "It makes one at once and says what fails.",
    ),
    Alert(
        "DrillFailed",
        CRITICAL,
        "portus_stack_drill_failed == 1",
        "10m",
        "the newest backup cannot be put back",
        _DRILL,
        "It tries once more and says what is wrong; then make a backup.",
    ),
    Alert(
        "DrillTooOld",
        WARNING,
        "time() > portus_stack_drill_overdue_timestamp_seconds",
        "1h",
        "no restore drill was held by its schedule",
        _DRILL,
        "It holds one at once and says what fails.",
    ),
    Alert(
        "RenewalOverdue",
        WARNING,
        _late(2),
        "1h",
        "nobody renews the certificate {{ $labels.certificate }}",
        _UP,
        "It renews the certificate.",
    ),
    Alert(
        "CertificateEndsSoon",
        WARNING,
        _late(4),
        "1h",
        "the certificate {{ $labels.certificate }} ends soon",
        _UP,
        "It renews the certificate.",
    ),
    Alert(
        "CertificateEnds",
        CRITICAL,
        _late(8),
        "10m",
        "the certificate {{ $labels.certificate }} ends; then nobody can push or pull",
        _UP,
        "It renews the certificate.",
    ),
    Alert(
        "Interrupted",
        WARNING,
        "portus_stack_pending_operations > 0",
        "2h",
        "an interrupted `up` was not gone on with",
        _UP,
        "It goes on from there.",
    ),
)


PANELS: tuple[Panel, ...] = (
    Panel("All is well", "stat", "portus_stack_well{SELECTED}", "{{portus_stack}}", bad=1, falling=True),
    Panel("Needs attention", "stat", "portus_stack_problems{SELECTED}", "{{portus_stack}}", bad=1),
    Panel("Read", "stat", "time() - portus_stack_reading_timestamp_seconds{SELECTED}", "", "s", READING_LATE_SECONDS),
    Panel("Smoke check", "stat", "time() - portus_stack_smoke_check_timestamp_seconds{SELECTED}", "", "s"),
    Panel("Newest backup", "stat", "time() - portus_stack_backup_success_timestamp_seconds{SELECTED}", "", "s"),
    Panel("Last backup failed", "stat", "portus_stack_backup_failed{SELECTED}", bad=1),
    Panel("Last drill", "stat", "time() - portus_stack_drill_timestamp_seconds{SELECTED}", "", "s"),
    Panel("Last drill failed", "stat", "portus_stack_drill_failed{SELECTED}", bad=1),
    Panel("Events stuck", "stat", "portus_stack_events_stuck{SELECTED}", bad=1),
    Panel("Users locked", "stat", "portus_stack_users_locked{SELECTED}", bad=1),
    Panel(
        "Instances ready, of those wanted",
        "timeseries",
        "portus_stack_role_instances_ready{SELECTED} / portus_stack_role_instances_wanted{SELECTED}",
        "{{role}}",
        "percentunit",
    ),
    Panel(
        "Memory in use, of the limit",
        "timeseries",
        "portus_stack_role_memory_bytes{SELECTED}"
        " / (portus_stack_role_memory_limit_bytes{SELECTED} * portus_stack_role_instances_wanted{SELECTED})",
        "{{role}}",
        "percentunit",
        0.9,
    ),
    Panel(
        "Until a certificate ends",
        "timeseries",
        "portus_stack_certificate_not_after_timestamp_seconds{SELECTED} - time()",
        "{{certificate}}",
        "s",
    ),
    Panel(
        "Since a role was started",
        "timeseries",
        "time() - portus_stack_role_start_timestamp_seconds{SELECTED}",
        "{{role}}",
        "s",
    ),
    Panel("Images", "table", "portus_stack_role_info{SELECTED}"),
    Panel("Operations pending", "timeseries", "portus_stack_pending_operations{SELECTED}", "{{portus_stack}}"),
)
