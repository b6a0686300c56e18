"""A MariaDB that somebody else runs, which asks for TLS and a certificate.

What happens when its password is wrong, and when a newer release of Portus finds its tables.
"""

import ipaddress
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.daemon_tls import DaemonTls
from tests.engine.docker.deployment import Config, Deployment, local_config, prepared, wait_for
from tests.engine.docker.portus import PortusApi
from tests.portus_image import newer_image, portus_image

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

NAME, PORT, DATABASE_PORT = "outsourced", 9371, 9376
CONTAINER = "portus-stack-test-external-database"
LABEL = "portus-stack.test"
LIMIT_SECONDS = 180
_TLS = (
    *("--ssl-ca=/etc/tls/ca.pem", "--ssl-cert=/etc/tls/server.pem", "--ssl-key=/etc/tls/server-key.pem"),
    "--require-secure-transport=ON",
)
MIGRATES = "these are the tables of an older release"
PORTUS_OWN_WORDS = "Waiting for mariadb to be ready"


def password() -> str:
    return f"p{secrets.token_hex(16)}"


def _served(tls: DaemonTls, folder: Path) -> dict[str, dict[str, str]]:
    """Mounts: what the server presents and verifies with, and what it asks of Portus' user."""
    folder.mkdir()
    files = {
        "/etc/tls/ca.pem": tls.ca.certificate_pem,
        "/etc/tls/server.pem": tls.server.certificate_pem,
        "/etc/tls/server-key.pem": tls.server.key_pem,
        "/docker-entrypoint-initdb.d/user.sql": "ALTER USER 'portal'@'%' REQUIRE X509;",
    }
    mounts: dict[str, dict[str, str]] = {}
    for target, text in files.items():
        path = folder / Path(target).name
        path.write_text(text)
        path.chmod(0o644)
        mounts[str(path)] = {"bind": target, "mode": "ro"}
    return mounts


@contextmanager
def mariadb(database_password: str, folder: Path) -> Iterator[tuple[str, DaemonTls]]:
    """A MariaDB of the test's own that listens on the bridge's address; that address, and its certificates."""
    client = docker.from_env()
    # The daemon's first run leaves `Gateway` out; it is the subnet's first address.
    subnet = ipaddress.ip_network(client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Subnet"])
    address = str(subnet[1])
    tls = DaemonTls(address)
    for old in client.containers.list(all=True, ignore_removed=True, filters={"name": f"^{CONTAINER}$"}):
        old.remove(force=True, v=True)
    container = client.containers.run(
        "portus-stack.lab/mariadb:10.11",
        [*("--character-set-server=utf8", "--collation-server=utf8_unicode_ci"), *_TLS],
        detach=True,
        name=CONTAINER,
        labels={LABEL: NAME},
        environment={
            "MARIADB_DATABASE": "registry_portal",
            "MARIADB_USER": "portal",
            "MARIADB_PASSWORD": database_password,
            "MARIADB_RANDOM_ROOT_PASSWORD": "1",
        },
        ports={"3306/tcp": (address, DATABASE_PORT)},
        volumes=_served(tls, folder),
    )
    try:
        wait_for(lambda: _is_ready(container), 90, lambda: container.logs(tail=20).decode())
        yield address, tls
    finally:
        container.remove(force=True, v=True)
        client.close()


def _is_ready(container: Container) -> bool:
    code, _ = container.exec_run(["healthcheck.sh", "--connect", "--innodb_initialized"])
    return bool(code == 0)


def config(address: str, tls: DaemonTls) -> Config:
    external: dict[str, object] = {"host": address, "port": DATABASE_PORT, "username": "portal"}
    external["database"] = "registry_portal"
    external["tls"] = {
        "ca_certificate_pem": tls.ca.certificate_pem,
        "certificate_pem": tls.client.certificate_pem,
        "private_key_pem": tls.client.key_pem,
    }
    pool = {"bind_address": "127.0.0.1", "http_port": PORT + 1, "address_pool": "10.225.0.0/23"}
    config = local_config(NAME, PORT, database={"external": external}, docker=pool)
    config["portus-stack:portus"]["start_timeout_seconds"] = 150  # Portus itself gives up after 90 s
    return config


def set_password(deployment: Deployment, value: str) -> None:
    """As an operator does it: secret, inside a group."""
    key = "database.external.password"
    deployment.pulumi("config", "set", "--secret", "--path", key, value, "-s", deployment.name)


def test_wrong_password_fails_soon_the_right_one_heals_and_a_newer_release_keeps_all(tmp_path: Path) -> None:
    right, wrong = password(), password()
    with (
        mariadb(right, tmp_path / "database") as (address, tls),
        prepared(NAME, tmp_path / "stack", config(address, tls)) as deployment,
    ):
        set_password(deployment, wrong)
        _fails(deployment, wrong)
        set_password(deployment, right)
        printed = deployment.up()
        assert right not in printed
        pushed = _is_green(deployment, tmp_path / "client")
        exported = deployment.pulumi("stack", "export", "-s", deployment.name)
        assert right not in exported
        assert tls.client.key_pem.splitlines()[1] not in exported
        deployment.up("--expect-no-changes")
        if newer_image() != portus_image(2):
            deployment.pulumi("config", "set", "--path", "portus.image", newer_image(), "-s", deployment.name)
            deployment.up()
            _keeps(deployment, tmp_path / "client", pushed)
            deployment.up("--expect-no-changes")
        deployment.destroy()
        assert deployment.leftovers() == []


def _fails(deployment: Deployment, wrong: str) -> None:
    started = time.monotonic()
    finished = deployment.run("up", "--yes", "--skip-preview", "--suppress-progress", "-s", deployment.name)
    seconds = time.monotonic() - started
    assert finished.code != 0, finished.output
    assert seconds < LIMIT_SECONDS, finished.output
    assert "portus did not become ready" in finished.output
    assert PORTUS_OWN_WORDS in finished.output, finished.output
    assert f"docker logs {deployment.name}-portus" in finished.output
    assert wrong not in finished.output
    # Nobody can reach a stack that has no administrator yet.
    assert {"edge", "bootstrap"} & set(deployment.containers(running=False)) == set()


def _is_green(deployment: Deployment, folder: Path) -> str:
    """The digest of an image that was pushed."""
    assert set(deployment.containers()) == {"registry", "portus", "background", "edge", "bootstrap", "smoke_check"}
    edge = Edge.of(deployment)
    with trusted(edge):
        client = DockerClient(edge, folder)
        code, output = client.login(edge.username, edge.password)
        assert code == 0, output
        pushed = client.push_new_image(f"{edge.username}/kept-elsewhere")
        assert client.pull_afresh(f"{edge.username}/kept-elsewhere") == pushed
        api = PortusApi.as_administrator(edge)
        wait_for(lambda: api.tags("kept-elsewhere") != {}, 60, deployment.logs)
    return pushed


def _keeps(deployment: Deployment, folder: Path, pushed: str) -> None:
    """With the tables of the newer release: who was there signs in, what was pushed is there, and pushes go on."""
    portus = deployment.containers()["portus"]
    assert MIGRATES in portus.logs().decode()
    edge = Edge.of(deployment)
    with trusted(edge):
        client = DockerClient(edge, folder)
        code, output = client.login(edge.username, edge.password)
        assert code == 0, output
        assert client.pull_afresh(f"{edge.username}/kept-elsewhere") == pushed
        assert client.push_new_image(f"{edge.username}/newer")
        api = PortusApi.as_administrator(edge)
        wait_for(lambda: api.tags("newer") != {}, 60, deployment.logs)
        assert api.tags("kept-elsewhere") == {"1": edge.username}
