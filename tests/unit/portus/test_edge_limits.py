"""The figures of edge_limits.py: that they fit each other, and what is behind the edge.

What a real nginx makes of them: tests/contract/test_edge_limits.py.
"""

import re
from dataclasses import replace

import pytest

from components.portus.roles import edge, edge_limits, registry
from components.portus.roles.edge_configuration import EdgeNames, nginx_configuration
from components.portus.targets.docker import translate
from tests.unit.portus import samples, topologies
from tests.unit.portus.nginx_parser import Directive, parse
from tests.unit.portus.test_edge_fence import NODES, mapped

NAMES = EdgeNames("portus.test", "registry.test", 8443, 8080, "test-portus:3000", "test-registry:5000", layers=17)
HALF_HEADERS = 2039
HALF_HEADER_KIB = 25
"""Measured: of the edge's memory, for a connection over TLS that stops in its header."""
LAYERS_OF_A_NODE = 3
"""That docker and containerd fetch at once, by default."""
PARENTS = 2


def test_files_connections_and_clients_fit_each_other() -> None:
    root = parse(nginx_configuration(NAMES))
    connections = int(root.one("events").one("worker_connections").words[1])
    workers = int(root.one("worker_processes").words[1])
    assert int(root.one("worker_rlimit_nofile").words[1]) == edge_limits.OPEN_FILES >= 2 * connections + 100
    assert edge_limits.OPEN_FILES <= translate._OPEN_FILES, "more than the container may open"
    assert connections > HALF_HEADERS + 2, "one worker may get them all"
    assert workers * connections // PARENTS >= 4 * edge_limits.CLIENT_REQUESTS, "one client takes a part of the edge"
    assert edge_limits.CLIENT_REQUESTS >= NODES * LAYERS_OF_A_NODE
    assert workers * connections * HALF_HEADER_KIB <= (samples.settings().edge.resources.memory_mib - 20) * 1024


def http() -> Directive:
    return parse(nginx_configuration(NAMES)).one("http")


def test_every_request_is_bounded() -> None:
    block = http()
    bounds = {one.words[1]: one.words[2] for one in block.all("limit_conn")}
    assert bounds == {
        "requests": str(edge_limits.CLIENT_REQUESTS),
        "pages": str(edge_limits.CLIENT_PAGES),
        "layers": "17",
        "writes": "65535",
    }
    zones = {one.words[2].removeprefix("zone=").partition(":")[0]: one.words[1] for one in block.all("limit_conn_zone")}
    limited = {"requests": "$limited_requests", "pages": "$limited_pages", "layers": "$limited_layers"}
    assert zones == {**limited, "writes": "$writing"}, "the last one counts, and limits nobody (edge_hold.py)"
    public = [one for one in block.all("server") if not one.all("listen", "unix:/tmp/health.sock")]
    assert len(public) == len(block.all("server")) - 1
    for server in public:
        for inner in (server, *server.all("location")):
            assert not inner.all("limit_conn"), "one of them would take the others away"


@pytest.mark.parametrize(
    ("request_", "layers"),
    [
        ("GET /v2/a/blobs/sha256:0123", "registry"),
        ("GET /v2/a/blobs/blobs/sha256:0123", "registry"),
        *((f"{method} /v2/a/blobs/sha256:0123", "") for method in ("HEAD", "PUT", "DELETE")),
        ("GET /v2/a/manifests/sha256:0123", ""),
        ("GET /v2/token", ""),
        ("GET /blobs/sha256:0123", ""),
    ],
)
def test_layers_alone_take_the_registrys_memory(request_: str, layers: str) -> None:
    assert mapped("limited_layers", request_, http()) == layers


def test_who_is_bounded_by_what() -> None:
    assert mapped("limited_requests", "outside", http()) == "$client"
    assert mapped("limited_pages", "outside /namespaces", http()) == "$client"
    assert mapped("limited_pages", "outside /v2/token", http()) == "", "docker clients have the larger figure"
    for text in ("inside", "inside /namespaces"):
        assert mapped("limited_requests", text, http()) == mapped("limited_pages", text, http()) == ""


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:"),
        ("2001:db8:1:2::6", "2001:db8:1:2:"),
        ("2001:db8:1::6", "2001:db8:1::"),
        ("2001:db8::1:2:3:4", "2001:db8::"),
        ("2001:db8::6", "2001:db8::"),
        ("::1", "::"),
    ],
)
def test_a_client_of_ipv6_is_its_network(address: str, client: str) -> None:
    entries = next(one for one in http().all("map") if one.words[2] == "$client").block
    found = [re.search(entry.words[0][1:], address) for entry in entries if entry.words[0].startswith("~")]
    assert next((one["network"] for one in found if one), address) == client
    assert [entry.words[1] for entry in entries] == ["$network", "$network", "$remote_addr"]


@pytest.mark.parametrize("memory", [16, 128, 512, 1024, 1536, 8192])
def test_the_registry_has_memory_for_the_layers_that_it_is_asked_for(memory: int) -> None:
    settings = samples.settings({"registry": {"resources": {"memory_mib": memory}}})
    streams = registry.streams(settings)
    assert streams == 1 or streams * 4 + 96 <= memory * 9 // 10
    process = topologies.topology({"registry": {"resources": {"memory_mib": memory}}}).process("registry")
    assert process.environment["GOMEMLIMIT"] == f"{memory * 9 // 10}MiB"


def test_the_default_memory_is_for_two_hundred_layers() -> None:
    assert registry.streams(samples.settings()) >= 200


def test_each_edge_has_its_share_of_the_layers() -> None:
    one = samples.settings()
    assert edge._layers(one) == registry.streams(one)
    several = replace(one, registry=replace(one.registry, replicas=2), edge=replace(one.edge, replicas=4))
    assert edge._layers(several) == registry.streams(one) // 2
    text = topologies.plain_file(topologies.topology(), "edge", "/etc/portus-stack/nginx.conf")
    assert f"limit_conn layers {registry.streams(samples.settings())};" in text
