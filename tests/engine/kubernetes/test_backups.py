"""Backups on a cluster: on a claim of their own, made and put back by the commands of users."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.docker.client import DockerClient
from tests.engine.docker.deployment import Deployment
from tests.engine.kubernetes.cluster import Cluster
from tests.engine.kubernetes.conftest import cluster_config, on_cluster, reached

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200)]
NAME, PORT = "kube-insured", 31557


@pytest.fixture
def deployed(tmp_path: Path, kubeconfig: Path) -> Iterator[tuple[Deployment, Cluster]]:
    config = cluster_config(NAME, PORT, backup={"image": "portus-stack.lab/restic:0.14", "verify_percent": 100})
    with on_cluster(NAME, tmp_path / "project", config, kubeconfig) as (deployment, cluster):
        deployment.environment["CLUSTER"] = kubeconfig.parent.name
        yield deployment, cluster
        deployment.destroy()


def test_what_was_pushed_before_a_backup_comes_back(deployed: tuple[Deployment, Cluster], tmp_path: Path) -> None:
    deployment, cluster = deployed
    done = deployment.operation("up")
    assert done.code == 0, done.output
    with reached(deployment, cluster) as edge:
        client = DockerClient(edge, tmp_path / "client")
        client.login(edge.username, edge.password)
        kept = client.push_new_image(f"{edge.username}/kept")
        done = deployment.operation("backup")
        assert done.code == 0 and "is whole" in done.output, done.output
        done = deployment.operation("drill")
        assert done.code == 0 and "can be put back" in done.output, done.output
        client.push_new_image(f"{edge.username}/later")
        assert deployment.operation("restore").code != 0, "what was pushed since is not lost unasked"
        deployment.environment["ALLOW_DATA_LOSS"] = f"{NAME}-database-data,{NAME}-registry-data"
        first = deployment.operation("backups").output.splitlines()[-1].split()[0]
        done = deployment.operation("restore", "--snapshot", first)
        assert done.code == 0, done.output
        assert client.pull_afresh(f"{edge.username}/kept") == kept
        assert client.run("pull", f"{edge.registry}/{edge.username}/later:1")[0] != 0
    told = deployment.operation("status").output
    assert "All is well." in told and "succeeded: manifests read: 2, layers: 4" in told, told
    deployment.up("--expect-no-changes")
