"""The figures on Kubernetes, on the lab's cluster."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.kubectl import KubectlPeer
from benchmarks.measure import Row, seconds
from lab.cluster import cluster as clusters
from tests.engine.kubernetes.conftest import cluster_config, on_cluster

NAME, PORT = "bench", 31643
REPETITIONS = 3
CLUSTER = "bench"
KUBECONFIG = "PORTUS_STACK_TEST_KUBECONFIG"
"""Environment variable: the kubeconfig of a cluster to measure on, instead of one that is made and removed."""


@contextmanager
def _cluster() -> Iterator[Path]:
    given = os.environ.get(KUBECONFIG, "")
    if given:
        yield Path(given).resolve()
        return
    try:
        yield clusters.up(CLUSTER).kubeconfig
    finally:
        clusters.down(CLUSTER)


def first_up(folder: Path) -> Row:
    """First `up` on Kubernetes until checked, against `kubectl apply` of the same objects until ready."""
    config = cluster_config(NAME, PORT)
    manifests = folder / "manifests"
    manifests.mkdir()
    ratios: list[float] = []
    with _cluster() as kubeconfig, on_cluster(NAME, folder / "kubernetes", config, kubeconfig) as (deployment, cluster):
        deployment.up()  # not counted: everything is read from disk for the first time
        deployment.destroy()
        for _ in range(REPETITIONS):
            took = seconds(deployment.up)
            peer = KubectlPeer(deployment, kubeconfig, manifests)
            deployment.destroy()
            cluster.remove_namespace()
            ratios.append(took / seconds(peer.up))
            peer.down()
    return Row(
        "first up on Kubernetes until checked / kubectl apply of the same objects until ready", tuple(ratios), 1.2
    )
