"""The commands of the quickstart for Kubernetes and of the page about the test cluster, on a cluster of their own."""

import os
from pathlib import Path

import pytest
import yaml

from tests.contract.pages import commands
from tests.engine.docker.deployment import ROOT
from tests.engine.docker.operations_clone import Clone

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(os.geteuid() != 0, reason="the lab's Kubernetes needs root"),
]
STACK, OWN = "local-kubernetes", "paged-kubernetes"
QUICKSTART, CLUSTER = "docs/quickstart.md", "docs/cluster.md"


def test_quickstart_on_kubernetes_and_the_cluster_itself(tmp_path: Path) -> None:
    own = {"CLUSTER": f"page-{os.getpid()}", "KUBECONFIG": ""}
    config = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{STACK}.yaml").read_text())["config"]
    clone = Clone(tmp_path, OWN, config)
    quickstart, (cluster,) = commands(QUICKSTART)[-1], commands(CLUSTER)
    *begin, end = cluster.splitlines()
    try:
        assert "Ready" in clone.sh("\n".join(begin), **own)
        shown = clone.sh(quickstart.replace(f"STACK={STACK}", f"STACK={OWN}"), **own)
        assert "https://portus.test:30443" in shown
        for role in ("database", "registry", "portus", "background", "edge"):
            assert f"{OWN}-{role}" in shown, shown
    finally:
        clone.sh(end, **own)
        clone.close()
