"""The edge's nginx configuration: what it opens, what it closes, and that no name breaks out of it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from components.portus.roles.edge_configuration import EdgeNames, nginx_configuration
from components.portus.settings import patterns
from tests.unit.portus import samples, topologies
from tests.unit.portus.nginx_parser import Directive, parse

NEVER_PUBLIC = ["/v2/webhooks/events", "/api/v1/users/bootstrap", "/api/v1/health", "/api/v1/_health", "/api/v1/_ping"]
LABELS = some.from_regex(patterns._LABEL, fullmatch=True)
HOSTS = some.lists(LABELS, min_size=2, max_size=3).map(".".join)
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
        ["8443", "ssl", "default_server"],
        ["8444", "ssl", "default_server"],
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
    assert found == {"unix:/tmp/health.sock", "8443", "8444"}


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
    names = {one.words[0]: one.words[1] for one in http(TWO).one("map", "$host").block}
    assert names == {"portus.test": "portus.test:8443", "registry.test": "registry.test:8443", "default": "$host"}


def test_layers_of_any_size_stream_through() -> None:
    block = http(TWO)
    assert block.one("client_max_body_size").words[1] == "0"
    assert block.one("proxy_request_buffering").words[1] == block.one("proxy_buffering").words[1] == "off"


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
