"""The pack's processes and the graphs that it judges; each is made once."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from google.protobuf import empty_pb2

from tests.component.deployments import VARIANTS, deploy, kubernetes_args
from tests.policy import kubernetes_stack
from tests.policy.graphs import Graph, recorded
from tests.policy.pack import Pack, Told

SETTINGS: Mapping[str, Any] = {"profile": "compat"}
Judged = Callable[[str, bool], list[Told]]


@pytest.fixture(scope="session")
def graph() -> Callable[[str, bool], Graph]:
    """A graph by name, as a preview or an update sees it.

    `kubernetes` is written by hand, `component on kubernetes` and `docker` are recorded, and so are other variants.
    """

    @cache
    def find(name: str, preview: bool) -> Graph:
        if name == "kubernetes":
            return kubernetes_stack.stack()
        if name == "component on kubernetes":
            return recorded(deploy(kubernetes_args("load balancer") | VARIANTS["backups"], preview=preview))
        return recorded(deploy(VARIANTS["backups" if name == "docker" else name], preview=preview))

    return find


@pytest.fixture(scope="session")
def packs() -> Iterator[Callable[[bool], Pack]]:
    """A running pack for previews (True) and one for updates (False)."""
    running: dict[bool, Pack] = {}

    def find(preview: bool) -> Pack:
        if preview not in running:
            running[preview] = Pack(preview, SETTINGS)
        return running[preview]

    yield find
    for pack in running.values():
        pack.close()


@pytest.fixture(scope="session")
def rule_ids(packs: Callable[[bool], Pack]) -> dict[str, str]:
    """Policy name → rule id, as the pack itself tells them."""
    info = packs(False).stub.GetAnalyzerInfo(empty_pb2.Empty())
    return {each.name: each.tags[0] for each in info.policies if each.tags}
