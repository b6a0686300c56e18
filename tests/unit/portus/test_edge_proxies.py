"""Proxies in front of the edge: what is asked for, and what nginx is told. What it makes of that: tests/contract."""

from typing import Any

import pytest

from components.portus.roles.edge_configuration import EdgeNames, nginx_configuration
from tests.unit.portus import kubernetes_samples, samples, topologies
from tests.unit.portus.nginx_parser import Directive, parse
from tests.unit.portus.samples import MINIMAL, merged, problems

RANGES = ("192.0.2.0/24", "2001:db8::/32")
INSIDE = "10.0.0.2"


def configuration(**more: Any) -> str:
    names = EdgeNames("portus.test", "registry.test", 8443, 8080, "portus:3000", "registry:5000", **more)
    return nginx_configuration(names)


def http(**more: Any) -> Directive:
    return parse(configuration(**more)).one("http")


def test_without_proxies_nobody_is_believed() -> None:
    text = configuration()
    assert "real_ip" not in text and "realip" not in text and "proxy_protocol" not in text
    assert 'map "$server_port $remote_addr" $way' in text


@pytest.mark.parametrize(("protocol", "header"), [(False, "X-Forwarded-For"), (True, "proxy_protocol")])
def test_the_ranges_and_nobody_else_name_the_client(protocol: bool, header: str) -> None:
    block = http(trusted_proxies=RANGES, proxy_protocol=protocol)
    assert [one.words[1] for one in block.all("set_real_ip_from")] == list(RANGES)
    assert block.one("real_ip_header").words[1] == header
    assert block.one("real_ip_recursive").words[1] == "on"
    for server in block.all("server"):
        assert not server.all("set_real_ip_from") and not server.all("real_ip_header")


def test_the_protocol_is_spoken_to_outsiders_ports_only() -> None:
    for server in http(trusted_proxies=RANGES, proxy_protocol=True).all("server"):
        for listen in server.all("listen"):
            outside = listen.words[1].rpartition(":")[2] in ("8444", "8080")
            assert ("proxy_protocol" in listen.words) is outside, listen.words


def test_a_role_inside_is_known_by_its_connection_and_not_by_what_a_proxy_says() -> None:
    text = configuration(trusted_proxies=RANGES, inside_addresses=(INSIDE,))
    assert 'map "$server_port $realip_remote_addr $remote_addr" $way' in text
    assert '"~ 10[.]0[.]0[.]2 10[.]0[.]0[.]2$" inside;' in text


@pytest.mark.parametrize("target", [{}, kubernetes_samples.target("load_balancer")], ids=["docker", "kubernetes"])
def test_both_targets_have_them(target: dict[str, Any]) -> None:
    edge = {"edge": {"trusted_proxies": list(RANGES), "proxy_protocol": True}}
    files = {file.path: file.content for file in topologies.topology(target, edge).process("edge").files}
    text = str(next(content for path, content in files.items() if path.endswith("nginx.conf")))
    assert "set_real_ip_from 2001:db8::/32;" in text and "real_ip_header proxy_protocol;" in text


@pytest.mark.parametrize(
    ("ranges", "path", "words"),
    [
        (["0.0.0.0/0"], "[0]", "must be a /8 or smaller"),
        (["::/0"], "[0]", "must be a /16 or smaller"),
        (["192.0.2.0/24", "128.0.0.0/1"], "[1]", "must be a /8 or smaller"),
        (["2000::/3"], "[0]", "must be a /16 or smaller"),
        (["10.0.0.0/8", "11.0.0.0/8"], "", "together they hold 10.0.0.0/7"),
        ([f"{first}.0.0.0/8" for first in range(256)], "", "together they hold 0.0.0.0/0"),
        (["::ffff:10.0.0.0/104"], "[0]", "must be a network (CIDR)"),
        (["::ffff:a00:0/104"], "[0]", "written as a network of IPv4"),
        (["192.0.2.7/24"], "[0]", "did you mean 192.0.2.0/24?"),
        (["192.0.2.7"], "[0]", "must be a network (CIDR)"),
        (["999.0.2.0/24"], "[0]", "must be a network (CIDR)"),
        (["192.0.2.0/33"], "[0]", "must be a network (CIDR)"),
        (["proxy.example.com"], "[0]", "must be a network (CIDR)"),
        (["192.0.2.0/24; }"], "[0]", "must be a network (CIDR)"),
    ],
)
def test_what_is_no_range_of_proxies_is_refused(ranges: list[str], path: str, words: str) -> None:
    found = problems(merged(MINIMAL, {"edge": {"trusted_proxies": ranges}}))
    assert list(found) == [f"edge.trusted_proxies{path}"]
    assert words in found[f"edge.trusted_proxies{path}"]


@pytest.mark.parametrize("range_", ["10.0.0.0/8", "192.0.2.7/32", "fc00::/7", "2606:4700::/32", "fd00::/8"])
def test_ranges_that_proxies_have_are_taken(range_: str) -> None:
    assert samples.settings({"edge": {"trusted_proxies": [range_]}}).edge.trusted_proxies == (range_,)


def test_the_protocol_needs_somebody_who_is_believed() -> None:
    found = problems(merged(MINIMAL, {"edge": {"proxy_protocol": True}}))
    assert list(found) == ["edge.proxy_protocol"]
    assert "needs edge.trusted_proxies" in found["edge.proxy_protocol"]
    assert list(problems(merged(MINIMAL, {"edge": {"proxy_protocol": True, "trusted_proxies": []}}))) == list(found)


def test_portus_on_another_host_comes_by_itself() -> None:
    several = merged(MINIMAL, topologies.SPLIT)
    (inside, *_) = samples.settings(topologies.SPLIT).hairpin_addresses
    range_ = f"{inside}/32"
    found = problems(merged(several, {"edge": {"proxy_protocol": True, "trusted_proxies": ["192.0.2.0/24"]}}))
    assert "another host than the edge" in found["edge.proxy_protocol"]
    found = problems(merged(several, {"edge": {"trusted_proxies": ["192.0.2.0/24", range_]}}))
    assert inside in found["edge.trusted_proxies[1]"]
    assert not problems(merged(several, {"edge": {"trusted_proxies": ["192.0.2.0/24"]}}))


@pytest.mark.parametrize("passthrough", [True, False])
def test_who_hands_tls_on_writes_no_header(passthrough: bool) -> None:
    gateway = {"target": "kubernetes", "kubernetes": {"expose": {"gateway": {"name": "g", "passthrough": passthrough}}}}
    args = merged(MINIMAL, {**gateway, "edge": {"trusted_proxies": ["10.0.0.0/8"]}})
    assert ("edge.proxy_protocol" in problems(args)) is passthrough
    assert not problems(merged(args, {"edge": {"proxy_protocol": True}}))


@pytest.mark.parametrize("range_", ["999.0.2.0/24", "192.0.2.7/24", "192.0.2.0/40", "1:2:3/64"])
def test_ranges_of_a_load_balancers_clients_are_networks_too(range_: str) -> None:
    args = merged(MINIMAL, kubernetes_samples.target("load_balancer"))
    args["kubernetes"]["expose"]["load_balancer"] = {"source_ranges": ["0.0.0.0/0", range_]}
    assert list(problems(args)) == ["kubernetes.expose.load_balancer.source_ranges[1]"]
