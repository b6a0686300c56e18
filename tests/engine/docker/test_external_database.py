"""A MariaDB that somebody else runs, and what happens when its password is wrong."""

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
from tests.engine.docker.deployment import Config, Deployment, local_config, prepared, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

NAME, PORT, DATABASE_PORT = "outsourced", 9371, 9376
CONTAINER = "portus-stack-test-external-database"
LABEL = "portus-stack.test"
LIMIT_SECONDS = 180
PORTUS_OWN_WORDS = "Waiting for mariadb to be ready"


def password() -> str:
    return f"p{secrets.token_hex(16)}"


@contextmanager
def mariadb(database_password: str) -> Iterator[str]:
    """A MariaDB of the test's own that listens on the bridge's address; that address."""
    client = docker.from_env()
    # The daemon's first run leaves `Gateway` out; it is the subnet's first address.
    subnet = ipaddress.ip_network(client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Subnet"])
    address = str(subnet[1])
    for old in client.containers.list(all=True, ignore_removed=True, filters={"name": f"^{CONTAINER}$"}):
        old.remove(force=True, v=True)
    container = client.containers.run(
        "portus-stack.lab/mariadb:10.11",
        ["--character-set-server=utf8", "--collation-server=utf8_unicode_ci"],
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
    )
    try:
        wait_for(lambda: _is_ready(container), 90, lambda: container.logs(tail=20).decode())
        yield address
    finally:
        container.remove(force=True, v=True)
        client.close()


def _is_ready(container: Container) -> bool:
    code, _ = container.exec_run(["healthcheck.sh", "--connect", "--innodb_initialized"])
    return bool(code == 0)


def config(address: str) -> Config:
    external = {"host": address, "port": DATABASE_PORT, "username": "portal", "database": "registry_portal"}
    pool = {"bind_address": "127.0.0.1", "http_port": PORT + 1, "address_pool": "10.225.0.0/23"}
    config = local_config(NAME, PORT, database={"external": external}, docker=pool)
    config["portus-stack:portus"]["start_timeout_seconds"] = 150  # Portus itself gives up after 90 s
    return config


def set_password(deployment: Deployment, value: str) -> None:
    """As an operator does it: secret, inside a group."""
    key = "database.external.password"
    deployment.pulumi("config", "set", "--secret", "--path", key, value, "-s", deployment.name)


def test_wrong_password_fails_soon_with_portus_words_and_the_right_one_heals(tmp_path: Path) -> None:
    right, wrong = password(), password()
    with mariadb(right) as address, prepared(NAME, tmp_path / "stack", config(address)) as deployment:
        set_password(deployment, wrong)
        _fails(deployment, wrong)
        set_password(deployment, right)
        printed = deployment.up()
        assert right not in printed
        _is_green(deployment, tmp_path / "client")
        assert right not in deployment.pulumi("stack", "export", "-s", deployment.name)
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


def _is_green(deployment: Deployment, folder: Path) -> None:
    assert set(deployment.containers()) == {"registry", "portus", "background", "edge", "bootstrap", "smoke_check"}
    edge = Edge.of(deployment)
    with trusted(edge):
        client = DockerClient(edge, folder)
        code, output = client.login(edge.username, edge.password)
        assert code == 0, output
        pushed = client.push_new_image(f"{edge.username}/kept-elsewhere")
        assert client.pull_afresh(f"{edge.username}/kept-elsewhere") == pushed
