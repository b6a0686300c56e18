"""Which test ends its lane, and that what the lane shares ends with it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ends_lane

DOCKER = "tests/engine/docker/test_push_pull.py::test_one"
EXAMPLES = "tests/engine/docker/test_examples.py::test_two"
UNIT = "tests/unit/test_unchanged.py::test_three"


@pytest.mark.parametrize(
    ("one", "following", "ends"),
    [
        (DOCKER, "tests/engine/docker/test_secrets.py::test_other", False),
        (DOCKER, EXAMPLES, True),
        (EXAMPLES, UNIT, True),
        (UNIT, "tests/unit/test_makefile.py::test_other", False),
        (UNIT, DOCKER, False),
    ],
)
def test_a_lane_ends_where_another_begins(one: str, following: str, ends: bool) -> None:
    assert ends_lane(one, following) is ends


def test_what_a_lane_shares_ends_with_its_last_test(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("""
import pytest
from tests import conftest
conftest.ends_lane = lambda one, following: one.endswith("test_b") and following.endswith("test_c")
pytest_runtest_protocol = conftest.pytest_runtest_protocol

@pytest.fixture(scope="session")
def shared():
    print("begins", flush=True)
    yield
    print("ends", flush=True)
""")
    body = "".join(f"def test_{name}(shared):\n    print('{name}')\n" for name in "abc")
    (tmp_path / "test_some.py").write_text(body)
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", str(tmp_path)]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), "-c", "/dev/null"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [word for word in done.stdout.replace(".", " ").split() if word in ("begins", "ends", "a", "b", "c")]
    assert said == ["begins", "a", "b", "ends", "begins", "c", "ends"], done.stdout + done.stderr
