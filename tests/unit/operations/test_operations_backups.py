"""Backups as commands see them: the list of restic, which one is restored, the recovery kit, the status."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyrage
import pytest

from operations.backups import drill
from operations.backups import recovery_kit as kit
from operations.backups.container import BackupContainer
from operations.backups.restore import _chosen
from operations.backups.snapshots import snapshots_from
from operations.console import OperationError
from operations.recorded import Recorded, RecordedProcess
from operations.status.backups import backups_of
from operations.status.model import Backups, Drill, SmokeCheck, Status, Waiting
from operations.status.report import document, table

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
PASSPHRASE = "correct horse battery"


def entry(id_: str, time: str, path: str, *tags: str) -> dict[str, object]:
    return {"short_id": id_, "time": time, "paths": [path], "tags": ["complete", *tags]}


LISTED = json.dumps(
    [
        entry("bb", "2026-06-02T00:00:00Z", "/portus.sql", "users=4", "tags=9"),
        entry("aa", "2026-06-01T00:00:00Z", "/portus.sql", "users=3", "tags=7"),
        entry("a1", "2026-06-01T00:00:00Z", "/var/lib/registry"),
        entry("b1", "2026-06-02T00:00:00Z", "/var/lib/registry"),
    ]
)


def test_a_backup_is_what_has_one_time() -> None:
    first, second = snapshots_from(LISTED)
    assert (first.id, first.layers, dict(first.counts)) == ("aa", "a1", {"users": 3, "tags": 7})
    assert (second.id, second.layers) == ("bb", "b1")
    assert snapshots_from("null") == snapshots_from("[]") == snapshots_from("") == []


@pytest.mark.parametrize("text", ["{", '[{"paths": []}]', "[3]"])
def test_a_list_that_is_none_is_told(text: str) -> None:
    with pytest.raises(OperationError, match="unknown form"):
        snapshots_from(text)


def test_the_newest_is_restored_unless_another_one_is_named() -> None:
    found = snapshots_from(LISTED)
    assert _chosen(found, "").id == "bb"
    assert _chosen(found, "aa").id == "aa"
    with pytest.raises(OperationError, match="no backup cc") as caught:
        _chosen(found, "cc")
    assert "aa, bb" in str(caught.value)
    with pytest.raises(OperationError, match="no backup in the repository"):
        _chosen([], "")


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A stack whose container tells its password; the kit's place is ``folder``."""
    inside = {"repository-password": "pSENTINEL", "s3-keys": ""}

    def command(words: Any, typed: str = "") -> tuple[int, str]:
        return 0, next(text for name, text in inside.items() if name in words[2])

    stack = SimpleNamespace(name="hub", short_name="hub", committed_text="config: {}\n")
    found = SimpleNamespace(engine=SimpleNamespace(stack=stack), recorded=SimpleNamespace(name="hub"), command=command)
    monkeypatch.setattr(kit, "backup_container", lambda engine, name: cast(BackupContainer, found))
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    monkeypatch.setenv("KIT_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    return SimpleNamespace(engine=found.engine, folder=tmp_path)


def options(deployed: SimpleNamespace, recipient: str = "") -> Any:
    return SimpleNamespace(name="", output=str(deployed.folder / "kit.age"), recipient=recipient)


def test_the_kit_opens_with_its_passphrase_only(deployed: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    given = options(deployed)
    assert kit.recovery_kit(deployed.engine, given) == 0
    file = Path(given.output)
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"SENTINEL" not in file.read_bytes()
    assert kit.password_of(given.output, "") == "pSENTINEL"
    opened = json.loads(pyrage.passphrase.decrypt(file.read_bytes(), PASSPHRASE))
    assert opened["stack_file"] == "config: {}\n"
    (deployed.folder / "passphrase").write_text("another passphrase")
    with pytest.raises(OperationError, match="cannot be opened"):
        kit.password_of(given.output, "")
    with pytest.raises(OperationError, match="is there already"):
        kit.recovery_kit(deployed.engine, given)


def test_the_kit_opens_with_a_private_key(deployed: SimpleNamespace) -> None:
    identity = pyrage.x25519.Identity.generate()
    given = options(deployed, str(identity.to_public()))
    kit.recovery_kit(deployed.engine, given)
    key = deployed.folder / "key.txt"
    key.write_text(f"# made by a test\n{identity}\n")
    assert kit.password_of(given.output, str(key)) == "pSENTINEL"
    key.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    with pytest.raises(OperationError, match="cannot be opened"):
        kit.password_of(given.output, str(key))


@pytest.mark.parametrize("recipient", ["age1nonsense", "ssh-rsa nonsense"])
def test_a_key_that_is_none_is_told(deployed: SimpleNamespace, recipient: str) -> None:
    with pytest.raises(OperationError, match="no public key"):
        kit.recovery_kit(deployed.engine, options(deployed, recipient))
    assert not (deployed.folder / "kit.age").exists()


def test_a_short_passphrase_is_refused(deployed: SimpleNamespace) -> None:
    (deployed.folder / "passphrase").write_text("short")
    with pytest.raises(OperationError, match="shorter than 12"):
        kit.recovery_kit(deployed.engine, options(deployed))


def recorded(*names: str) -> Recorded:
    processes = tuple(RecordedProcess(name, "workload", "x", 1, 1, "", True, "", 1, (), ()) for name in names)
    return Recorded("hub", "docker", "", "", {}, processes, ())


def test_the_status_tells_what_became_of_backups() -> None:
    printed = "failed 2026-06-01T02:17:09Z reading the layers\nrepository ours\nsucceeded 2026-05-31T02:17:00Z\n"
    found = backups_of(recorded("backup"), lambda name, command: printed if name == "hub-backup" else None)
    assert found == Backups(
        "hub", datetime(2026, 5, 31, 2, 17, tzinfo=timezone.utc), "2026-06-01T02:17:09Z reading the layers", False
    )
    assert backups_of(recorded("edge"), lambda name, command: printed) is None
    assert backups_of(recorded("backup"), lambda name, command: None) is None
    whole = Status("s", NOW, [], [], SmokeCheck(None, 0), [], None, [found])
    assert whole.problems == ["the last backup failed: 2026-06-01T02:17:09Z reading the layers"]
    assert "33 h ago" in table(whole)
    assert json.loads(document(whole))["backups"][0]["succeeded_at"] == "2026-05-31T02:17:00+00:00"


def test_a_foreign_repository_needs_attention_and_no_backup_yet_does_not() -> None:
    fresh, foreign = Backups("hub", None, "", False), Backups("hub", None, "", True)
    assert not Status("s", NOW, [], [], SmokeCheck(None, 0), [], None, [fresh]).problems
    (problem,) = Status("s", NOW, [], [], SmokeCheck(None, 0), [], None, [foreign]).problems
    assert "--kit" in problem
    assert "none are made" in table(Status("s", NOW - timedelta(days=1), [], [], SmokeCheck(None, 0), [], None))


DAY = timedelta(days=1)


def of_backups(found: Backups) -> Status:
    return Status("s", NOW, [], [], SmokeCheck(None, 0), [], None, [found])


def told(*lines: str) -> Backups:
    found = backups_of(recorded("backup"), lambda name, command: "\n".join(lines))
    assert found is not None
    return found


def test_the_status_tells_the_last_drill() -> None:
    found = told("drilled failed 2026-06-01T09:00:00Z 1a2b3c4d layers are not in the backup, 1: abc", "repository ours")
    at = datetime(2026, 6, 1, 9, tzinfo=timezone.utc)
    assert found.drill == Drill(at, "1a2b3c4d", False, "layers are not in the backup, 1: abc")
    whole = of_backups(found)
    assert whole.problems == ["the last restore drill failed: layers are not in the backup, 1: abc"]
    assert "Last drill        3 h ago, failed: layers" in table(whole)
    assert json.loads(document(whole))["backups"][0]["drill"] == {
        "at": "2026-06-01T09:00:00+00:00",
        "succeeded": False,
        "snapshot": "1a2b3c4d",
        "words": "layers are not in the backup, 1: abc",
    }
    succeeded = of_backups(told("drilled succeeded 2026-06-01T09:00:00Z 1a2b3c4d manifests read: 4, layers: 3"))
    assert not succeeded.problems
    assert "3 h ago, succeeded: manifests read: 4, layers: 3 (backup 1a2b3c4d)" in table(succeeded)


def test_a_drill_that_was_not_held_is_told_as_such() -> None:
    assert "Last drill        none (" in table(of_backups(told("repository ours")))
    waits = told("drill_pause 604800", "drill_waiting 2026-05-31T00:00:00Z")
    assert "Last drill        none yet" in table(of_backups(waits))
    assert json.loads(document(of_backups(waits)))["backups"][0]["drill"] is None


@pytest.mark.parametrize(
    ("since", "last", "overdue"),
    [(1, None, False), (3, None, True), (9, 1, False), (9, 3, True), (1, 9, False), (2, None, False)],
)
def test_overdue_is_what_did_not_come_within_twice_its_pause(since: int, last: int | None, overdue: bool) -> None:
    """Days ago; from a new schedule on a new time begins."""
    waiting = Waiting(NOW - since * DAY, DAY)
    at = None if last is None else NOW - last * DAY
    backups = of_backups(Backups("hub", at, "", False, waiting=waiting))
    assert backups.problems == (["a backup is overdue"] if overdue else [])
    held = None if at is None else Drill(at, "1a2b3c4d", True, "")
    drills = of_backups(Backups("hub", None, "", False, drill=held, drill_waiting=waiting))
    assert drills.problems == (["a restore drill is overdue"] if overdue else [])
    assert of_backups(Backups("hub", at, "", True, None, held, waiting)).problems == [
        "no backup is made: the repository is an earlier deployment's, and `restore --kit` takes it over"
    ]


def held(code: int, printed: str) -> Any:
    return SimpleNamespace(script=lambda name: (code, printed) if name == "drill.sh" else (1, ""))


def test_a_drill_shows_its_counts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(drill, "backup_container", lambda engine, name: held(0, "users\t3\t3\ntags\t1\t2\n"))
    assert drill.drill(cast(Any, None), "") == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[1:] == ["users                3         3", "tags                 1         2"]
    assert "can be put back" in printed.err


@pytest.mark.parametrize("printed", ["users\t3\t4\n", ""])
def test_a_drill_that_fails_ends_so(monkeypatch: pytest.MonkeyPatch, printed: str) -> None:
    monkeypatch.setattr(drill, "backup_container", lambda engine, name: held(1, printed))
    with pytest.raises(OperationError, match="the drill failed"):
        drill.drill(cast(Any, None), "")
