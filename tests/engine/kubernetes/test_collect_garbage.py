"""Space is given back on a cluster: two edges hold pushes, the registry's pod collects, pulls go on."""

import re
import time

import pytest

from tests.engine.docker.client import DockerClient, Edge
from tests.engine.docker.deployment import Deployment
from tests.engine.docker.portus import PortusApi
from tests.engine.kubernetes.cluster import Cluster, wait_for
from tests.engine.kubernetes.push_loop import PushLoop

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]
LAYER_BYTES = 1024 * 1024
HOLD = ("sh", "/etc/portus-stack/hold.sh")


def test_space_comes_back_while_people_push(
    stack: Deployment, cluster: Cluster, edge: Edge, client: DockerClient
) -> None:
    kept, gone = (f"{edge.username}/{name}" for name in ("kept", "gone"))
    image, deleted = client.push_new_image(kept), client.push_new_image(gone)
    portus = PortusApi.as_administrator(edge)
    wait_for(lambda: "1" in portus.tags("gone"), 60, lambda: str(portus.tags("gone")))
    reference = f"{edge.registry}/{gone}:1"
    portus.delete_tag("gone", "1")
    loop = PushLoop(client, edge.username, 1)
    with loop.running():
        loop.wait_for_more(1)
        began = time.monotonic()
        done = stack.operation("collect-garbage")
        assert done.code == 0, done.output
        print(f"collected in {time.monotonic() - began:.0f} s: {done.output}")
        loop.wait_for_more(1)
    given = re.search(r"removed: (\d+) blobs .* (\d+) bytes given back", done.output)
    assert given and int(given[1]) >= 3 and int(given[2]) >= LAYER_BYTES, done.output
    assert "running smoke_check again" in done.output
    assert not loop.lost(), loop.summary()
    assert client.pull_afresh(kept) == image
    client.must("push", reference)
    assert client.pull_afresh(gone) == deleted, "the registry remembers nothing of what was removed"
    assert "Pushes            are let in" in stack.operation("status", "--no-drift").output


def test_the_status_tells_that_pushes_are_held(stack: Deployment, cluster: Cluster, edge: Edge) -> None:
    """Every edge is asked to hold, as the one that is asked may be any of them."""
    for pod in cluster.pods_of("edge"):
        cluster.run_in(pod.metadata.name, *HOLD, "begin", "test")
    try:
        refused = stack.operation("collect-garbage")
        assert refused.code == 1 and "held already" in refused.output, refused.output
        assert edge.request("POST", edge.registry_host, "/v2/a/b/blobs/uploads/").status == 503
        told = stack.operation("status", "--no-drift")
        assert told.code == 1 and "pushes are held" in told.output, told.output
    finally:
        for pod in cluster.pods_of("edge"):
            cluster.run_in(pod.metadata.name, *HOLD, "end")
    assert edge.request("POST", edge.registry_host, "/v2/a/b/blobs/uploads/").status == 401
