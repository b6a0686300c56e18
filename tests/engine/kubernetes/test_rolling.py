"""Nobody's `docker push` fails while the registry's configuration changes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.docker.client import DockerClient, Edge
from tests.engine.docker.deployment import Deployment
from tests.engine.kubernetes.cluster import Cluster
from tests.engine.kubernetes.conftest import cluster_config, on_cluster, reached
from tests.engine.kubernetes.push_loop import PushLoop
from tests.engine.kubernetes.s3_server import S3Server, s3_server

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]
NAME = "kube-rolling"
CLIENTS = 2
IMAGE = "portus-stack.lab/registry:2.8"
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def server(kubeconfig: Path) -> Iterator[S3Server]:
    with s3_server(kubeconfig, f"{NAME}-s3") as server:
        yield server


@pytest.fixture(scope="module")
def deployed(
    tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path, server: S3Server
) -> Iterator[tuple[Deployment, Cluster]]:
    """Two registries with their layers in S3."""
    registry = {"image": IMAGE, "replicas": 2, "storage": {"s3": dict(server.storage)}}
    config = cluster_config(NAME, 31554, registry=registry)
    with on_cluster(NAME, tmp_path_factory.mktemp(NAME), config, kubeconfig) as (deployment, cluster):
        deployment.up()
        yield deployment, cluster
        deployment.destroy()


def roll(deployment: Deployment, cluster: Cluster, client: DockerClient, record: Record) -> PushLoop:
    """Change the registry's configuration while clients push; afterwards everything is as it was."""
    before = deployment.config
    old = cluster.names_of("registry")
    changed: dict[str, Any] = {**before["portus-stack:registry"], "log_level": "warn"}
    with PushLoop(client, client.edge.username, CLIENTS).running() as loop:
        loop.wait_for_more(CLIENTS)
        deployment.configure(before | {"portus-stack:registry": changed})
        deployment.up()
        loop.wait_for_more(2 * CLIENTS)
    assert not old & cluster.names_of("registry"), "the registry runs with its new configuration"
    record("pushes", len(loop.pushes))
    record("longest push, seconds", round(max(push.seconds for push in loop.pushes), 1))
    record("pushes with retries", sum(push.retried for push in loop.pushes))
    return loop


def test_two_registries_on_s3_roll_without_a_failed_push(
    deployed: tuple[Deployment, Cluster], server: S3Server, tmp_path: Path, record_property: Record
) -> None:
    deployment, cluster = deployed
    with reached(deployment, cluster) as edge:
        client = DockerClient(edge, tmp_path)
        assert client.login(edge.username, edge.password)[0] == 0
        loop = roll(deployment, cluster, client, record_property)
        assert loop.failures() == []
        assert not [push.output for push in loop.pushes if push.retried], "no client had to try again"
        assert loop.lost() == []
    kept = server.folders(f"docker/registry/v2/repositories/{edge.username}")
    assert {push.repository.rpartition("/")[2] for push in loop.pushes} <= set(kept)


def test_one_registry_on_a_volume_hands_over_without_a_failed_push(
    stack: Deployment, cluster: Cluster, client: DockerClient, edge: Edge, record_property: Record
) -> None:
    before = stack.config
    try:
        loop = roll(stack, cluster, client, record_property)
    finally:
        stack.configure(before)
        stack.up()
    assert loop.failures() == []
    assert loop.lost() == []
