"""A status as people read it, and as JSON."""

import json
from collections.abc import Sequence
from datetime import datetime

from .model import Backups, RoleStatus, Status
from .times import ago

_MEBIBYTE = 1024 * 1024
_DIGEST_DIGITS = 8
_NOT_KNOWN = "not known (external database, generation 1, or the database does not run)"


def table(status: Status) -> str:
    """Roles, certificates, last smoke check, what stands in Portus' database, and drift, then what needs attention."""
    lines = [
        *_columns(("ROLE", "IMAGE", "HEALTH", "SINCE", "MEMORY"), [_role(each, status.now) for each in status.roles])
    ]
    certificates = [
        (each.name, f"{each.days_left(status.now)} days left", f"{each.expires_at:%Y-%m-%d}", each.verdict(status.now))
        for each in status.certificates
    ]
    lines += ["", *_columns(("CERTIFICATE", "LEFT", "EXPIRES", "STATE"), certificates)]
    check = status.smoke_check
    passed = f"{check.steps} steps passed" if check.steps else "passed"
    seen = f"{ago(status.now - check.at)} ago, {passed}" if check.at else "none"
    lines += ["", f"Last smoke check  {seen}", f"Events stuck      {_stuck(status)}"]
    lines += [f"Users locked      {_locked(status)}", f"Last backup       {_backup(status)}"]
    lines += [f"Last drill        {_drills(status)}"] if status.backups else []
    lines += [f"Pushes            {'are held' if status.pushes_held else 'are let in'}"]
    lines += [f"Drift             {_drift(status.drift)}"]
    problems = status.problems
    lines += ["", *(f"! {problem}" for problem in problems)] if problems else ["", "All is well."]
    return "\n".join(lines)


def document(status: Status) -> str:
    """JSON: keys are only ever added. Sizes in bytes, times in RFC 3339."""
    return json.dumps(
        {
            "stack": status.stack,
            "checked_at": status.now.isoformat(),
            "well": not status.problems,
            "problems": status.problems,
            "roles": [
                {
                    "portus_stack": each.name,
                    "role": each.running.role,
                    "kind": each.kind,
                    "image": each.image,
                    "image_id": each.running.image or None,
                    "health": each.running.health,
                    "since": _iso(each.running.since),
                    "memory_bytes": each.running.memory_bytes,
                    "memory_limit_bytes": each.limit_mib * _MEBIBYTE,
                }
                for each in status.roles
            ],
            "certificates": [
                {
                    "name": each.name,
                    "expires_at": each.expires_at.isoformat(),
                    "days_left": each.days_left(status.now),
                    "state": each.verdict(status.now),
                }
                for each in status.certificates
            ],
            "records": [
                {
                    "portus_stack": each.name,
                    "stuck_events": each.stuck_events,
                    "locked_users": list(each.locked_users),
                }
                for each in status.records
            ],
            "backups": [
                {
                    "portus_stack": each.name,
                    "succeeded_at": _iso(each.succeeded_at),
                    "failure": each.failure or None,
                    "foreign_repository": each.foreign,
                    "drill": each.drill
                    and {
                        "at": each.drill.at.isoformat(),
                        "succeeded": each.drill.succeeded,
                        "snapshot": each.drill.snapshot,
                        "words": each.drill.words,
                    },
                }
                for each in status.backups
            ],
            "pushes_held": status.pushes_held,
            "smoke_check": {"checked_at": _iso(status.smoke_check.at), "steps": status.smoke_check.steps},
            "pending_operations": status.pending,
            "drift": None if status.drift is None else list(status.drift),
        },
        indent=2,
    )


def _role(each: RoleStatus, now: datetime) -> tuple[str, ...]:
    running = each.running
    used = "-" if running.memory_bytes is None else f"{running.memory_bytes / _MEBIBYTE:.0f} of {each.limit_mib} MiB"
    health = "done" if each.kind == "task" and each.well else running.health
    since = ago(now - running.since) if running.since else "-"
    return running.role, _image(each.image), health, since, used


def _image(reference: str) -> str:
    """With enough of a digest to tell it from another."""
    name, pinned, digest = reference.partition("@sha256:")
    return f"{name} @{digest[:_DIGEST_DIGITS]}" if pinned else name


def _stuck(status: Status) -> str:
    return str(sum(each.stuck_events for each in status.records)) if status.records else _NOT_KNOWN


def _locked(status: Status) -> str:
    if not status.records:
        return _NOT_KNOWN
    return ", ".join(user for each in status.records for user in each.locked_users) or "none"


def _backup(status: Status) -> str:
    if not status.backups:
        return "none are made (the group `backup` of the stack file makes them)"
    return ", ".join(
        f"{ago(status.now - each.succeeded_at)} ago" if each.succeeded_at else "none yet" for each in status.backups
    )


def _drills(status: Status) -> str:
    return ", ".join(_drill(each, status.now) for each in status.backups)


def _drill(each: Backups, now: datetime) -> str:
    if each.drill is None:
        return "none yet" if each.drill_waiting else "none (`backup.drill.schedule` is never)"
    result = "succeeded" if each.drill.succeeded else "failed"
    return f"{ago(now - each.drill.at)} ago, {result}: {each.drill.words} (backup {each.drill.snapshot})"


def _drift(found: Sequence[str] | None) -> str:
    return "not looked for" if found is None else f"yes: {len(found)}" if found else "no"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _columns(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
