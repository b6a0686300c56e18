"""When the suites about the lab are left out, and where it is told what a run's time was spent on."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import conftest, times, unchanged

LAB = "the lab's Kubernetes"
OF_IT = "tests/engine/cluster/test_cluster.py::test_one"
OF_ANOTHER = "tests/contract/portus/test_api.py::test_two"


@pytest.fixture(autouse=True)
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tool folder of the test's own."""
    monkeypatch.setenv("PORTUS_STACK_TOOLS", str(tmp_path))
    monkeypatch.delenv(unchanged.ALL, raising=False)
    return tmp_path


def test_every_suite_names_what_there_is() -> None:
    named = [part for parts, inputs in unchanged.SUITES.values() for part in (*parts, *inputs)]
    assert [part for part in named if not (unchanged.ROOT / part).exists()] == []


def test_a_suite_that_passed_is_known_until_everything_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    unchanged.remember([(OF_IT, "passed"), (OF_IT, "skipped"), (OF_ANOTHER, "failed")], list(unchanged.SUITES))
    assert [suite for suite in unchanged.SUITES if unchanged.passed(suite)] == [LAB]
    monkeypatch.setenv(unchanged.ALL, "1")
    assert not unchanged.passed(LAB)


@pytest.mark.parametrize("outcomes", [["passed", "failed"], ["passed", "error"], ["skipped"], []])
def test_it_is_not_known_to_pass(outcomes: list[str]) -> None:
    unchanged.remember(((OF_IT, outcome) for outcome in outcomes), [LAB])
    assert not unchanged.passed(LAB)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param("tests/engine/cluster/test_cluster.py", id="a test of it"),
        pytest.param("tests/engine/conftest.py", id="a fixture of it"),
        pytest.param("lab/cluster/nodes.py", id="what is tested"),
        pytest.param("requirements-test.txt", id="the packages"),
    ],
)
def test_a_change_of_what_it_reads_is_another_key(changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unchanged.remember([(OF_IT, "passed")], [LAB])
    read = Path.read_bytes
    path = unchanged.ROOT / changed
    monkeypatch.setattr(Path, "read_bytes", lambda self: read(self) + (b"\n" if self == path else b""))
    unchanged.key.cache_clear()
    try:
        assert not unchanged.passed(LAB)
    finally:
        unchanged.key.cache_clear()


@pytest.mark.parametrize(
    ("arguments", "options", "whole"),
    [
        (["tests"], {}, list(unchanged.SUITES)),
        (["tests"], {"markexpr": unchanged.NOT_SOAK}, list(unchanged.SUITES)),
        (["tests/engine/cluster"], {}, [LAB]),
        (["tests/engine"], {}, [LAB]),
        (["tests/engine/cluster/test_cluster.py"], {}, []),
        (["tests/engine/cluster::test_one"], {}, []),
        (["tests/engine/cluster"], {"keyword": "one"}, []),
        (["tests/engine/cluster"], {"markexpr": "soak"}, []),
        (["tests/engine/cluster"], {"deselect": ["x"]}, []),
        (["tests/engine/cluster"], {"maxfail": 1}, []),
        (["tests/engine/cluster"], {"lf": True}, []),
    ],
)
def test_a_suite_is_noted_when_all_of_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], options: dict[str, object], whole: list[str]
) -> None:
    monkeypatch.chdir(unchanged.ROOT)
    chosen = {"keyword": "", "markexpr": "", "maxfail": 0, "deselect": None, "lf": False, **options}
    config = SimpleNamespace(args=arguments, option=SimpleNamespace(**chosen))
    assert unchanged.run_whole(config) == whole  # type: ignore[arg-type]
    unchanged.remember([(OF_IT, "passed")], [])
    assert not unchanged.passed(LAB)


def test_only_the_controller_notes_what_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of pytest-xdist sees its own lanes; the failure of a suite may be in another one's."""
    noted: list[object] = []
    monkeypatch.setattr(unchanged, "remember", lambda *given: noted.append(given))
    worker = SimpleNamespace(config=SimpleNamespace(workerinput={}), stats={})
    conftest.pytest_terminal_summary(worker, pytest.ExitCode.OK)  # type: ignore[arg-type]
    assert noted == []


def test_imports_are_followed_into_packages_and_out_of_them() -> None:
    found = {
        str(path.relative_to(unchanged.ROOT)) for path in unchanged.closure([unchanged.ROOT / "tests/conftest.py"])
    }
    assert {"tests/unchanged.py", "toolchain/install/folders.py", "components/portus/images.py"} <= found
    assert "components/portus/args.py" not in found


def test_lanes_are_told_longest_first_without_the_short_ones() -> None:
    told = times.of_lanes([("docker", 20.0), ("unit", 3.0), ("kubernetes", 90.0), ("docker", 15.0)])
    assert told == ["     90 s  kubernetes", "     35 s  docker"]
