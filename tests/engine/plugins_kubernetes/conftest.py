"""A Pulumi stack on a real Kubernetes cluster, with the plugins that `PROVIDERS` names (ours without it).

Without a node most tests still run: they ask the API server and the controllers, not containers.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.language_host_project import toolchain_environment
from tests.engine.plugins.program_stack import stack_of
from tests.engine.plugins_kubernetes.cluster import LiveCluster
from tests.engine.plugins_kubernetes.stack import Stack


@pytest.fixture(scope="session")
def pulumi_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return toolchain_environment(tmp_path_factory.mktemp("state"))


@pytest.fixture
def cluster(kubeconfig: Path) -> Iterator[LiveCluster]:
    """The cluster, with a namespace of this test's own."""
    live = LiveCluster(kubeconfig, f"plug-{uuid.uuid4().hex[:8]}")
    live.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": live.namespace}})
    live.wait(lambda: live.get("/api/v1", "serviceaccounts", "default") is not None, "its service account")
    yield live
    live.remove_namespace()


@pytest.fixture
def stack(tmp_path: Path, pulumi_environment: dict[str, str], cluster: LiveCluster) -> Iterator[Stack]:
    environment = {
        **pulumi_environment,
        "KUBECONFIG": str(cluster.kubeconfig),
        "TEST_NAMESPACE": cluster.namespace,
    }
    with stack_of(Stack, tmp_path, environment) as stack:
        yield stack
