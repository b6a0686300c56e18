"""`collect-garbage`: what is done in which order, what ends it, and that no end of it lets a push in too early."""

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from operations.collection import command, hold
from operations.collection.collector import Collector, found_in
from operations.collection.command import collect_garbage
from operations.console import OperationError
from operations.deployed import Deployed
from operations.engine import Engine
from operations.recorded import Recorded, RecordedProcess
from operations.status.model import SmokeCheck, Status
from operations.status.report import document, table
from tests.unit.operations.test_operations_backups import NOW

DONE = (
    "manifest eligible for deletion: sha256:1\n\n7 blobs marked, 2 blobs and 1 manifests eligible for deletion\n"
    "blob eligible for deletion: sha256:2\nblob eligible for deletion: sha256:3\ncollector ended with 0\n"
)
NO, LAPSED = 1, 75
Answers = dict[tuple[str, str], list[tuple[int, str]]]
"""Place and word → what a script answers, one after the other; the last one again and again."""


class FakeInside:
    """Two edges and two registries, which write down what they are asked."""

    def __init__(self, **answers: list[tuple[int, str]]) -> None:
        self.asked: list[str] = []
        self.answers, self.lock = answers, threading.Lock()
        self.edges = ["edge-1", "edge-2"]

    def __enter__(self) -> "FakeInside":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def of(self, role: str) -> Sequence[str]:
        return {"edge": self.edges, "registry": ["registry-1", "registry-2"]}[role]

    def run(self, name: str, words: Sequence[str]) -> tuple[int, str]:
        word = words[2]
        with self.lock:
            if word not in ("keep", "wanted"):
                self.asked.append(f"{name} {' '.join(words[2:3] if word == 'begin' else words[2:])}")
            answers = self.answers.get(word, [(0, "")])
            return answers.pop(0) if len(answers) > 1 else answers[0]


def recorded(*names: str) -> Recorded:
    processes = tuple(RecordedProcess(name, "workload", "x", 1, 1, "", True, "", 1, (), ()) for name in names)
    return Recorded("hub", "docker", "", "", {}, processes, ())


class Stack:
    """One whose scripts answer as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: list[tuple[int, str]]) -> None:
        usual = {"run": [(0, DONE)], "look": [(0, DONE)], "size": [(0, "3072"), (0, "1024")]}
        self.inside = FakeInside(**{**usual, **answers})
        self.tasks: list[str] = []
        found = Deployed(cast(Any, None), cast(Any, None), recorded("registry", "edge", "smoke_check"))
        parts = SimpleNamespace(run_again=self.tasks.append)
        monkeypatch.setattr(command, "deployed", lambda engine, name: found)
        monkeypatch.setattr(command, "inside_of", lambda found: self.inside)
        monkeypatch.setattr(command, "parts_of", lambda found: _Within(parts))
        monkeypatch.setattr(hold, "_LOOK_SECONDS", 0)
        monkeypatch.setattr(hold, "_BEAT_SECONDS", 0.001)

    def collect(self, *, untagged: bool = False, dry_run: bool = False) -> int:
        options = SimpleNamespace(name="", untagged=untagged, dry_run=dry_run)
        return collect_garbage(cast(Engine, None), cast(Any, options))


class _Within:
    def __init__(self, value: object) -> None:
        self._value = value

    def __enter__(self) -> object:
        return self._value

    def __exit__(self, *_: object) -> None:
        pass


BEGUN = ["edge-1 begin", "edge-2 begin"]
LOOKED = ["edge-1 quiet", "edge-2 quiet"]
ENDED = ["edge-1 end", "edge-2 end"]
SIZE = "registry-1 size"


def test_the_order_of_things(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stack = Stack(monkeypatch)
    assert stack.collect() == 0
    assert stack.inside.asked == [*BEGUN, *LOOKED, *LOOKED, SIZE, "registry-1 run", SIZE, *ENDED]
    assert stack.tasks == ["smoke_check"]
    told = capsys.readouterr().out
    assert "2 blobs that no image needs and 1 manifests without a tag; 7 are kept" in told
    assert "2097152 bytes given back (2.0 of 3.0 MiB)" in told


def test_a_bucket_is_not_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert Stack(monkeypatch, size=[(0, "")]).collect() == 0
    assert "the bucket tells" in capsys.readouterr().out


def test_writes_that_were_let_in_before_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack(monkeypatch, quiet=[(0, ""), (NO, ""), (0, "")])
    stack.collect()
    assert stack.inside.asked[2:8] == LOOKED * 3, "quiet is what is quiet twice"


def test_a_write_that_does_not_end_is_told_and_nothing_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold, "_QUIET_SECONDS", 0)
    stack = Stack(monkeypatch, quiet=[(NO, "")])
    with pytest.raises(OperationError, match="nothing was removed"):
        stack.collect()
    assert "registry-1 run" not in stack.inside.asked
    assert stack.inside.asked[-3:] == ["registry-1 stop", *ENDED]


def test_an_edge_that_cannot_tell_is_no_quiet_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OperationError, match="does not tell"):
        Stack(monkeypatch, quiet=[(2, "")]).collect()


def test_a_dry_run_holds_nobody(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stack = Stack(monkeypatch)
    assert stack.collect(dry_run=True) == 0
    assert stack.inside.asked == ["registry-1 look"]
    assert "sha256:3\nwould be removed: 2 blobs" in capsys.readouterr().out
    assert not stack.tasks


@pytest.mark.parametrize("version", ["registry github.com/docker/distribution 2.8.2+ds1", "x/distribution v2.8.3"])
def test_manifests_without_a_tag_stay_in_an_older_registry(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    stack = Stack(monkeypatch, version=[(0, version)])
    with pytest.raises(OperationError, match="multi-platform"):
        stack.collect(untagged=True)
    assert stack.inside.asked == ["registry-1 version"]


def test_manifests_without_a_tag_go_in_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack(monkeypatch, version=[(0, "registry github.com/distribution/distribution/v3 v3.1.1")])
    stack.collect(untagged=True)
    assert "registry-1 run --delete-untagged" in stack.inside.asked
    with pytest.raises(OperationError, match="does not tell its version"):
        Stack(monkeypatch, version=[(0, "registry")]).collect(untagged=True)


def test_two_at_once_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second ends the hold of nobody."""
    stack = Stack(monkeypatch, begin=[(LAPSED, "")])
    with pytest.raises(OperationError, match="held already"):
        stack.collect()
    assert stack.inside.asked == ["edge-1 begin"]
    second = Stack(monkeypatch, begin=[(0, ""), (LAPSED, "")])
    with pytest.raises(OperationError, match="held already"):
        second.collect()
    assert second.inside.asked == [*BEGUN, "edge-1 end"]


def test_an_edge_of_an_earlier_version_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OperationError, match="earlier version"):
        Stack(monkeypatch, begin=[(127, "")]).collect()


def test_a_hold_that_was_lost_ends_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edge was started anew: it must not go on beside pushes."""
    stack = Stack(monkeypatch)
    inside = stack.inside

    def run(*options: str) -> object:
        inside.asked.append("registry-1 run")
        inside.answers["keep"] = [(LAPSED, "")]
        while "registry-1 stop" not in inside.asked:
            pass
        return found_in(137, "Killed")

    monkeypatch.setattr(Collector, "run", lambda self, *options: run())
    with pytest.raises(OperationError, match="edge-1 does not hold them any more"):
        stack.collect()
    assert inside.asked[-2:] == ENDED
    assert not stack.tasks


@pytest.mark.parametrize("blow", [KeyboardInterrupt, OperationError("no")])
def test_whatever_ends_it_the_collector_ends_before_pushes_go_on(
    monkeypatch: pytest.MonkeyPatch, blow: BaseException
) -> None:
    stack = Stack(monkeypatch)

    def run(self: Collector, *options: str) -> object:
        raise blow

    monkeypatch.setattr(Collector, "run", run)
    with pytest.raises((KeyboardInterrupt, OperationError)):
        stack.collect()
    assert stack.inside.asked[-3:] == ["registry-1 stop", *ENDED]


def test_a_collector_that_cannot_be_ended_keeps_pushes_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = Stack(monkeypatch, run=[(0, "failed to mark: no\ncollector ended with 1\n")])

    def stop(self: Collector) -> None:
        raise OperationError("the host does not answer")

    monkeypatch.setattr(Collector, "stop", stop)
    with pytest.raises(OperationError, match="failed to mark: no"):
        stack.collect()
    assert not set(ENDED) & set(stack.inside.asked), "it ends by itself, after the collector"
    assert "within 70 seconds" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "printed", "told"),
    [
        (75, "", "at work already"),
        (0, DONE.replace("ended with 0", "ended with 137"), "failed"),
        (0, DONE.replace("collector ended with 0\n", ""), "was ended"),
        (0, "failed to garbage collect: nocollector ended with 1\n", "failed: failed to garbage collect: no"),
        (0, "collector ended with 0\n", "failed"),
        (137, "", "was ended: 137"),
    ],
)
def test_a_collector_that_did_not_end_well_is_told(code: int, printed: str, told: str) -> None:
    with pytest.raises(OperationError, match=told):
        found_in(code, printed)


def test_the_status_tells_that_pushes_are_held() -> None:
    held = Status("s", NOW, [], [], SmokeCheck(None, 0), [], None, pushes_held=True)
    (problem,) = held.problems
    assert "collect-garbage" in problem and "by themselves" in problem
    assert "Pushes            are held" in table(held) and '"pushes_held": true' in document(held)
    free = Status("s", NOW, [], [], SmokeCheck(None, 0), [], None)
    assert "Pushes            are let in" in table(free) and not free.problems
