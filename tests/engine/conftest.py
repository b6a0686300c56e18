"""The cluster that every test on a real Kubernetes shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cluster import cluster as clusters
from lab.cluster.console import ClusterError
from lab.cluster.instance import Instance
from tests.portus_image import GIVEN

_VARIABLE = "PORTUS_STACK_TEST_KUBECONFIG"
_NAME = f"suite-{os.getpid()}"
"""Sessions beside one another have clusters of their own."""


@pytest.fixture(scope="session")
def lab_cluster() -> Iterator[Instance]:
    """The lab's Kubernetes with two nodes, gone when the session ends. Left out where we are not root."""
    if os.geteuid() != 0:
        pytest.skip("the lab's Kubernetes needs root")
    try:
        yield clusters.up(_NAME, 2, [GIVEN] if GIVEN else [])
    except ClusterError as error:
        pytest.fail(f"the lab's Kubernetes does not start: {error}")
    finally:
        clusters.down(_NAME)


@pytest.fixture(scope="session")
def kubeconfig(request: pytest.FixtureRequest) -> Path:
    """A cluster to test on: that of `PORTUS_STACK_TEST_KUBECONFIG`, else the lab's."""
    given = os.environ.get(_VARIABLE, "")
    if given:
        return Path(given).resolve()
    found: Instance = request.getfixturevalue("lab_cluster")
    return found.kubeconfig
