"""Requests as the engine sends them, to a plugin whose cluster does not answer."""

from collections.abc import Callable
from threading import Event
from typing import TypedDict

from toolchain.plugins.framework import (
    Autonaming,
    CheckRequest,
    DiffRequest,
    Log,
    Properties,
    Severity,
    Status,
)
from toolchain.plugins.kubernetes.cluster import Cluster
from toolchain.plugins.kubernetes.settings import Settings

NOWHERE = """{"apiVersion": "v1", "kind": "Config", "current-context": "x", "users": [{"name": "x", "user": {}}],
    "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x", "namespace": "of-context"}}],
    "clusters": [{"name": "x", "cluster": {"server": "http://127.0.0.1:1"}}]}"""


class _About(TypedDict):
    urn: str
    type: str
    name: str
    log: Log
    status: Status
    cancelled: Event


def cluster(**settings: bool) -> Cluster:
    made = Cluster()
    made.settings = Settings(kubeconfig=NOWHERE, **settings)  # type: ignore[arg-type]
    return made


def _silent(text: str) -> None:
    """For requests whose messages nobody looks at."""


def _about(say: Callable[[str], None]) -> _About:
    return {
        "urn": "urn:pulumi:test::project::kubernetes:core/v1:ConfigMap::cfg",
        "type": "kubernetes:core/v1:ConfigMap",
        "name": "cfg",
        "log": lambda severity, text: say(text),
        "status": lambda text, severity=Severity.INFO: None,
        "cancelled": Event(),
    }


def check_request(
    news: Properties,
    olds: Properties | None = None,
    *,
    seed: bytes = b"",
    autonaming: Autonaming | None = None,
    say: Callable[[str], None] = _silent,
) -> CheckRequest:
    return CheckRequest(**_about(say), olds=olds or {}, news=news, random_seed=seed, autonaming=autonaming)


def diff_request(olds: Properties, news: Properties, *ignored: str) -> DiffRequest:
    return DiffRequest(**_about(_silent), id="id", olds=olds, old_inputs={}, news=news, ignore_changes=ignored)
