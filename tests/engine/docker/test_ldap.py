"""A directory that somebody else runs: a fresh stack uses it, and it is switched off and on while the stack runs."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.contract.portus import directory as ldap
from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.daemon_tls import DaemonTls
from tests.engine.docker.deployment import Config, Deployment, local_config, prepared, wait_for
from tests.engine.docker.portus import PortusApi
from tests.portus_image import patience, portus_image

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900 * patience())]

NAME, PORT, LDAP_PORT = "listed", 9381, 9386
CONTAINER = "portus-stack-test-ldap"


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """The directory on the bridge's address, for nobody who does not encrypt; that address, and the CA of its own."""
    client = docker.from_env()
    address = str(ipaddress.ip_network(client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Subnet"])[1])
    tls = DaemonTls(address)
    files = {
        "directory/people.ldif": ldap.entries(),
        "tls/tls.crt": tls.server.certificate_pem,
        "tls/tls.key": tls.server.key_pem,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for old in client.containers.list(all=True, ignore_removed=True, filters={"name": f"^{CONTAINER}$"}):
        old.remove(force=True, v=True)
    container = client.containers.run(
        ldap.IMAGE,
        detach=True,
        name=CONTAINER,
        labels={"portus-stack.test": NAME},
        environment={"LDAP_REQUIRE_TLS": "1"},
        volumes={str(folder / name): {"bind": f"/{name}", "mode": "ro"} for name in ("directory", "tls")},
        ports={"389/tcp": (address, LDAP_PORT)},
    )
    try:
        wait_for(lambda: b"slapd starting" in container.logs(), 60, lambda: container.logs(tail=20).decode())
        yield address, tls.ca.certificate_pem
    finally:
        container.remove(force=True, v=True)
        client.close()


def config(address: str, ca_pem: str) -> Config:
    """The local stack that signs users in by the directory."""
    options: dict[str, Any] = {
        "enabled": True,
        "hostname": address,
        "port": LDAP_PORT,
        "base": f"ou=people,{ldap.SUFFIX}",
        "encryption": {"method": "start_tls"},
        "authentication": {
            "enabled": True,
            "bind_dn": f"cn=reader,{ldap.SUFFIX}",
            "password": ldap.READER_PASSWORD,
        },
        "guess_email": {"enabled": True, "attr": "mail"},
    }
    portus = {"image": portus_image(2), "settings": {"ldap": options}, "trusted_ca_pem": ca_pem}
    return local_config(NAME, PORT, portus=portus)


def switch(deployment: Deployment, on: bool) -> None:
    """As an operator does it: one line of the stack file, and `up`, which ends with the smoke check."""
    changed = deployment.config
    changed["portus-stack:portus"]["settings"]["ldap"]["enabled"] = on
    deployment.configure(changed)
    deployment.up()


def test_a_directory_on_a_fresh_stack_then_off_and_on_again(tmp_path: Path) -> None:
    with (
        served(tmp_path / "directory") as (address, ca_pem),
        prepared(NAME, tmp_path / "stack", config(address, ca_pem)) as deployment,
    ):
        deployment.up()
        edge = Edge.of(deployment)
        with trusted(edge):
            client = DockerClient(edge, tmp_path / "client")
            people_push_and_are_seen(client, "first")
            own_users_are_nobody_elses(client)
            switch(deployment, False)
            assert client.login(edge.username, edge.password)[0] == 0, deployment.logs()
            switch(deployment, True)
            people_push_and_are_seen(client, "again")
        deployment.up("--expect-no-changes")
        deployment.destroy()
        assert deployment.leftovers() == []


def people_push_and_are_seen(client: DockerClient, repository: str) -> None:
    """Somebody of the directory signs in, pushes into a namespace of her own, and Portus shows it as hers."""
    code, output = client.login("alice", ldap.ALICE_PASSWORD)
    assert code == 0, f"{output}\n{client.edge.deployment.logs()}"
    client.push_new_image(f"alice/{repository}")
    administrator = PortusApi.as_administrator(client.edge)
    wait_for(lambda: administrator.tags(repository) == {"1": "alice"}, 60 * patience(), client.edge.deployment.logs)
    assert client.login("alice", "wrong-pass-1")[0] != 0


def own_users_are_nobody_elses(client: DockerClient) -> None:
    """The directory has an entry of the administrator's name too."""
    edge = client.edge
    assert not PortusApi(edge).sign_in(edge.username, ldap.IMPOSTER_PASSWORD)
    assert client.login(edge.username, ldap.IMPOSTER_PASSWORD)[0] != 0
    assert client.login(edge.username, edge.password)[0] == 0, edge.deployment.logs()
