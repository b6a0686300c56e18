"""A namespace of the lab's cluster for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.cluster.instance import Instance
from tests.engine.cluster.tenant import Tenant


@pytest.fixture
def tenant(lab_cluster: Instance) -> Iterator[Tenant]:
    """A namespace of the test's own, gone afterwards."""
    made = Tenant(lab_cluster)
    yield made
    made.remove()
