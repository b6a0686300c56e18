"""A namespace of the lab's cluster for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.cluster.instance import Instance
from tests.engine.cluster.inhabitant import Inhabitant


@pytest.fixture
def inhabitant(lab_cluster: Instance) -> Iterator[Inhabitant]:
    """A namespace of the test's own, gone afterwards."""
    made = Inhabitant(lab_cluster)
    yield made
    made.remove()
