"""The edge's nginx configuration: what it opens, what it closes, and that no name breaks out of it."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from components.portus.roles import edge_limits
from components.portus.roles.edge_configuration import EdgeNames, nginx_configuration
from components.portus.settings import patterns
from tests.unit.portus import samples, topologies
from tests.unit.portus.nginx_parser import Directive, parse

EVENTS = "/v2/webhooks/events"
NEVER_PUBLIC = ["/api/v1/users/bootstrap", "/api/v1/health", "/api/v1/_health", "/api/v1/_ping"]
LABELS = some.from_regex(patterns._LABEL, fullmatch=True)
HOSTS = some.lists(LABELS, min_size=2, max_size=3).map(".".join).filter(re.compile(patterns.PUBLIC_HOST[0]).fullmatch)
NEARLY_HOSTS = some.text("ab.-_:;{}$ \"'\\\n/é", max_size=12)
TWO = EdgeNames("portus.test", "registry.test", 8443, 8080, "test-portus:3000", "test-registry:5000")
ONE = EdgeNames("hub.test", "hub.test", 443, 8080, "test-portus:3000", "test-registry:5000")


def http(names: EdgeNames) -> Directive:
    return parse(nginx_configuration(names)).one("http")


def servers(names: EdgeNames) -> dict[str, Directive]:
    """TLS servers by host name."""
    return {
        server.one("server_name").words[1]: server
        for server in http(names).all("server")
        if "ssl" in server.all("listen")[0].words
    }


def chosen(server: Directive, path: str) -> Directive:
    """The location that nginx takes for ``path``: an exact one, else the longest prefix."""
    prefixes: dict[str, Directive] = {}
    for location in server.all("location"):
        modifier, match = ["", *location.words[1:]][-2:]
        assert modifier in ("", "=", "^~"), "a regular expression would change the rules"
        if modifier == "=" and match == path:
            return location
        if modifier != "=" and path.startswith(match):
            prefixes[match] = location
    return prefixes[max(prefixes, key=len)]


def answer(server: Directive, path: str) -> str:
    """``portus``, ``registry`` or the status that the edge answers itself."""
    location = chosen(server, path)
    returned = location.all("return")
    if returned:
        return returned[0].words[1]
    return location.one("proxy_pass").words[1].removeprefix("https://$upstream_").partition("/")[0]


@pytest.mark.parametrize("path", NEVER_PUBLIC)
@pytest.mark.parametrize("suffix", ["", "/", "/more", "?x=1"])
@pytest.mark.parametrize("names", [ONE, TWO], ids=["one host", "two hosts"])
def test_what_must_never_be_public_is_refused_on_every_host(names: EdgeNames, path: str, suffix: str) -> None:
    for host, server in servers(names).items():
        if host != "_":
            expected = ("403", "404") if host == "registry.test" else ("403",)
            assert answer(server, (path + suffix).partition("?")[0]) in expected, host


@pytest.mark.parametrize("names", [ONE, TWO], ids=["one host", "two hosts"])
def test_events_are_refused_and_what_is_called_alike_is_the_registrys(names: EdgeNames) -> None:
    for host, server in servers(names).items():
        if host != "_":
            assert {answer(server, EVENTS + end) for end in ("", "/")} == {"403"}, host
            others = {answer(server, EVENTS + end) for end in ("/more", "-2026/manifests/1", ".json", "x/tags/list")}
            assert others == {"403" if host == "portus.test" else "registry"}, "a prefix is whole names of repositories"


@pytest.mark.parametrize("path", ["/users", "/users/", "/users.json", "/users/password", "/users/password.json"])
@pytest.mark.parametrize("names", [ONE, TWO], ids=["one host", "two hosts"])
def test_every_spelling_of_a_form_is_limited(names: EdgeNames, path: str) -> None:
    location = chosen(servers(names)[names.portus_host], path)
    assert {one.words[1] for one in location.all("limit_req")} == {"zone=forms", "zone=passwords"}


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/", "portus"),
        ("/users/sign_in", "portus"),
        ("/api/v1/users", "portus"),
        ("/v2/token", "portus"),
        ("/v2/token.json", "registry"),
        ("/v2/", "registry"),
        ("/v2/_catalog", "registry"),
        ("/v2/library/alpine/blobs/uploads/", "registry"),
        ("/v2/tokens/manifests/latest", "registry"),
        ("/v2/webhooks/app/manifests/latest", "registry"),
    ],
)
def test_one_host_is_routed_by_path(path: str, role: str) -> None:
    assert answer(servers(ONE)["hub.test"], path) == role


@pytest.mark.parametrize(
    ("host", "path", "role"),
    [
        ("portus.test", "/", "portus"),
        ("portus.test", "/v2/token", "portus"),
        ("portus.test", "/v2/token.json", "portus"),
        ("portus.test", "/v2/token/", "portus"),
        ("portus.test", "/v2/token.xml", "404"),
        ("portus.test", "/v2/token/more", "404"),
        ("portus.test", "/v2/tokens", "portus"),
        ("registry.test", "/v2/", "registry"),
        ("registry.test", "/v2/webhooks/app/manifests/latest", "registry"),
        ("registry.test", "/", "404"),
        ("registry.test", "/users/sign_in", "404"),
        ("registry.test", "/debug/health", "404"),
    ],
)
def test_two_hosts_go_to_their_roles(host: str, path: str, role: str) -> None:
    assert answer(servers(TWO)[host], path) == role


def test_unknown_host_gets_nothing() -> None:
    default = servers(TWO)["_"]
    assert [one.words[1:] for one in default.all("listen")] == [
        [address, "ssl", "default_server"] for address in ("8443", "[::]:8443", "8444", "[::]:8444")
    ]
    assert [one.words for one in default.all("return")] == [["return", "421"]]
    assert not default.all("location")


def test_plain_http_only_redirects_to_the_host_that_was_asked_for() -> None:
    plain = [server for server in http(TWO).all("server") if server.all("listen")[0].words[1:2] == ["8080"]]
    assert {server.one("return").words[-1] for server in plain} == {"421", "https://$host:8443$request_uri"}
    named = next(server for server in plain if server.one("server_name").words[1] != "_")
    assert named.one("server_name").words[1:] == ["portus.test", "registry.test"], (
        "$host is one of ours, never the caller's"
    )
    assert not [location for server in plain for location in server.all("location")]


def test_redirect_leaves_the_standard_port_out() -> None:
    assert "308 https://$host$request_uri;" in nginx_configuration(ONE)


def test_without_plain_http_there_is_no_such_listener() -> None:
    listeners = http(EdgeNames("a.test", "b.test", 8443, 0, "p:1", "r:2")).all("server")
    found = {listen.words[1] for server in listeners for listen in server.all("listen")}
    assert found == {"unix:/tmp/health.sock", "8443", "[::]:8443", "8444", "[::]:8444"}


def test_every_server_listens_on_both_families() -> None:
    for server in http(TWO).all("server"):
        words = [one.words[1:] for one in server.all("listen")]
        if words[0] != ["unix:/tmp/health.sock"]:
            old = [one for one in words if not one[0].startswith("[")]
            assert words == [each for one in old for each in (one, [f"[::]:{one[0]}", *one[1:]])]


def test_tls_is_modern_and_both_roles_are_verified() -> None:
    block = http(TWO)
    assert block.one("ssl_protocols").words[1:] == ["TLSv1.2", "TLSv1.3"]
    ciphers = block.one("ssl_ciphers").words[1].split(":")
    assert ciphers
    assert all(cipher.startswith("ECDHE-") and ("GCM" in cipher or "POLY1305" in cipher) for cipher in ciphers)
    assert block.one("proxy_ssl_verify").words[1] == "on"
    assert block.one("proxy_ssl_trusted_certificate").words[1].endswith("/ca.crt")
    for server in servers(TWO).values():
        for location in server.all("location"):
            for passed in location.all("proxy_pass"):
                assert passed.words[1].startswith("https://")
                assert location.one("proxy_ssl_name").words[1] in ("test-portus", "test-registry")


def test_client_cannot_choose_what_the_roles_are_told() -> None:
    headers = {one.words[1]: one.words[2] for one in http(TWO).all("proxy_set_header")}
    assert headers["X-Forwarded-For"] == "$remote_addr"
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["Host"] == headers["X-Forwarded-Host"] == "$public_address"
    assert headers["X-Forwarded-Port"] == "8443"
    for host, server in servers(TWO).items():
        if host != "_":
            assert server.one("set").words[1:] == ["$public_address", f"{host}:8443"]
            assert not server.all("proxy_set_header"), "one of them would take those of all away"
            assert not [one for location in server.all("location") for one in location.all("proxy_set_header")]
    assert servers(ONE)["hub.test"].one("set").words[2] == "hub.test"


@pytest.mark.parametrize("names", [ONE, TWO], ids=["one host", "two hosts"])
def test_layers_stream_through_at_their_pace_and_nothing_else_does(names: EdgeNames) -> None:
    block = http(names)
    assert block.one("client_max_body_size").words[1] == f"{edge_limits.BODY_KIB}k"
    assert block.one("client_body_buffer_size").words[1] == f"{edge_limits.BODY_KIB}k", "no disk is filled by bodies"
    assert not block.all("proxy_request_buffering") and not block.all("proxy_buffering"), "nginx keeps both, by default"
    streaming = {"client_max_body_size": "0", "proxy_request_buffering": "off", "proxy_buffering": "off"}
    streaming |= dict.fromkeys(("client_body_timeout", "send_timeout"), f"{edge_limits.LAYER_PAUSE_SECONDS}s")
    for server in servers(names).values():
        for location in server.all("location"):
            to_registry = [one for one in location.all("proxy_pass") if "registry" in one.words[1]]
            for name, value in streaming.items():
                found = [one.words[1] for one in location.all(name)]
                if to_registry:
                    assert found == [value]
                else:
                    assert value not in found, location.words
    for name in ("proxy_read_timeout", "proxy_send_timeout"):
        assert block.one(name).words[1] == f"{edge_limits.LAYER_PAUSE_SECONDS}s"


@given(HOSTS, HOSTS)
def test_any_host_name_stays_one_word(portus: str, registry: str) -> None:
    assert samples.problems({"hostnames": {"portus": portus, "registry": registry}}) == {}
    names = EdgeNames(portus, registry, 443, 8080, "test-portus:3000", "test-registry:5000")
    assert set(servers(names)) == {"_", portus, registry}


@given(HOSTS | NEARLY_HOSTS)
@example("a.b;c")
@example("a.b\n")
def test_what_is_accepted_as_a_host_name_stays_one_word(text: str) -> None:
    if samples.problems({"hostnames": {"portus": text, "registry": text}}):
        return
    host = text.partition(":")[0]
    assert set(servers(EdgeNames(host, host, 443, 0, "test-portus:3000", "test-registry:5000"))) == {"_", host}


def test_the_plan_uses_this_configuration() -> None:
    topology = topologies.topology(topologies.ONE_HOSTNAME)
    text = topologies.plain_file(topology, "edge", "/etc/portus-stack/nginx.conf")
    assert "server_name hub.example.com;" in text
    assert topology.process("edge").command[-2:] == ("test-portus:3000", "test-registry:5000")
