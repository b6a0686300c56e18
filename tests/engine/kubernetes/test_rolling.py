"""Nobody's `docker push` fails while the registry's configuration changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.docker.client import DockerClient, Edge
from tests.engine.docker.deployment import Config, Deployment
from tests.engine.kubernetes.cluster import Cluster
from tests.engine.kubernetes.conftest import cluster_config, on_cluster, reached
from tests.engine.kubernetes.push_loop import PushLoop
from tests.engine.kubernetes.s3_server import S3Server, s3_server

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]
NAME = "kube-rolling"
CLIENTS = 2
IMAGE = "portus-stack.lab/registry:2.8"


@pytest.fixture(scope="module")
def server(kubeconfig: Path) -> Iterator[S3Server]:
    with s3_server(kubeconfig, f"{NAME}-s3") as server:
        yield server


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path) -> Iterator[tuple[Deployment, Cluster]]:
    """A stack of which nothing is there yet."""
    with on_cluster(NAME, tmp_path_factory.mktemp(NAME), _config({}), kubeconfig) as (deployment, cluster):
        yield deployment, cluster
        deployment.destroy()
        assert not cluster.exists(), "destroy leaves nothing"


def _config(storage: dict[str, Any], **kubernetes: Any) -> Config:
    """Two registries with one storage."""
    config = cluster_config(NAME, 31554, registry={"image": IMAGE, "replicas": 2, "storage": storage})
    config["portus-stack:kubernetes"] |= kubernetes
    return config


def test_missing_storage_class_is_told_and_the_next_up_heals(
    prepared: tuple[Deployment, Cluster], tmp_path: Path
) -> None:
    deployment, cluster = prepared
    shared = {"filesystem": {"size_gib": 1, "shared": True}}
    deployment.configure(_config(shared, shared_storage_class="nowhere", scheduling_timeout_seconds=5))
    done = deployment.run("up", "--yes", "--skip-preview", "--suppress-progress", "-s", NAME)
    assert done.code != 0
    assert "registry did not become ready" in done.output
    assert "Failed to bind PersistentVolumeClaim" in done.output
    assert "see kubernetes.storage_class" in done.output
    deployment.configure(_config(shared))
    deployment.up()
    assert len(cluster.names_of("registry")) == 2
    with reached(deployment, cluster) as edge:
        client = DockerClient(edge, tmp_path)
        assert client.login(edge.username, edge.password)[0] == 0
        repository = f"{edge.username}/healed"
        pushed = client.push_new_image(repository)
        assert client.pull_afresh(repository) == pushed


def roll(deployment: Deployment, cluster: Cluster, client: DockerClient) -> PushLoop:
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
    print(loop.summary())
    return loop


@pytest.mark.soak
def test_two_registries_on_s3_roll_without_a_failed_push(
    prepared: tuple[Deployment, Cluster], server: S3Server, tmp_path: Path
) -> None:
    deployment, cluster = prepared
    deployment.configure(_config({"s3": dict(server.storage)}))
    deployment.up()
    with reached(deployment, cluster) as edge:
        client = DockerClient(edge, tmp_path)
        assert client.login(edge.username, edge.password)[0] == 0
        loop = roll(deployment, cluster, client)
        assert loop.failures() == []
        assert not [push.output for push in loop.pushes if push.retried], "no client had to try again"
        assert loop.lost() == []
    kept = server.folders(f"docker/registry/v2/repositories/{edge.username}")
    assert {push.repository.rpartition("/")[2] for push in loop.pushes} <= set(kept)


@pytest.mark.soak
def test_one_registry_on_a_volume_hands_over_without_a_failed_push(
    stack: Deployment, cluster: Cluster, client: DockerClient, edge: Edge
) -> None:
    before, node = stack.config, cluster.pods()["registry"].spec.node_name
    try:
        loop = roll(stack, cluster, client)
        assert cluster.pods()["registry"].spec.node_name == node, "the volume of one node would not be found elsewhere"
    finally:
        stack.configure(before)
        stack.up()
    assert loop.failures() == []
    assert loop.lost() == []
