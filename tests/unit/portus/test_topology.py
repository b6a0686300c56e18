"""What has to run, in which order, and who talks to whom."""

from typing import Any

import pytest

from components.portus.topology import OUTSIDE, Link, Topology
from tests.unit.portus import samples, topologies

VARIANTS = [
    pytest.param((), id="generation 2"),
    pytest.param((topologies.GENERATION_1,), id="generation 1"),
    pytest.param((topologies.EXTERNAL_DATABASE,), id="external database"),
    pytest.param(
        (
            topologies.GENERATION_1,
            {"database": {"external": {**samples.COMPLETE["database"]["external"], "port": 3306}}},
        ),
        id="generation 1, external database",
    ),
    pytest.param((topologies.S3, topologies.ONE_HOSTNAME), id="bucket, one host name"),
    pytest.param(({"smoke_check": False},), id="no smoke check"),
    pytest.param((topologies.SPLIT,), id="three hosts"),
]
Variant = tuple[dict[str, Any], ...]


def order(topology: Topology) -> list[str]:
    return [process.name for process in topology.processes]


def comes_after(topology: Topology, process: str) -> set[str]:
    """All that must be ready before ``process`` starts."""
    found = set(topology.process(process).after)
    for earlier in tuple(found):
        found |= comes_after(topology, earlier)
    return found


def test_start_order_of_generation_2() -> None:
    assert order(topologies.topology()) == [
        "database",
        "registry",
        "portus",
        "bootstrap",
        "background",
        "edge",
        "smoke_check",
    ]


def test_start_order_of_generation_1() -> None:
    assert order(topologies.topology(topologies.GENERATION_1)) == [
        "database",
        "registry",
        "portus",
        "bootstrap",
        "edge",
        "smoke_check",
    ]


@pytest.mark.parametrize("variant", VARIANTS)
def test_edge_opens_only_when_an_administrator_exists(variant: Variant) -> None:
    topology = topologies.topology(*variant)
    assert {"registry", "portus", "bootstrap"} <= comes_after(topology, "edge")
    assert [link.destination for link in topology.links if link.source == OUTSIDE] == ["edge"] * len(
        [link for link in topology.links if link.source == OUTSIDE]
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_starts_before_what_it_comes_after(variant: Variant) -> None:
    topology = topologies.topology(*variant)
    started: set[str] = set()
    for process in topology.processes:
        assert set(process.after) <= started, process.name
        started.add(process.name)


@pytest.mark.parametrize("variant", VARIANTS)
def test_links_join_processes_that_exist(variant: Variant) -> None:
    topology = topologies.topology(*variant)
    names = {process.name for process in topology.processes} | {OUTSIDE}
    for link in topology.links:
        assert {link.source, link.destination} <= names
        assert link.why
        assert link.source != link.destination


@pytest.mark.parametrize("variant", VARIANTS)
def test_everything_inside_is_tls(variant: Variant) -> None:
    """But for the smoke check's look at the redirect of plain HTTP, which carries nothing."""
    for link in topologies.topology(*variant).links:
        inside = OUTSIDE not in (link.source, link.destination)
        if inside and not link.tls:
            assert (link.source, link.destination) == ("smoke_check", "edge"), link


@pytest.mark.parametrize("variant", VARIANTS)
def test_database_has_no_way_out_and_one_kind_of_caller(variant: Variant) -> None:
    links = topologies.topology(*variant).links
    assert not [link for link in links if link.source == "database"]
    assert {link.source for link in links if link.destination == "database"} <= {"portus", "background"}


def test_external_database_is_reached_outside() -> None:
    links = topologies.topology(topologies.EXTERNAL_DATABASE).links
    assert Link("portus", OUTSIDE, 3307, True, "keeps its state", "mysql") in links
    assert "database" not in {link.destination for link in links}


def test_features_that_call_out_are_links() -> None:
    mail = {"email.smtp.enabled": True, "email.smtp.address": "mail.test", "email.smtp.port": 587}
    links = topologies.topology({"portus": {"settings": {**mail, "oauth.github.enabled": True}}}).links
    outside = {(link.source, link.port) for link in links if link.destination == OUTSIDE}
    assert outside == {(role, port) for role in ("portus", "background") for port in (587, 443)}
    assert not [link for link in topologies.topology().links if link.destination == OUTSIDE]


@pytest.mark.parametrize(
    ("settings", "port", "tls"),
    [
        ({"oauth.github.enabled": True}, 443, True),
        ({"oauth.gitlab.enabled": True}, 443, True),
        ({"oauth.gitlab.enabled": True, "oauth.gitlab.server": "https://git.test:8443/x"}, 8443, True),
        ({"oauth.gitlab.enabled": False, "oauth.gitlab.server": "https://git.test:8443"}, None, True),
        ({"oauth.open_id.enabled": True, "oauth.open_id.identifier": "http://id.test"}, 80, False),
        ({"security.clair.server": "http://clair.test:6060"}, 6060, False),
    ],
)
def test_servers_are_called_at_the_port_of_their_address(
    settings: dict[str, object], port: int | None, tls: bool
) -> None:
    links = topologies.topology({"portus": {"settings": settings}}).links
    outside = {(link.port, link.tls) for link in links if link.source == "portus" and link.destination == OUTSIDE}
    assert outside == ({(port, tls)} if port else set())


def test_circular_order_is_told() -> None:
    topology = topologies.topology()
    circular = Topology(
        topology.name,
        tuple(one for one in topology.workloads if one.name != "registry"),
        topology.tasks,
        topology.roster,
    )
    with pytest.raises(ValueError, match=r"circular start order among .*bootstrap"):
        _ = circular.processes


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_process_is_confined(variant: Variant) -> None:
    for process in topologies.topology(*variant).processes:
        security = process.security
        assert process.limits.memory_mib >= 16
        assert process.limits.cpus > 0
        assert process.probe.command
        if process.name not in ("portus", "background"):
            assert security.read_only_root, process.name
            assert not security.new_privileges
            assert not security.capabilities
            assert security.user != "0:0"


def test_database_is_given_the_time_to_stop() -> None:
    assert topologies.topology().process("database").stop_seconds >= 120


@pytest.mark.parametrize("variant", VARIANTS)
def test_files_of_one_process_have_different_paths(variant: Variant) -> None:
    for process in topologies.topology(*variant).processes:
        paths = [file.path for file in process.files]
        assert len(paths) == len(set(paths)), process.name


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_secret_stands_in_commands_or_environments(variant: Variant) -> None:
    words = {"database_password", "portus_password", "administrator_password", "session_key", "hunter2", "SENTINEL"}
    for process in topologies.topology(*variant).processes:
        values = [*process.command, *process.entrypoint, *process.environment.values(), *process.probe.command]
        assert not [value for value in values if value in words or "SENTINEL" in value]


def test_smoke_check_can_be_switched_off() -> None:
    assert "smoke_check" not in order(topologies.topology({"smoke_check": False}))


def test_smoke_check_runs_again_when_a_role_is_another_one() -> None:
    (task,) = [task for task in topologies.topology().tasks if task.name == "smoke_check"]
    assert set(task.verifies) == {"database", "registry", "portus", "background", "edge"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_every_secret_file_holds_is_said(variant: Variant) -> None:
    untold = [
        (process.name, file.path)
        for process in topologies.topology(*variant).processes
        for file in process.files
        if file.secret and not file.holds
    ]
    assert untold == []
