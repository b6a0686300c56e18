"""Deployments on the cluster of the session. Whoever changes one brings a deployment of his own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.deployment import ROOT, Config, Deployment
from tests.engine.kubernetes.cluster import Cluster
from tests.portus_image import portus_image

SECOND = "kube-second"
FIRST = "kube-first"
LOGIN = {"address": "registry.corp.test", "username": "puller", "password": "correct-horse-battery"}
"""Of a registry that no image of the tests comes from."""


def cluster_config(name: str, port: int, **changes: Any) -> Config:
    """The committed local-kubernetes stack under another name, port and namespace; ``changes`` replace groups."""
    config: Config = yaml.safe_load((ROOT / "stacks" / "Pulumi.local-kubernetes.yaml").read_text())["config"]
    config["portus-stack:hostnames"] = {"portus": f"{name}.test:{port}", "registry": f"registry.{name}.test:{port}"}
    config["portus-stack:portus"] |= {"image": portus_image(2)}
    config["portus-stack:kubernetes"] = {
        "namespace": name,
        "scheduling_timeout_seconds": 120,
        "expose": {"node_port": {"https_port": port}},
    }
    return config | {f"portus-stack:{group}": value for group, value in changes.items()}


@contextmanager
def on_cluster(name: str, folder: Path, config: Config, kubeconfig: Path) -> Iterator[tuple[Deployment, Cluster]]:
    """A stack whose project exists, and its namespace's view; removed without trace at the end."""
    cluster = Cluster(kubeconfig, str(config["portus-stack:kubernetes"]["namespace"]), name)
    cluster.remove_namespace()
    try:
        with project(name, folder, config, kubeconfig) as deployment:
            yield deployment, cluster
    finally:
        cluster.remove_namespace()


@contextmanager
def project(name: str, folder: Path, config: Config, kubeconfig: Path) -> Iterator[Deployment]:
    """A stack whose project exists; what becomes of its namespace is its owner's affair."""
    deployment = Deployment(name, folder, config)
    deployment.environment["KUBECONFIG"] = str(kubeconfig)
    try:
        yield deployment
    finally:
        deployment.docker.close()


@contextmanager
def reached(deployment: Deployment, cluster: Cluster) -> Iterator[Edge]:
    """The edge through a port of the node, trusted by this machine's docker client."""
    edge = Edge.of(deployment)
    edge.address = cluster.node_address
    with trusted(edge):
        yield edge


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path) -> Iterator[tuple[Deployment, Cluster]]:
    """Generation 2, registry 2.8, two edges, two host names."""
    config = cluster_config(SECOND, 31551)
    config["portus-stack:edge"] = {**config["portus-stack:edge"], "replicas": 2}
    config["portus-stack:kubernetes"] |= {"registry_auth": [LOGIN]}
    with on_cluster(SECOND, tmp_path_factory.mktemp(SECOND), config, kubeconfig) as (deployment, cluster):
        deployment.up()
        yield deployment, cluster


@pytest.fixture(scope="session")
def stack(second: tuple[Deployment, Cluster]) -> Deployment:
    return second[0]


@pytest.fixture(scope="session")
def cluster(second: tuple[Deployment, Cluster]) -> Cluster:
    return second[1]


@pytest.fixture(scope="session")
def edge(second: tuple[Deployment, Cluster]) -> Iterator[Edge]:
    with reached(*second) as edge:
        yield edge


@pytest.fixture
def client(edge: Edge, tmp_path: Path) -> DockerClient:
    """A docker client that is signed in as the administrator."""
    client = DockerClient(edge, tmp_path)
    assert client.login(edge.username, edge.password)[0] == 0
    return client
