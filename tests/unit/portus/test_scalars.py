"""What YAML took for something else than was meant: the message says to write quotes, or none."""

from typing import Any

import pytest
import yaml

from tests.unit.portus import kubernetes_samples
from tests.unit.portus.samples import MINIMAL, merged, problems

QUOTES, NO_QUOTES = "put it in quotes", "write it without quotes"
KUBERNETES = kubernetes_samples.target()


def told(text: str, base: dict[str, Any] = MINIMAL) -> dict[str, str]:
    """The problems of the minimal arguments with the YAML ``text``."""
    return problems(merged(base, yaml.safe_load(text)))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("rotation: {certificates: 2}", "rotation.certificates"),
        ("rotation: {certificates: 1.5}", "rotation.certificates"),
        ("rotation: {certificates: true}", "rotation.certificates"),
        ("kubernetes: {annotations: {prometheus.io/scrape: true}}", "kubernetes.annotations"),
        ("kubernetes: {pods: {annotations: {prometheus.io/port: 9090}}}", "kubernetes.pods.annotations"),
        ("kubernetes: {labels: {cost-center: 1234}}", "kubernetes.labels"),
        ("kubernetes: {pods: {environment: {TIMEOUT: 30}}}", "kubernetes.pods.environment"),
        ("kubernetes: {pods: {node_selector: {gpu: false}}}", "kubernetes.pods.node_selector"),
        (
            "kubernetes: {pods: {tolerations: [{key: dedicated, value: true}]}}",
            "kubernetes.pods.tolerations[0].value",
        ),
        ("kubernetes: {namespace: 123}", "kubernetes.namespace"),
        ("kubernetes: {pull_secrets: [1]}", "kubernetes.pull_secrets[0]"),
        (
            "registry: {storage: {s3: {bucket: layers, region: eu, access_key: 1234567, secret_key: 7654321}}}",
            "registry.storage.s3.access_key",
        ),
        ("portus: {settings: {email: {name: 5}}}", "portus.settings.email.name"),
    ],
)
def test_text_without_quotes(text: str, path: str) -> None:
    base = merged(MINIMAL, KUBERNETES) if text.startswith("kubernetes") else MINIMAL
    found = told(text, base)
    assert QUOTES in found[path], found
    assert "1234567" not in found[path]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("smoke_check: 'false'", "smoke_check"),
        ("database: {size_gib: '20'}", "database.size_gib"),
        ("edge: {resources: {cpus: '2'}}", "edge.resources.cpus"),
        ("portus: {settings: {signup: {enabled: 'false'}}}", "portus.settings.signup.enabled"),
        ("portus: {settings: {ldap: {port: '389'}}}", "portus.settings.ldap.port"),
    ],
)
def test_quotes_where_none_are_meant(text: str, path: str) -> None:
    assert NO_QUOTES in told(text)[path]


@pytest.mark.parametrize(
    "text",
    [
        "hostnames: {portus: 5}",
        "database: {external: {host: db.test, username: a, database: b, password: 12345678}}",
        "smoke_check: 'yes'",
        "smoke_check: '1'",
        "database: {size_gib: 'true'}",
        "rotation: {certificates: [2]}",
    ],
)
def test_no_hint_where_it_would_not_help(text: str) -> None:
    found = told(text)
    assert found and not [reason for reason in found.values() if "quotes" in reason]
