"""What all rungs share, and which tests share a process."""

import os
import tempfile
from pathlib import Path

import pytest

# Hypothesis would keep a folder in the clone; this one goes when Python ends.
_STORAGE = tempfile.TemporaryDirectory(prefix="hypothesis-")
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", _STORAGE.name)

from hypothesis import settings  # noqa: E402 - reads the variable when it is imported

# The same examples every time, and no clock: machines differ in speed.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=50)
settings.load_profile("repeatable")

_ROOMS = Path(__file__).parent
_LANES = {
    "engine/docker": "docker",
    "engine/kubernetes": "kubernetes",
    "engine/plugins_kubernetes": "kubernetes",
    "engine/cluster": "kubernetes",
}
"""Tests that share deployments or the cluster, and so a process; the others go module by module."""
_FIRST = ("docker", "kubernetes")


def _lane(item: pytest.Item) -> str:
    module = item.path.relative_to(_ROOMS)
    return _LANES.get(str(module.parent), str(module))


def _turn(item: pytest.Item) -> int:
    lane = _lane(item)
    return _FIRST.index(lane) if lane in _FIRST else len(_FIRST)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell pytest-xdist what belongs together, the long lanes first (`--dist loadgroup --no-loadscope-reorder`)."""
    items.sort(key=_turn)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_lane(item)))
