"""One PortusStack on two Docker hosts: Portus here, the edge on the other, the registry or the database with it.

The second host is reached over tcp:// with TLS, this one over its unix socket and over ssh://.
"""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docker import DockerClient as Daemon
from docker.models.containers import Container

from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.daemon import LAB, SecondHost, second_host
from tests.engine.docker.daemon_tls import DaemonTls
from tests.engine.docker.deployment import NAME_LABEL, ROLE_LABEL, Config, Deployment, local_config, prepared, wait_for
from tests.engine.docker.portus import PortusApi
from tests.engine.docker.ssh_server import ssh_server
from tests.engine.docker.wiretap import Wiretap, wiretap

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

NAME, PORT = "spread", 9351
NUMBER, DAEMON_PORT, SSH_PORT = 4, 2376, 9359
IMAGES = tuple(f"{LAB}/{name}" for name in ("registry:2.8", "edge:1.22", "python:3.13", "mariadb:10.11"))
DATABASE_PORT, PORTUS_PORT, REGISTRY_PORT = 3306, 3000, 5000
LABEL: dict[str, str | list[str] | bool] = {"label": f"{NAME_LABEL}={NAME}"}
Host = dict[str, object]


@pytest.fixture(scope="module")
def daemon_tls() -> DaemonTls:
    return DaemonTls(SecondHost.address_of(NUMBER))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, daemon_tls: DaemonTls) -> Iterator[SecondHost]:
    folder = tmp_path_factory.mktemp("host")
    arguments = daemon_tls.daemon_arguments(SecondHost.address_of(NUMBER), DAEMON_PORT, folder)
    with second_host(folder, NUMBER, *arguments, images=IMAGES) as host:
        yield host


@pytest.fixture
def far(host: SecondHost) -> Iterator[Daemon]:
    """The second host's daemon."""
    with contextlib.closing(host.client()) as client:
        yield client


def config(host: SecondHost, daemon_tls: DaemonTls, here: Host, far_role: str) -> Config:
    """The edge and one more are on the second host; ``here`` says how this machine's own daemon is reached."""
    far_roles = ["edge", far_role]
    near_roles = [role for role in ("database", "portus", "background", "registry") if role != far_role]
    address = f"tcp://{host.address}:{DAEMON_PORT}"
    hosts: list[Host] = [
        {"name": "near", **here, "private_address": host.here, "roles": near_roles},
        {"name": "far", "address": address, "private_address": host.address, "roles": far_roles},
    ]
    hosts[1]["tls"] = daemon_tls.stack_config()
    docker = {"hosts": hosts, "bind_address": host.address, "http_port": PORT + 1, "address_pool": "10.224.0.0/23"}
    # No role needs the daemon of docker_host, so it need not exist.
    return local_config(NAME, PORT, docker=docker, docker_host="unix:///nonexistent/docker.sock")


def roles(containers: list[Container]) -> set[str]:
    return {each.labels[ROLE_LABEL] for each in containers}


def ours(daemon: Daemon) -> list[Container]:
    found: list[Container] = daemon.containers.list(filters=LABEL)
    return found


def reaches(host: SecondHost, address: str, port: int) -> bool:
    """Whether somebody on the second host can open a TCP connection."""
    program = ("timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}")
    done = subprocess.run(["nsenter", f"--net=/run/netns/{host.namespace}", *program], capture_output=True, check=False)
    return done.returncode == 0


def use(deployment: Deployment, host: SecondHost, folder: Path) -> None:
    """Sign in, push, see the push in Portus, pull."""
    edge = replace(Edge.of(deployment), address=host.address)
    with trusted(edge):
        client = DockerClient(edge, folder)
        code, output = client.login(edge.username, edge.password)
        assert code == 0, output
        pushed = client.push_new_image(f"{edge.username}/spread")
        assert client.pull_afresh(f"{edge.username}/spread") == pushed
        # The registry's webhook crossed to Portus, or came from beside it.
        api = PortusApi.as_administrator(edge)
        wait_for(lambda: api.tags("spread") != {}, 60, deployment.logs)
        assert api.tags("spread") == {"1": edge.username}


def assert_destroyed(deployment: Deployment, far: Daemon) -> None:
    deployment.destroy()
    assert deployment.leftovers() == []
    assert far.containers.list(all=True, ignore_removed=True, filters=LABEL) == []
    assert far.networks.list(filters=LABEL) == []
    assert far.volumes.list(filters=LABEL) == []


def assert_only_tls_crosses(tap: Wiretap, *ports: int) -> None:
    assert set(ports) <= set(tap.first_bytes), "the wire was not heard"
    assert tap.in_the_clear() == {}


@pytest.mark.soak
def test_tcp_host_with_the_edge_and_the_registry(
    host: SecondHost, far: Daemon, daemon_tls: DaemonTls, tmp_path: Path
) -> None:
    stack = config(host, daemon_tls, {"address": "unix:///var/run/docker.sock"}, "registry")
    with prepared(NAME, tmp_path / "stack", stack) as deployment, wiretap(host.interface) as tap:
        deployment.up()
        assert roles(ours(far)) == {"edge", "registry", "smoke_check"}
        assert set(deployment.containers()) == {"database", "portus", "background", "bootstrap"}
        use(deployment, host, tmp_path / "client")
        deployment.up("--expect-no-changes")
        assert_only_tls_crosses(tap, DAEMON_PORT, PORT, PORTUS_PORT, REGISTRY_PORT)
        _database_is_out_of_reach(deployment, host)
        _daemon_key_is_secret(deployment, daemon_tls)
        assert_destroyed(deployment, far)


def _database_is_out_of_reach(deployment: Deployment, host: SecondHost) -> None:
    """Not through this machine's address, and not at its own, even for somebody who knows the way."""
    networks = deployment.containers()["database"].attrs["NetworkSettings"]["Networks"].values()
    assert reaches(host, host.here, PORTUS_PORT)
    assert not reaches(host, host.here, DATABASE_PORT)
    for address in (network["IPAddress"] for network in networks):
        subprocess.run(["ip", "-n", host.namespace, "route", "replace", f"{address}/32", "via", host.here], check=True)
        assert not reaches(host, address, DATABASE_PORT)


def _daemon_key_is_secret(deployment: Deployment, daemon_tls: DaemonTls) -> None:
    body = daemon_tls.client.key_pem.splitlines()[1]
    assert body not in deployment.pulumi("stack", "export", "-s", deployment.name)
    assert body not in deployment.pulumi("preview", "--diff", "-s", deployment.name)


def test_ssh_host_with_portus_and_the_registry_apart_from_their_database(
    host: SecondHost, far: Daemon, daemon_tls: DaemonTls, tmp_path: Path
) -> None:
    with ssh_server(tmp_path / "ssh", host.here, SSH_PORT) as ssh:
        here: Host = {"address": ssh.address, "ssh_options": ssh.options}
        stack = config(host, daemon_tls, here, "database")
        with prepared(NAME, tmp_path / "stack", stack) as deployment, wiretap(host.interface) as tap:
            deployment.up()
            assert roles(ours(far)) == {"edge", "database", "smoke_check"}
            assert set(deployment.containers()) == {"portus", "background", "registry", "bootstrap"}
            use(deployment, host, tmp_path / "client")
            deployment.up("--expect-no-changes")
            assert_only_tls_crosses(tap, DAEMON_PORT, PORT, PORTUS_PORT, REGISTRY_PORT, DATABASE_PORT)
            assert_destroyed(deployment, far)
