"""A PortusStack on the day that all is well, as `status` reads it."""

from datetime import datetime, timedelta, timezone

from operations.recorded import Recorded
from operations.status.model import (
    Backups,
    Certificate,
    Drill,
    Records,
    RoleStatus,
    Running,
    SmokeCheck,
    Status,
    Waiting,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
MEBIBYTE = 1024 * 1024
IMAGE = "registry.example.com/portus:2.4.3@sha256:" + "0" * 64


def role(name: str, health: str = "healthy", kind: str = "workload", now: datetime = NOW) -> RoleStatus:
    """One instance of a role or task."""
    running = Running(name, "sha256:00", health, now - timedelta(hours=3), 100 * MEBIBYTE)
    return RoleStatus("hub", kind, IMAGE, 512, running)


def healthy(now: datetime = NOW) -> Status:
    """Everything that a status can tell is told, and nothing is wrong."""
    return Status(
        "prod",
        now,
        [role("portus", now=now)],
        [Certificate("hub-edge-certificate", now + timedelta(days=200), 720)],
        SmokeCheck(now - timedelta(minutes=5), 14),
        [Records("hub", 0, ())],
        [],
        [
            Backups(
                "hub",
                now - timedelta(hours=9),
                "",
                foreign=False,
                waiting=Waiting(now - timedelta(days=90), timedelta(days=7)),
                drill=Drill(now - timedelta(days=2), "0a1b2c3d", True, "read 5 layers"),
                drill_waiting=Waiting(now - timedelta(days=1), timedelta(days=7)),
            )
        ],
        recorded=Recorded("hub", "docker", "portus.example.com", "registry.example.com", {}, (), ()),
    )
