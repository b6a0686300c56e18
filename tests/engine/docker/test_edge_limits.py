"""What one client may take of a deployed edge, and by which names it may ask: real roles stand behind it."""

import resource
import socket
import uuid
from contextlib import ExitStack

import pytest

from tests.engine.docker.client import DockerClient, Edge
from tests.engine.docker.deployment import Deployment, wait_for
from tests.engine.docker.portus import PortusApi

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

HALF_HEADERS = 2039
SLOW_POSTS = 32
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SCOPES = 105
"""Of 90 bytes each: more than 8 KiB, and less than the 10 KiB of a query that Portus' own web server takes."""


def test_idle_half_headers_close_the_edge_for_nobody(edge: Edge) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, HALF_HEADERS + 500), hard))
    with ExitStack() as held:
        held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(HALF_HEADERS):
            one = held.enter_context(socket.create_connection((edge.address, edge.port), timeout=30))
            one.sendall(b"\x16\x03\x01")
        assert edge.request("GET", edge.registry_host, "/v2/").status == 401
        assert edge.request("GET", edge.portus_host, "/users/sign_in").status == 200


def test_slow_posts_leave_portus_to_the_others(edge: Edge) -> None:
    with ExitStack() as held:
        for _ in range(SLOW_POSTS):
            plain = held.enter_context(socket.create_connection((edge.address, edge.port), timeout=30))
            slow = held.enter_context(edge.context().wrap_socket(plain, server_hostname=edge.portus_host))
            head = (
                f"POST /api/v1/users HTTP/1.1\r\nHost: {edge.portus_host}:{edge.port}\r\nContent-Length: 9\r\n\r\nhalf"
            )
            slow.sendall(head.encode())
        for _ in range(5):
            assert edge.request("GET", edge.portus_host, "/users/sign_in").status == 200


def test_a_token_of_many_repositories_is_given_and_taken(edge: Edge) -> None:
    others = [
        f"repository%3A{edge.username}%2Fone-of-many-{uuid.uuid4().hex}-{n:04}%3Apull%2Cpush" for n in range(SCOPES)
    ]
    assert len("&scope=".join(others)) > 8192
    answer = edge.token("&scope=".join(others), edge.username, edge.password)
    assert answer.status == 200, answer.body
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    name = others[0].split("%3A")[1].replace("%2F", "/")
    found = edge.request("GET", edge.registry_host, f"/v2/{name}/manifests/1", headers)
    assert (found.status, found.json()["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")


@pytest.mark.parametrize("name", ["webhooks/events-2026", "webhooks/events/app", "webhooks/eventsx"])
def test_a_repository_may_be_called_as_the_events_are(edge: Edge, name: str) -> None:
    assert edge.request("GET", edge.registry_host, f"/v2/{name}/manifests/1").status == 401, "the registry's answer"


def test_a_push_by_the_default_port_typed_out_is_seen(edge: Edge, client: DockerClient, stack: Deployment) -> None:
    """docker then sends it in `Host`, by which Portus used to know its registry."""
    api, repository = PortusApi.as_administrator(edge), f"typed-out-{uuid.uuid4().hex[:8]}"
    assert client.login(edge.username, edge.password)[0] == 0
    client.push_new_image(f"{edge.username}/{repository}")
    token = edge.token(f"repository:{edge.username}/{repository}:pull,push", edge.username, edge.password).json()[
        "token"
    ]
    headers = {"Authorization": f"Bearer {token}", "Host": f"{edge.registry_host}:443"}
    path = f"/v2/{edge.username}/{repository}/manifests"
    manifest = edge.request("GET", edge.registry_host, f"{path}/1", {**headers, "Accept": MANIFEST})
    assert manifest.status == 200, manifest.body
    kind = manifest.headers["Content-Type"]
    pushed = edge.request(
        "PUT", edge.registry_host, f"{path}/typed-out", {**headers, "Content-Type": kind}, manifest.body
    )
    assert pushed.status == 201, pushed.body
    wait_for(lambda: "typed-out" in api.tags(repository), 60, stack.logs)
