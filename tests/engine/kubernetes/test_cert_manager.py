"""cert-manager issues the edge's certificate and renews it as clients go on: its own controllers, a real cluster."""

import socket
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from kubernetes import client as kubernetes_client

from lab.cluster import cert_manager
from tests.engine.docker.client import DockerClient, Edge
from tests.engine.docker.deployment import Deployment
from tests.engine.kubernetes.cluster import Cluster, wait_for
from tests.engine.kubernetes.conftest import cluster_config, on_cluster, reached
from tests.engine.kubernetes.test_stack import fresh

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]  # the controllers are built once
NAME, PORT = "kube-issued", 31561
ISSUER, ROOT = "team", "team-root"
_RENEWED_SECONDS = 300
"""A kubelet brings a changed Secret to its pods within two minutes."""


class Issuing:
    """cert-manager's objects in the namespace of a stack."""

    def __init__(self, cluster: Cluster, log: Path) -> None:
        self._cluster, self._log = cluster, log
        self._objects: Any = kubernetes_client.CustomObjectsApi(cluster.api)
        self._place = {"group": "cert-manager.io", "version": "v1", "namespace": cluster.namespace}

    def create(self, kind: str, name: str, spec: dict[str, Any]) -> None:
        body = {"apiVersion": "cert-manager.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        self._objects.create_namespaced_custom_object(**self._place, plural=f"{kind.lower()}s", body=body)

    def certificate(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._objects.get_namespaced_custom_object(
            **self._place, plural="certificates", name=name
        )
        return found

    def make_authority(self) -> str:
        """An Issuer of the team's own CA; that CA."""
        self.create("Issuer", "self-signed", {"selfSigned": {}})
        reference = {"name": "self-signed"}
        spec = {"isCA": True, "commonName": "team CA", "secretName": ROOT, "issuerRef": reference, "duration": "2160h"}
        self.create("Certificate", ROOT, {**spec, "privateKey": {"algorithm": "ECDSA", "size": 256}})
        self.create("Issuer", ISSUER, {"ca": {"secretName": ROOT}})
        wait_for(lambda: _is_ready(self.certificate(ROOT)), 120, self._said)
        secret = self._cluster.core.read_namespaced_secret(ROOT, self._cluster.namespace)
        return b64decode(secret.data["tls.crt"]).decode()

    def renew(self, name: str) -> None:
        """What `cmctl renew` does: ask for the next certificate now, long before its time."""
        certificate = self.certificate(name)
        asked = {
            "type": "Issuing",
            "status": "True",
            "reason": "ManuallyTriggered",
            "message": "a test asks for it",
            "lastTransitionTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "observedGeneration": certificate["metadata"]["generation"],
        }
        certificate["status"]["conditions"].append(asked)
        self._objects.replace_namespaced_custom_object_status(
            **self._place, plural="certificates", name=name, body=certificate
        )

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-3000:]


def _is_ready(certificate: dict[str, Any]) -> bool:
    conditions = certificate.get("status", {}).get("conditions", [])
    return ("Ready", "True") in [(each["type"], each["status"]) for each in conditions]


@pytest.fixture(scope="module")
def deployed(
    tmp_path_factory: pytest.TempPathFactory, kubeconfig: Path
) -> Iterator[tuple[Deployment, Cluster, Issuing]]:
    """In a namespace that the team made, beside its issuer."""
    config = cluster_config(NAME, PORT)
    config["portus-stack:kubernetes"] |= {"create_namespace": False, "scheduling_timeout_seconds": 45}
    with (
        cert_manager.running(kubeconfig) as log,
        on_cluster(NAME, tmp_path_factory.mktemp(NAME), config, kubeconfig) as (deployment, cluster),
    ):
        cluster.create_namespace({"owner": "team"})
        issuing = Issuing(cluster, log)
        issuer = {"issuer": {"name": ISSUER, "kind": "Issuer"}, "ca_certificate_pem": issuing.make_authority()}
        deployment.configure(config | {"portus-stack:certificates": {"cert_manager": issuer}})
        deployment.up()
        yield deployment, cluster, issuing


def served(edge: Edge) -> x509.Certificate:
    """What the edge shows to a new client that trusts the team's CA alone."""
    with (
        socket.create_connection((edge.address, edge.port), timeout=30) as plain,
        edge.context().wrap_socket(plain, server_hostname=edge.registry_host) as connection,
    ):
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")


def served_after(edge: Edge, first: x509.Certificate, evidence: Callable[[], str]) -> x509.Certificate:
    """The next certificate. While nginx reloads, its old and its new processes answer side by side: ask once only."""
    shown = [first]

    def is_another() -> bool:
        shown.append(served(edge))
        return shown[-1].serial_number != first.serial_number

    wait_for(is_another, _RENEWED_SECONDS, evidence)
    return shown[-1]


def _renewal(issuing: Issuing, cluster: Cluster) -> str:
    """What a failure should show."""
    return f"{issuing.certificate(f'{NAME}-edge-certificate')['status']}\n{cluster.run('edge', 'ls', '-la')}"


def test_renewed_certificate_reaches_clients_without_hands(
    deployed: tuple[Deployment, Cluster, Issuing], tmp_path: Path
) -> None:
    deployment, cluster, issuing = deployed
    deployment.up("--expect-no-changes")
    with reached(deployment, cluster) as edge:
        docker = DockerClient(edge, tmp_path)
        assert docker.login(edge.username, edge.password)[0] == 0
        repository = f"{edge.username}/{fresh('app')}"
        pushed = docker.push_new_image(repository)
        first, pod = served(edge), cluster.pods()["edge"]
        assert first.issuer.rfc4514_string() == "CN=team CA"
        issuing.renew(f"{NAME}-edge-certificate")
        later = served_after(edge, first, lambda: _renewal(issuing, cluster))
        assert later.public_key() != first.public_key(), "with a new key"
        now = cluster.pods()["edge"]
        assert now.metadata.uid == pod.metadata.uid and now.status.container_statuses[0].restart_count == 0
        assert docker.pull_afresh(repository) == pushed
    deployment.up("--expect-no-changes")


def test_key_of_the_certificate_is_not_in_the_state(deployed: tuple[Deployment, Cluster, Issuing]) -> None:
    deployment, cluster, _ = deployed
    secret = cluster.core.read_namespaced_secret(f"{NAME}-edge-certificate", cluster.namespace)
    key = b64decode(secret.data["tls.key"]).decode()
    assert key.splitlines()[1] not in deployment.pulumi("stack", "export", "--show-secrets", "-s", NAME)


@pytest.mark.soak
def test_issuer_that_does_not_issue_fails_the_update_and_nothing_else(
    deployed: tuple[Deployment, Cluster, Issuing],
) -> None:
    deployment, cluster, _ = deployed
    before = deployment.config
    nobody = {"issuer": {"name": "nobody", "kind": "Issuer"}}
    certificates = before["portus-stack:certificates"]["cert_manager"] | nobody
    deployment.configure(before | {"portus-stack:certificates": {"cert_manager": certificates}})
    done = deployment.run("up", "--yes", "--skip-preview", "--suppress-progress", "-s", NAME)
    assert done.code != 0
    assert "edge did not become ready" in done.output
    assert "cert-manager has not issued the certificate" in done.output
    with reached(deployment, cluster) as edge:
        assert edge.request("GET", edge.portus_host, "/users/sign_in").status == 200, "the old certificate goes on"
    deployment.configure(before)
    deployment.up()
    deployment.up("--expect-no-changes")
