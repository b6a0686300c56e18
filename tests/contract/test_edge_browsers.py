"""What the edge adds for browsers and for whoever spells names and paths in his own way, in a real nginx."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.edge_lab import INSIDE_PORT, EdgeLab, edge_lab
from tests.contract.standin_settings import FQDN

pytestmark = pytest.mark.engine
OURS = f"https://{FQDN}:{INSIDE_PORT}"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeLab]:
    with edge_lab(tmp_path_factory.mktemp("edge"), limited=False) as started:
        yield started


def headers_of(edge: EdgeLab, path: str, **headers: str) -> dict[str, str]:
    """What Portus is told."""
    passed = edge.get(path, headers).passed
    assert passed is not None, path
    return dict(passed["headers"])


UP = "%2F%2e%2e%2F%2e%2e"


@pytest.mark.parametrize(
    "path",
    [
        *(f"/v2/token.x{UP}%2Fx?service=r", f"/users/sign_in.x{UP}%2Fx", f"/v2/webhooks/events.x{UP}%2F%2e%2e%2Fx"),
        *(
            "/users.x%2f%2E%2E/x",
            "/v2/token.x/../../x",
            "/a/./b",
            "/users/sign_in.x%5c..",
            "/x/..",
            "/teams/typeahead/a%2Fb",
        ),
    ],
)
def test_a_path_that_portus_reads_otherwise_stays_out(edge: EdgeLab, path: str) -> None:
    assert edge.get(path).status == 400


@pytest.mark.parametrize(
    "path",
    ["/teams/typeahead/%25", "/.well-known/x", "/assets/a.b.css", "/api/v1/users/a%40b.c", "/search?q=a/../%2e%2f"],
)
def test_paths_of_the_pages_pass(edge: EdgeLab, path: str) -> None:
    passed = edge.get(path).passed
    assert passed is not None and passed["path"] == path


def test_a_session_is_no_credential_for_tokens_and_none_comes_of_them(edge: EdgeLab) -> None:
    answer = edge.get("/v2/token?service=r", {"Cookie": "_portus_session=stolen"})
    assert answer.passed is not None and "cookie" not in dict(answer.passed["headers"])
    assert "Set-Cookie" not in answer.headers
    assert headers_of(edge, "/", Cookie="_portus_session=mine")["cookie"] == "_portus_session=mine"


def test_cookies_go_over_tls_and_not_with_requests_of_other_sites(edge: EdgeLab) -> None:
    words = {word.strip().lower() for word in edge.get("/").headers["Set-Cookie"].split(";")}
    assert {"secure", "httponly", "samesite=lax"} <= words


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        *(("", True), (OURS, True), (OURS.upper(), True), ("null", False), ("https://evil.example", False)),
        *((f"{OURS}.evil.example", False), (f"http://{FQDN}", False), (f"https://{FQDN}", False)),
    ],
)
def test_pages_of_others_change_nothing_by_the_api(edge: EdgeLab, method: str, origin: str, passes: bool) -> None:
    headers = {"Origin": origin} if origin else {}
    answer = edge.request(method, "/api/v1/users", headers)
    assert (answer.passed is not None) is passes
    assert passes or answer.status == 403
    assert edge.get("/api/v1/users", headers).passed is not None, "reading is the browser's own rule"


@pytest.mark.parametrize("host", [FQDN, FQDN.upper(), f"{FQDN}:443", f"{FQDN}:{INSIDE_PORT}"])
def test_one_spelling_of_the_name_reaches_portus(edge: EdgeLab, host: str) -> None:
    told = headers_of(edge, "/", Host=host)
    assert told["host"] == told["x-forwarded-host"] == f"{FQDN}:{INSIDE_PORT}"


def test_a_host_header_beside_an_absolute_address_is_nobodys(edge: EdgeLab) -> None:
    assert headers_of(edge, f"https://{FQDN}/teams", Host="evil.example")["host"] == f"{FQDN}:{INSIDE_PORT}"
