"""What commands read of a cluster, with answers of an API server in place of one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from operations.cluster.connection import connected
from operations.console import OperationError
from operations.engine import Engine
from operations.state import State
from operations.status import kubernetes

from .states import ROOT, Entry, stack, state

LABELS = {"org.portus-stack.name": "s"}


def runner(kind: str, role: str) -> Entry:
    return {
        "urn": f"{ROOT.rpartition('::')[0]}$kubernetes:{kind}::s-{role}",
        "parent": ROOT,
        "type": f"kubernetes:{kind}",
        "id": f"ns/s-{role}",
    }


def labelled(role: str, **fields: object) -> dict[str, object]:
    return {"metadata": {"name": f"s-{role}", "labels": {**LABELS, "org.portus-stack.role": role}}, **fields}


class Answers:
    """An API server that knows one edge of two replicas, one done and one failed task."""

    objects: Mapping[str, Any] = {
        "/apis/apps/v1/namespaces/ns/deployments/s-edge": labelled(
            "edge", spec={"replicas": 2}, status={"readyReplicas": 1}
        ),
        "/apis/batch/v1/namespaces/ns/jobs/s-bootstrap": labelled(
            "bootstrap", spec={"completions": 1}, status={"succeeded": 1, "completionTime": "2026-06-01T12:00:00Z"}
        ),
        "/apis/batch/v1/namespaces/ns/jobs/s-smoke": labelled("smoke", spec={"completions": 1}, status={"failed": 1}),
    }
    lists: Mapping[str, list[Any]] = {
        "/api/v1/namespaces/ns/pods": [
            labelled(
                "edge",
                status={
                    "containerStatuses": [
                        {"imageID": "sha256:1", "state": {"running": {"startedAt": "2026-06-01T11:00:00Z"}}}
                    ]
                },
            )
        ],
        "/apis/metrics.k8s.io/v1beta1/namespaces/ns/pods": [
            {"metadata": {"name": "s-edge"}, "containers": [{"usage": {"memory": "3Mi"}}]}
        ],
    }

    def ask(self, _: str, path: str) -> object:
        return self.objects.get(path)

    def items(self, path: str, query: Mapping[str, str]) -> list[Any]:
        assert query == {"labelSelector": "org.portus-stack.name=s"}
        return self.lists.get(path, [])


def test_a_status_is_what_the_api_server_says(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def answers(*_: object) -> Iterator[Answers]:
        yield Answers()

    monkeypatch.setattr(kubernetes, "connected", answers)
    kinds = {"edge": "apps/v1:Deployment", "bootstrap": "batch/v1:Job", "smoke": "batch/v1:Job", "gone": "batch/v1:Job"}
    deployed = state(*(runner(kind, role) for role, kind in kinds.items()))
    found = kubernetes.running(Engine(SimpleNamespace()), deployed)  # type: ignore[arg-type]
    assert {name: one.health for name, one in found.items()} == {
        "s-edge": "1 of 2 ready",
        "s-bootstrap": "healthy",
        "s-smoke": "failed",
    }
    assert found["s-edge"].image == "sha256:1"
    assert found["s-edge"].memory_bytes == 3 * 1024 * 1024
    assert found["s-edge"].since and found["s-edge"].since.isoformat() == "2026-06-01T11:00:00+00:00"
    assert found["s-bootstrap"].memory_bytes is None


def test_a_kubeconfig_that_is_gone_is_named_with_the_way_out() -> None:
    provider: Entry = {
        "urn": "urn:pulumi:s::portus-stack::pulumi:providers:kubernetes::kubernetes",
        "type": "pulumi:providers:kubernetes",
        "inputs": {"kubeconfig": "/nowhere/kubeconfig"},
    }
    deployed: State = state(provider)
    engine = SimpleNamespace(stack=stack(Path("/project"), clone=False))
    with pytest.raises(OperationError, match="/nowhere/kubeconfig") as raised, connected(engine, deployed):  # type: ignore[arg-type]
        pass
    assert "--preserve-config s" in str(raised.value)
