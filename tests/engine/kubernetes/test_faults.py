"""What cannot work fails in time, says which role and why, leaves what runs alone, and is healed by the next `up`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.docker.deployment import Config, Deployment, Finished
from tests.engine.kubernetes.cluster import Cluster
from tests.engine.kubernetes.conftest import cluster_config, on_cluster, reached

pytestmark = [pytest.mark.engine, pytest.mark.soak, pytest.mark.timeout(1500)]
NAME = "kube-faults"
NO_NODE = {"kubernetes": {"roles": {"edge": {"node_selector": {"portus-stack.test/nowhere": "true"}}}}}
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "image that is nowhere": ({"edge": {"image": "portus-stack.lab/nowhere:1"}}, "ImagePull"),
    "crash": ({"edge": {"image": "portus-stack.lab/python:3.11"}}, "nginx"),
}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path) -> Iterator[tuple[Deployment, Cluster]]:
    """In a namespace that somebody else made: none but rights within it are needed."""
    config = cluster_config(NAME, 31553)
    config["portus-stack:kubernetes"] |= {"create_namespace": False, "scheduling_timeout_seconds": 5}
    with on_cluster(NAME, tmp_path_factory.mktemp(NAME), config, kubeconfig) as (deployment, cluster):
        cluster.create_namespace({"owner": "somebody"})
        deployment.up()
        yield deployment, cluster
        deployment.destroy()
        assert cluster.core.read_namespace(NAME).metadata.labels["owner"] == "somebody"


def _changed(config: Config, change: dict[str, Any]) -> Config:
    return config | {f"portus-stack:{group}": config[f"portus-stack:{group}"] | more for group, more in change.items()}


def _up(deployment: Deployment) -> Finished:
    return deployment.run("up", "--yes", "--skip-preview", "--suppress-progress", "-s", NAME)


def _make_up(deployment: Deployment) -> Finished:
    """`make up`, which gives the images to the cluster that the kubeconfig is of."""
    deployment.environment["CLUSTER"] = Path(deployment.environment["KUBECONFIG"]).parent.name
    return deployment.operation("up")


def _fails_and_heals(
    deployed: tuple[Deployment, Cluster], change: dict[str, Any], reason: str, attempt: Callable[[Deployment], Finished]
) -> None:
    """A change of the edge that cannot work is told; the old edge goes on; the next `up` puts everything right."""
    deployment, cluster = deployed
    before = deployment.config
    deployment.configure(_changed(before, change))
    done = attempt(deployment)
    assert done.code != 0
    assert "edge did not become ready" in done.output
    assert reason in done.output
    with reached(deployment, cluster) as edge:
        assert edge.request("GET", edge.portus_host, "/users/sign_in").status == 200, "the old edge goes on"
    deployment.configure(before)
    deployment.up()
    cluster.wait_until_ready()
    deployment.up("--expect-no-changes")


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_a_role(fault: str, deployed: tuple[Deployment, Cluster]) -> None:
    _fails_and_heals(deployed, *FAULTS[fault], _up)


def test_pod_that_no_node_takes(deployed: tuple[Deployment, Cluster]) -> None:
    """The provider does not say why in its error, so `make up` does."""
    _fails_and_heals(deployed, NO_NODE, "didn't match Pod's node affinity/selector", _make_up)


def test_full_quota_names_the_role(deployed: tuple[Deployment, Cluster]) -> None:
    deployment, cluster = deployed
    count = len(cluster.core.list_namespaced_pod(NAME).items)
    quota = {"metadata": {"name": "full"}, "spec": {"hard": {"pods": str(min(count, len(cluster.pods())))}}}
    cluster.core.create_namespaced_resource_quota(NAME, quota)
    before = deployment.config
    deployment.configure(before | {"portus-stack:edge": {**before["portus-stack:edge"], "resources": {"cpus": 1}}})
    try:
        done = deployment.run("up", "--yes", "--skip-preview", "--suppress-progress", "-s", NAME)
    finally:
        cluster.core.delete_namespaced_resource_quota("full", NAME)
    assert done.code != 0
    assert "edge did not become ready" in done.output
    deployment.configure(before)
    deployment.up()
    cluster.wait_until_ready()
