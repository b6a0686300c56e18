"""What outsiders must not reach."""

import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import docker
import pytest

from components.portus.roles.edge_configuration import OUTSIDE_PORT
from tests.engine.docker.client import DockerClient, Edge
from tests.engine.docker.conftest import PORT
from tests.engine.docker.daemon import SecondHost
from tests.engine.docker.deployment import Deployment, wait_for
from tests.engine.docker.portus import PortusApi

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

FORBIDDEN = (403, 404)
AMBIGUOUS = (400, 403)
"""For a path with a segment `..`: Portus' host refuses it for that alone."""
CLOSED = (
    *(
        "/v2/webhooks/events",
        "/v2//webhooks/events",
        "/v2/%77ebhooks/events",
        "/v2/token/../webhooks/events",
        "/v2/webhooks/events/",
    ),
    *(
        "/api/v1/users/bootstrap",
        "/api/v1/users/bootstrap.json",
        "/api/v1//users/bootstrap",
        "/api/v1/users/%62ootstrap",
    ),
    *("/api/v1/health", "/api/v1/health.json", "/api/v1/_ping", "/api/v1/_health"),
)


def refusals(path: str) -> tuple[int, int]:
    """The statuses of which one has to be the answer."""
    return AMBIGUOUS if "/../" in path else FORBIDDEN


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_needs_no_authentication_inside_is_closed_outside(edge: Edge, method: str, path: str) -> None:
    for host in (edge.portus_host, edge.registry_host):
        assert edge.request(method, host, path, body="{}" if method == "POST" else None).status in refusals(path)


@pytest.mark.parametrize("path", CLOSED)
def test_it_is_closed_with_one_host_name_too(first_edge: Edge, path: str) -> None:
    assert first_edge.request("POST", first_edge.portus_host, path, body="{}").status in refusals(path)


WIDENED = (
    *("repository:admin/secret:*,pull,push,delete", "registry:catalog:x,*", "repository%3Aadmin%2Fsecret%3A%2A%2Cpull"),
    *(
        "repository:admin/secret:pull;scope=registry:catalog:*",
        "%72epository:admin/secret:pull",
        "repository:a:pull&x=y",
    ),
)


@pytest.mark.parametrize("scope", WIDENED)
@pytest.mark.parametrize("path", ["/v2/token", "/v2/token.json", "//v2/%74oken"])
def test_token_request_of_another_form_is_refused(edge: Edge, path: str, scope: str) -> None:
    answer = edge.request("GET", edge.portus_host, f"{path}?service=r&scope={scope}")
    assert answer.status == 400
    assert answer.json()["errors"][0]["code"] == "UNSUPPORTED"


def test_eleven_wrong_logins_lock_none_of_our_own_users(edge: Edge, client: DockerClient) -> None:
    """By Basic credentials, by the form and by names that the database takes for theirs; pushes are seen after it."""
    bot = edge.deployment.outputs()["smoke_check"]["repository"].partition("/")[0]
    for user in ("portus", "PORTUS ", "pörtus", bot):
        for _ in range(11):
            assert edge.token("repository:a/b:pull", user, "wrong-password").status == 403
            if user not in ("portus", bot):
                continue
            form = urlencode({"user[username]": user, "user[password]": "wrong-password"})
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = edge.request("POST", edge.portus_host, "/users/sign_in", headers, form)
            assert answer.status in (200, 422, 429), answer.body
    # Asked by the form of LDAP's exception.
    assert edge.request("GET", edge.portus_host, "/v2/token?service=r&account=portus").status == 403
    code, output = client.login(edge.username, edge.password)
    assert code == 0, output
    client.push_new_image(f"{edge.username}/after-wrong-logins")
    api = PortusApi.as_administrator(edge)
    wait_for(lambda: api.tags("after-wrong-logins") != {}, 60, edge.deployment.logs)


def test_plain_http_only_redirects(edge: Edge) -> None:
    answer = edge.plain(PORT + 1, edge.portus_host, "/users/sign_in?a=b")
    assert answer.status == 308
    assert answer.headers["Location"] == f"https://{edge.portus_host}:{edge.port}/users/sign_in?a=b"


def test_unknown_host_names_get_nothing(edge: Edge) -> None:
    assert edge.plain(PORT + 1, "elsewhere.example", "/").status == 421
    answer = edge.request("GET", edge.portus_host, "/", {"Host": "elsewhere.example"})
    assert answer.status == 421


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_tls_below_1_2_is_refused(edge: Edge, version: ssl.TLSVersion) -> None:
    context = edge.context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with (
        socket.create_connection((edge.address, edge.port), timeout=10) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname=edge.portus_host)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(edge: Edge, version: ssl.TLSVersion) -> None:
    context = edge.context()
    context.minimum_version = context.maximum_version = version
    with socket.create_connection((edge.address, edge.port), timeout=10) as plain:
        context.wrap_socket(plain, server_hostname=edge.portus_host).close()


def test_only_the_edge_publishes_ports(stack: Deployment) -> None:
    published = {
        role: set(filter(None, (each.ports.values() and each.attrs["HostConfig"]["PortBindings"]) or {}))
        for role, each in stack.containers().items()
    }
    assert {role for role, ports in published.items() if ports} == {"edge"}
    assert published["edge"] == {f"{OUTSIDE_PORT}/tcp", "8080/tcp"}, "roles inside come by another port"


def reaches(deployment: Deployment, source: str, host: str, port: int) -> bool:
    """Whether a process of ``source`` can open a TCP connection."""
    program = "exec 3<>/dev/tcp/$0/$1"
    container = deployment.containers()[source]
    code, _ = container.exec_run(["timeout", "3", "bash", "-c", program, host, str(port)])
    return bool(code == 0)


def addresses(deployment: Deployment, role: str) -> list[str]:
    networks = deployment.containers()[role].attrs["NetworkSettings"]["Networks"].values()
    return [network["IPAddress"] for network in networks]


def test_links_pass_and_nothing_else(stack: Deployment) -> None:
    allowed = {
        *{("portus", "database"), ("background", "database"), ("portus", "registry"), ("background", "registry")},
        *{("registry", "portus"), ("edge", "portus"), ("edge", "registry"), ("portus", "edge"), ("background", "edge")},
    }
    same_network = {(b, a) for a, b in allowed} | {("background", "portus")}  # docs/decisions/0041
    ports = {"database": 3306, "registry": 5000, "portus": 3000, "edge": PORT}
    for source in ("database", "registry", "portus", "background", "edge"):
        for destination, port in ports.items():
            if source == destination:
                continue
            reachable = any(reaches(stack, source, address, port) for address in addresses(stack, destination))
            if (source, destination) in allowed:
                assert reachable, f"{source} must reach {destination}"
            elif (source, destination) not in same_network:
                assert not reachable, f"{source} must not reach {destination}"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A web server on another host: address and port."""
    host = SecondHost(tmp_path, 7)
    host.create_network()
    command = ["nsenter", f"--net=/run/netns/{host.namespace}", sys.executable, "-m", "http.server", "8000"]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield host.address, 8000
    finally:
        server.kill()
        server.wait()
        host.remove_network()


def test_only_a_role_with_a_link_outside_has_a_way_out(stack: Deployment, elsewhere: tuple[str, int]) -> None:
    address, port = elsewhere
    program = f"import socket; socket.create_connection(('{address}', {port}), 5)"
    image, command = "portus-stack.lab/python:3.11", ["python3", "-c", program]
    # An ordinary container gets there: what follows is not an accident of this machine.
    wait_for(lambda: succeeds(lambda: stack.docker.containers.run(image, command, remove=True)), 30, lambda: address)
    for role in ("database", "registry", "portus", "background", "edge"):
        assert not reaches(stack, role, address, port), f"{role} must not get out"


def succeeds(action: Callable[[], object]) -> bool:
    try:
        action()
    except docker.errors.ContainerError:
        return False
    return True
