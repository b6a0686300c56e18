"""What one client may take of the edge and of the roles behind it, and IPv6, in a real nginx."""

from __future__ import annotations

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from components.portus.roles.edge_configuration import OUTSIDE_PORT
from components.portus.roles.edge_limits import HEADER_SECONDS, RETRY_SECONDS
from tests.contract.edge_lab import INSIDE_PORT, PAGE, EdgeLab, ask, basic, edge_lab
from tests.contract.standin_harness import docker, logs, wait_until
from tests.contract.standin_settings import FQDN, PUBLIC_REGISTRY_NAME

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
THREADS = 16
"""Of a web server such as Portus'."""
HALF_HEADERS = 2039
LAYER = f"/v2/team/app/blobs/sha256:{'0' * 64}"
LONG_PAUSE_SECONDS = 62


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeLab]:
    """One host name for both roles, so that what is said of the one must not bind the other."""
    with edge_lab(tmp_path_factory.mktemp("edge"), one_host=True, limited=False) as started:
        yield started


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeLab]:
    """Small figures in the place of those that take long to reach."""
    figures = {"limit_conn pages [0-9]+": "limit_conn pages 4", "limit_conn layers [0-9]+": "limit_conn layers 3"}
    with edge_lab(tmp_path_factory.mktemp("narrow"), figures=figures) as started:
        yield started


def half_sent(edge: EdgeLab, held: ExitStack, path: str, method: str = "POST") -> socket.socket:
    """A request whose body of 100 bytes stops in the middle."""
    connection = edge.connection(host=edge.registry_host if path.startswith("/v2/") else edge.host)
    held.callback(connection.close)
    connection.putrequest(method, path)
    connection.putheader("Content-Length", "100")
    connection.endheaders(b"x" * 50)
    return connection.sock


def unread(edge: EdgeLab, held: ExitStack, path: str, host: str = "") -> int:
    """A GET whose answer is not read further than its status, which is returned."""
    connection = edge.connection(host=host, buffer=4096)
    held.callback(connection.close)
    connection.request("GET", path)
    return connection.getresponse().status


def busy(edge: EdgeLab) -> int:
    """How many requests Portus answers at once, besides the one that asks."""
    passed = edge.get("/").passed
    assert passed is not None
    return int(passed["busy"]) - 1


def test_slow_posts_do_not_reach_portus(edge: EdgeLab) -> None:
    with ExitStack() as held:
        for path in ("/namespaces", "/users/sign_in", "/api/v1/teams", "/users/password") * (THREADS // 4):
            half_sent(edge, held, path)
        time.sleep(1)
        assert busy(edge) == 0


def test_slow_readers_do_not_hold_portus(edge: EdgeLab) -> None:
    with ExitStack() as held:
        assert {unread(edge, held, "/assets/large.js") for _ in range(THREADS)} == {200}
        wait_until(lambda: busy(edge) == 0, "Portus is free again", lambda: f"{busy(edge)} answers held", 20)


def test_large_files_of_portus_arrive_whole(edge: EdgeLab) -> None:
    assert len(edge.get("/assets/large.js").body) == PAGE


def test_a_body_for_portus_has_a_bound_and_a_layer_has_none(edge: EdgeLab) -> None:
    text = b"x" * 65535 * 3
    for path in ("/namespaces", "/api/v1/teams", "/users/password"):
        passed = edge.request("POST", path, body=text).passed
        assert passed is not None and passed["body"] == text.decode()
        assert edge.request("POST", path, body=b"x" * 1024 * 1024).status == 413
    passed = edge.request("PUT", "/v2/team/app/blobs/uploads/1", body=b"x" * 2 * 1024 * 1024).passed
    assert passed is not None and len(passed["body"]) == 2 * 1024 * 1024


def test_a_layer_streams_to_the_registry(edge: EdgeLab) -> None:
    with ExitStack() as held:
        half_sent(edge, held, "/v2/team/app/blobs/uploads/1", "PATCH")

        def arrived() -> bool:
            passed = edge.get("/v2/").passed
            return passed is not None and int(passed["busy"]) == 2

        wait_until(arrived, "the registry has the first half", lambda: logs(edge.container), 20)


def test_an_upload_may_pause(edge: EdgeLab) -> None:
    with ExitStack() as held:
        upload = half_sent(edge, held, "/v2/team/app/blobs/uploads/1", "PATCH")
        time.sleep(LONG_PAUSE_SECONDS)
        upload.sendall(b"y" * 50)
        answer = upload.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 "), answer


def test_idle_half_headers_close_the_edge_for_nobody(edge: EdgeLab) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, HALF_HEADERS + 500), hard))
    with ExitStack() as held:
        held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        started = time.monotonic()
        for _ in range(HALF_HEADERS):
            one = socket.create_connection((edge.address, OUTSIDE_PORT), timeout=30)
            held.callback(one.close)
            one.sendall(b"\x16\x03\x01")
        for inside in (False, True):
            assert edge.get("/", inside=inside).passed is not None
            assert edge.get("/v2/", inside=inside).passed is not None
        assert time.monotonic() - started < HEADER_SECONDS, "the connections were not open at once"
        one.settimeout(HEADER_SECONDS + 10)
        assert one.recv(1) == b"", "who does not go on is let go"


def test_one_client_takes_some_of_portus_and_not_all(narrow: EdgeLab) -> None:
    with ExitStack() as held:
        for _ in range(4):
            half_sent(narrow, held, "/namespaces")
        wait_until(lambda: narrow.get("/").status == 429, "the fifth is too much", lambda: logs(narrow.container), 20)
        answer = narrow.get("/")
        assert json.loads(answer.body)["errors"][0]["code"] == "TOOMANYREQUESTS"
        assert answer.headers["Retry-After"] == str(RETRY_SECONDS)
        assert answer.headers["Content-Type"] == "application/json"
        assert narrow.get("/", inside=True).passed is not None
        assert narrow.get("/v2/token?service=r", basic("joe")).passed is not None, "docker clients go on"
        assert narrow.get("/v2/", host=narrow.registry_host).passed is not None
    wait_until(lambda: narrow.get("/").status == 200, "there is room again", lambda: logs(narrow.container), 20)


def test_no_more_layers_than_the_registry_has_memory_for(narrow: EdgeLab) -> None:
    host = narrow.registry_host
    with ExitStack() as held:
        assert {unread(narrow, held, LAYER, host) for _ in range(3)} == {200}
        answer = narrow.get(LAYER, host=host)
        assert answer.status == 503 and json.loads(answer.body)["errors"][0]["code"] == "UNAVAILABLE"
        assert answer.headers["Retry-After"] == str(RETRY_SECONDS)
        for method, path in (("GET", "/v2/team/app/manifests/1"), ("HEAD", LAYER), ("PUT", "/v2/a/blobs/uploads/1")):
            assert narrow.request(method, path, host=host).status == 200
    wait_until(lambda: narrow.get(LAYER, host=host).status == 200, "room again", lambda: logs(narrow.container), 20)


def test_tokens_of_150_repositories_pass(edge: EdgeLab) -> None:
    """11.8 KB to ask for them; what comes back says as much in JSON, in base64."""
    scope = "&scope=repository%3Ateam%2Fservice-of-the-month-{}%3Apull%2Cpush"
    query = "service=hub-registry%3A5000" + "".join(scope.format(str(number).zfill(18)) for number in range(150))
    assert len(query) > 11800
    connection = edge.connection()
    passed = ask(connection, "GET", f"/v2/token?{query}", basic("joe")).passed
    assert passed is not None and passed["path"] == f"/v2/token?{query}"
    token = {"Authorization": "Bearer " + "x" * 28000}
    passed = ask(connection, "GET", f"/v2/team/{'n' * 200}/manifests/1", token).passed
    assert passed is not None and dict(passed["headers"])["authorization"] == token["Authorization"]


@pytest.mark.parametrize("path", ["events-of-2026/manifests/1", "events/app/manifests/1", "events.x/tags/list"])
def test_repositories_may_be_called_as_the_events_are(edge: EdgeLab, narrow: EdgeLab, path: str) -> None:
    for one in (edge, narrow):
        passed = one.get(f"/v2/webhooks/{path}", host=one.registry_host).passed
        assert passed is not None and passed["role"] == "registry"
        for same in ("", "/", "?x=1"):
            assert one.get(f"/v2/webhooks/events{same}", host=one.registry_host).status == 403
    assert narrow.get(f"/v2/webhooks/{path}").passed is None, "nothing of it is Portus' there"


@pytest.mark.parametrize("port", ["", ":443", ":5000", "."])
@pytest.mark.parametrize("address", ["", f"https://{PUBLIC_REGISTRY_NAME.upper()}:443"])
def test_the_registry_knows_one_name(narrow: EdgeLab, port: str, address: str) -> None:
    header = {"Host": "evil.example" if address else PUBLIC_REGISTRY_NAME + port}
    passed = narrow.get(f"{address}/v2/", header, host=PUBLIC_REGISTRY_NAME).passed
    assert passed is not None
    told = dict(passed["headers"])
    assert told["host"] == told["x-forwarded-host"] == f"{PUBLIC_REGISTRY_NAME}:{INSIDE_PORT}"


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this kernel has no IPv6")
def test_clients_and_roles_come_by_ipv6(tmp_path: Path) -> None:
    with edge_lab(tmp_path, six=True) as six:
        assert ":" in six.address
        for inside in (False, True):
            assert six.get("/", inside=inside).passed is not None
            passed = six.get("/v2/", inside=inside, host=six.registry_host).passed
            assert passed is not None and ":" in dict(passed["headers"])["x-real-ip"]
        upstreams = docker("exec", six.container, "cat", "/tmp/upstreams.conf")
        assert "]:3000" in upstreams and "]:5000" in upstreams


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this kernel has no IPv6")
def test_an_edge_without_ipv4_starts(edge: EdgeLab) -> None:
    """As in a pod of an IPv6 cluster: no route but IPv6, its name server there, the roles in /etc/hosts."""
    hosts, servers = edge.folder / "hosts6", edge.folder / "resolv6"
    hosts.write_text(f"::1 localhost\n::1 portus {FQDN}\nfd00:10:96::b2c registry\n", encoding="utf-8")
    servers.write_text("nameserver fd00:10:96::a\noptions ndots:5\n", encoding="utf-8")
    files = (f"--volume={hosts}:/etc/hosts:ro", f"--volume={servers}:/etc/resolv.conf:ro")
    container = edge.alone("--sysctl=net.ipv6.conf.lo.disable_ipv6=0", *files)
    ask_it = (
        "exec",
        container,
        "curl",
        "--silent",
        "--insecure",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code}",
    )

    def answers() -> bool:
        return docker(*ask_it, f"https://[::1]:{OUTSIDE_PORT}/", check=False) == "421"

    wait_until(answers, "the edge answers on IPv6", lambda: logs(container), 30)
    upstreams = docker("exec", container, "cat", "/tmp/upstreams.conf")
    assert "resolver [fd00:10:96::a]  valid=5s ;" in upstreams
    assert "default [::1]:3000;" in upstreams and "default [fd00:10:96::b2c]:5000;" in upstreams
