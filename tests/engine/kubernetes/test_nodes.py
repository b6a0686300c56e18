"""What befalls nodes: the stack is well again without hands, and every image is there."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as kubernetes_client

from lab.cluster import cluster as clusters
from lab.cluster import instance
from lab.cluster.instance import Instance
from tests.engine.docker.client import DockerClient, Edge
from tests.engine.kubernetes.cluster import Cluster, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]
NODES = 2
_TOO_MANY_REQUESTS, _NOT_FOUND = 429, 404
_PATIENCE_SECONDS = 420
Keep = Callable[[], None]


@pytest.fixture
def lab(kubeconfig: Path) -> Instance:
    """The lab's cluster with its two nodes."""
    try:
        found = instance.load(kubeconfig.parent)
    except FileNotFoundError:
        pytest.skip("nodes are disturbed on the lab's own cluster only")
    return clusters.up(found.name, NODES)


@pytest.fixture
def all_is_well(client: DockerClient, edge: Edge, cluster: Cluster) -> Keep:
    """Waits until everything is ready, then pulls the image that was pushed before."""
    repository = f"{edge.username}/on-a-node"
    pushed = client.push_new_image(repository)

    def check() -> None:
        cluster.wait_until_ready(_PATIENCE_SECONDS)
        wait_for(lambda: _serves(edge), _PATIENCE_SECONDS, lambda: "the edge does not answer")
        assert client.pull_afresh(repository) == pushed
        again = client.push_new_image(f"{repository}-again")
        assert client.pull_afresh(f"{repository}-again") == again

    return check


@pytest.mark.soak
def test_pods_outlive_the_restart_of_kubelet_and_containerd(lab: Instance, cluster: Cluster, all_is_well: Keep) -> None:
    before = _containers(cluster)
    for node in range(1, NODES + 1):
        for process in ("kubelet", "containerd"):
            clusters.restart(lab.name, f"node-{node}", process)
    all_is_well()
    assert _containers(cluster) == before


def test_drained_node_gives_everything_to_the_other(lab: Instance, cluster: Cluster, all_is_well: Keep) -> None:
    drained = cluster.pods()["registry"].spec.node_name
    cluster.core.patch_node(drained, {"spec": {"unschedulable": True}})
    try:
        for name in _on(cluster, drained):
            evicted = functools.partial(_evicted, cluster, name)
            wait_for(evicted, _PATIENCE_SECONDS, functools.partial("{} is not let go".format, name))
        wait_for(lambda: not _on(cluster, drained), _PATIENCE_SECONDS, lambda: f"still there: {_on(cluster, drained)}")
        all_is_well()
    finally:
        cluster.core.patch_node(drained, {"spec": {"unschedulable": None}})


@pytest.mark.soak
def test_lost_node_comes_back_with_everything(lab: Instance, cluster: Cluster, all_is_well: Keep) -> None:
    lost = cluster.pods()["database"].spec.node_name
    try:
        clusters.stop_node(lab.name, int(lost.removeprefix("node-")))
        wait_for(lambda: not _is_ready(cluster, lost), _PATIENCE_SECONDS, lambda: f"nobody misses {lost}")
    finally:
        clusters.up(lab.name, NODES)
    wait_for(lambda: _is_ready(cluster, lost), _PATIENCE_SECONDS, lambda: f"{lost} is not back")
    all_is_well()


def _serves(edge: Edge) -> bool:
    try:
        return edge.request("GET", edge.portus_host, "/users/sign_in").status == 200
    except OSError:
        return False


def _containers(cluster: Cluster) -> dict[str, list[Any]]:
    """Role → what its pods' containers are."""
    return {role: [each.container_id for each in pod.status.container_statuses] for role, pod in cluster.pods().items()}


def _on(cluster: Cluster, node: str) -> list[str]:
    """The pods of the namespace on a node that have not ended."""
    found = cluster.core.list_namespaced_pod(cluster.namespace, field_selector=f"spec.nodeName={node}").items
    return [each.metadata.name for each in found if each.status.phase not in ("Succeeded", "Failed")]


def _evicted(cluster: Cluster, pod: str) -> bool:
    """Ask for a pod's eviction, as `kubectl drain` does; false while a disruption budget forbids it."""
    body = kubernetes_client.V1Eviction(metadata=kubernetes_client.V1ObjectMeta(name=pod))
    try:
        cluster.core.create_namespaced_pod_eviction(pod, cluster.namespace, body)
    except kubernetes_client.ApiException as error:
        if error.status == _TOO_MANY_REQUESTS:
            return False
        if error.status != _NOT_FOUND:
            raise
    return True


def _is_ready(cluster: Cluster, node: str) -> bool:
    conditions = cluster.core.read_node(node).status.conditions
    return any(each.type == "Ready" and each.status == "True" for each in conditions)
