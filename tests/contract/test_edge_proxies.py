"""Who the client is for a real nginx behind proxies: what they say counts, and what anybody else says does not."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator

import pytest

from components.portus.roles.edge_configuration import OUTSIDE_PORT
from tests.contract.edge_lab import Answer, EdgeLab, Proxies, edge_lab
from tests.contract.standin_harness import docker, logs, wait_until

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
CLIENT, OTHER, FORGED = "198.51.100.7", "198.51.100.8", "203.0.113.9"
INSIDE = "192.0.2.50"
PREFACE = f"PROXY TCP4 {CLIENT} 192.0.2.1 40000 443\r\n".encode()
_ONCE = {"zone=forms burst=[0-9]+": "zone=forms burst=1"}
_STRANGER = """\
import socket, ssl, sys
host, port, name, preface, forwarded = sys.argv[1:]
plain = socket.create_connection((host, int(port)), timeout=20)
plain.sendall(preface.encode().decode("unicode_escape").encode())
context = ssl._create_unverified_context()
with context.wrap_socket(plain, server_hostname=name) as secured:
    lines = [f"GET / HTTP/1.1", f"Host: {name}", f"X-Forwarded-For: {forwarded}", "Connection: close", "", ""]
    secured.sendall("\\r\\n".join(lines).encode())
    answer = b"".join(iter(lambda: secured.recv(65536), b""))
print(answer.partition(b"\\r\\n\\r\\n")[2].decode())
"""


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeLab]:
    """This machine is a proxy that ends TLS."""
    proxies = Proxies(trusted=True, inside_addresses=(INSIDE,))
    with edge_lab(tmp_path_factory.mktemp("behind"), figures=_ONCE, proxies=proxies) as started:
        yield started


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeLab]:
    """This machine is a proxy that hands TLS on, after a line of its own."""
    proxies = Proxies(trusted=True, preface=PREFACE)
    with edge_lab(tmp_path_factory.mktemp("handed"), figures=_ONCE, proxies=proxies) as started:
        yield started


def client_of(answer: Answer) -> str:
    """Who the client is to Portus."""
    assert answer.passed is not None, answer
    headers = dict(answer.passed["headers"])
    assert headers["x-real-ip"] == headers["x-forwarded-for"]
    return str(headers["x-real-ip"])


def stranger(edge: EdgeLab, preface: str = "") -> tuple[str, str]:
    """Somebody's own address, and what Portus is told of it when he names another one in every way there is."""
    container = edge.roles["portus"]
    arguments = (edge.address, str(OUTSIDE_PORT), edge.host, preface, FORGED)
    told = json.loads(docker("exec", container, "python3", "-c", _STRANGER, *arguments))
    headers = dict(told["headers"])
    assert headers["x-real-ip"] == headers["x-forwarded-for"]
    own = docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)
    return own, str(headers["x-real-ip"])


def logged(edge: EdgeLab, client: str) -> None:
    wait_until(lambda: f"{client} - [" in logs(edge.container), f"{client} is logged", lambda: logs(edge.container), 20)


@pytest.mark.parametrize(
    "forwarded",
    [CLIENT, f"{FORGED}, {CLIENT}", f"{FORGED},{INSIDE} , {CLIENT}", f"{CLIENT}, GATEWAY", f"{CLIENT}:50000"],
    ids=["one proxy", "a client that names another", "and one inside", "two proxies", "with a port"],
)
def test_the_last_address_that_is_no_proxys_is_the_clients(behind: EdgeLab, forwarded: str) -> None:
    header = {"X-Forwarded-For": forwarded.replace("GATEWAY", behind.gateway)}
    assert client_of(behind.get("/", header)) == CLIENT
    assert client_of(behind.get("/v2/", header, host=behind.registry_host)) == CLIENT
    logged(behind, CLIENT)


def test_a_proxy_that_names_nobody_is_the_client(behind: EdgeLab) -> None:
    assert client_of(behind.get("/")) == behind.gateway
    assert client_of(behind.get("/", {"X-Forwarded-For": "somebody"})) == behind.gateway


def test_nobody_else_names_a_client(behind: EdgeLab) -> None:
    own, told = stranger(behind)
    assert told == own != behind.gateway
    logged(behind, own)
    assert FORGED not in logs(behind.container)


def test_nobody_comes_from_inside_by_a_proxy(behind: EdgeLab) -> None:
    """Portus' hidden user is for the roles inside alone."""
    path = "/v2/token?service=r&account=portus"
    assert behind.get(path, inside=True).passed is not None
    for forwarded in (INSIDE, f"{FORGED}, {INSIDE}", CLIENT):
        assert behind.get(path, {"X-Forwarded-For": forwarded}).status == 403


def limited(edge: EdgeLab, headers: dict[str, str]) -> bool:
    """Whether one of a few mails for a forgotten password is too much."""
    return 429 in [edge.request("POST", "/users/password", headers, b"").status for _ in range(4)]


def test_limits_are_for_the_client_and_not_for_the_proxy(behind: EdgeLab) -> None:
    assert limited(behind, {"X-Forwarded-For": CLIENT})
    assert behind.request("POST", "/users/password", {"X-Forwarded-For": OTHER}, b"").passed is not None


def test_the_line_of_a_proxy_names_the_client(handed: EdgeLab) -> None:
    assert client_of(handed.get("/")) == CLIENT
    assert client_of(handed.get("/", {"X-Forwarded-For": FORGED})) == CLIENT, "it is the client that wrote the header"
    assert client_of(handed.get("/v2/", host=handed.registry_host)) == CLIENT
    logged(handed, CLIENT)


def test_the_roles_inside_write_no_such_line(handed: EdgeLab) -> None:
    assert client_of(handed.get("/", inside=True)) == handed.gateway


def test_nobody_elses_line_counts(handed: EdgeLab) -> None:
    own, told = stranger(handed, f"PROXY TCP4 {FORGED} 192.0.2.1 40000 443\\r\\n")
    assert told == own
    assert FORGED not in logs(handed.container)


def test_without_the_line_nobody_gets_in(handed: EdgeLab) -> None:
    connection, handed.preface = handed.preface, b""
    try:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            handed.get("/")
    finally:
        handed.preface = connection


def test_limits_are_for_the_client_that_the_line_names(handed: EdgeLab) -> None:
    assert limited(handed, {})
    former, handed.preface = handed.preface, handed.preface.replace(CLIENT.encode(), OTHER.encode())
    try:
        assert handed.request("POST", "/users/password", {}, b"").passed is not None
    finally:
        handed.preface = former
