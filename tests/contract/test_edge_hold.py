"""A real nginx that holds pushes: who is held, who is not, when it ends by itself, and which writes are waited for."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from components.portus.roles import edge_hold
from tests.contract.edge_lab import EdgeLab, edge_lab
from tests.contract.standin_harness import wait_until

pytestmark = [pytest.mark.timeout(300)]
BLOB = "/v2/a/blobs/uploads/1"
OWNER, OTHER = "one", "another"
DONE, NO, REFUSED = 0, 1, 75
WRITES = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module", params=[False, True], ids=["two hosts", "one host"])
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeLab]:
    with edge_lab(tmp_path_factory.mktemp("edge"), one_host=request.param, limited=False) as edge:
        yield edge


@pytest.fixture(autouse=True)
def nobody_holds(edge: EdgeLab) -> Iterator[None]:
    yield
    hold(edge, "end")


def run(edge: EdgeLab, *command: str) -> int:
    return subprocess.run(["docker", "exec", edge.container, *command], check=False).returncode


def hold(edge: EdgeLab, *words: str) -> int:
    return run(edge, "sh", edge_hold.SCRIPT_PATH, *words)


def status(edge: EdgeLab, method: str, path: str = BLOB) -> int:
    return edge.request(method, path, body=b"" if method in WRITES else None, host=edge.registry_host).status


def test_writes_are_held_and_all_else_goes_on(edge: EdgeLab) -> None:
    assert hold(edge, "held") == NO
    assert {status(edge, method) for method in WRITES} == {200}
    assert hold(edge, "begin", OWNER) == hold(edge, "held") == DONE
    answer = edge.request("POST", BLOB, body=b"", host=edge.registry_host)
    (told,) = json.loads(answer.body)["errors"]
    assert (answer.status, told["code"], answer.headers["Content-Type"]) == (503, "UNAVAILABLE", "application/json")
    assert int(answer.headers["Retry-After"]) > 0
    assert {status(edge, method) for method in WRITES} == {503}
    assert {status(edge, method) for method in ("GET", "HEAD", "OPTIONS")} == {200}
    assert edge.get("/v2/token?service=registry&scope=repository:a:push").status == 200, "tokens are given"
    assert edge.request("POST", "/namespaces", body=b"").status == 200, "Portus' pages work"
    assert hold(edge, "end") == DONE
    assert {status(edge, method) for method in WRITES} == {200}


def test_one_holds_at_a_time_and_only_he_goes_on(edge: EdgeLab) -> None:
    assert hold(edge, "keep", OWNER) == REFUSED, "nobody holds"
    assert hold(edge, "begin", OWNER) == DONE
    assert hold(edge, "begin", OTHER) == hold(edge, "keep", OTHER) == hold(edge, "begin", OWNER) == REFUSED
    assert hold(edge, "keep", OWNER) == DONE


def test_a_hold_ends_by_itself_and_who_kept_it_is_told(edge: EdgeLab) -> None:
    """Its last name is moved to now instead of waiting for 70 seconds; nobody removes the file."""
    assert hold(edge, "begin", OWNER) == DONE
    script = (
        'now=$(($(date +%s) / 10)); for each in /tmp/pushes-held-*; do [ "${each##*-}" = $now ] || rm "$each"; done'
    )
    assert run(edge, "sh", "-c", script) == 0
    wait_until(lambda: status(edge, "POST") == 200, "pushes go on", lambda: "held", seconds=20)
    assert hold(edge, "keep", OWNER) == REFUSED, "somebody may have pushed"
    assert hold(edge, "begin", OTHER) == DONE


def test_a_hold_lasts_longer_than_the_collector(edge: EdgeLab) -> None:
    """Which ends within 40 seconds: with 20 more than that, no moment of a kill lets pushes in beside it."""
    assert hold(edge, "begin", OWNER) == DONE
    listed = subprocess.run(
        ["docker", "exec", edge.container, "sh", "-c", "ls /tmp/pushes-held-*"], check=True, capture_output=True
    ).stdout.split()
    last = max(int(name.rpartition(b"-")[2]) for name in listed)
    assert (last + 1) * 10 - time.time() > 55
    assert len(listed) == 7


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_writes_that_were_let_in_before_are_known(edge: EdgeLab, method: str) -> None:
    assert hold(edge, "quiet") == DONE
    connection = edge.connection(host=edge.registry_host)
    try:
        connection.putrequest(method, BLOB)
        connection.putheader("Content-Length", "2")
        connection.endheaders(b"1")  # half of it: the registry waits for the rest
        time.sleep(1)
        assert hold(edge, "begin", OWNER) == DONE
        assert hold(edge, "quiet") == (DONE if method == "PATCH" else NO), "parts of a layer are no writes yet"
        connection.send(b"2")
        assert connection.getresponse().status == 200, "who was let in is not cut off"
    finally:
        connection.close()
    wait_until(lambda: hold(edge, "quiet") == DONE, "nothing is written any more", lambda: method, seconds=10)


def test_pulls_are_no_writes_and_outsiders_cannot_pretend_one(edge: EdgeLab) -> None:
    connection = edge.connection(host=edge.registry_host, buffer=4096)
    try:
        connection.request("GET", f"/v2/a/blobs/sha256:{'0' * 64}")  # is not read
        time.sleep(1)
        assert edge.get("/quiet").status != 503
        assert hold(edge, "quiet") == DONE
    finally:
        connection.close()
