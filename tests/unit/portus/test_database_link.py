"""The way to the database: encrypted, verified, and without a secret in what says so."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from components.portus.topology import OUTSIDE, File, Link
from tests.unit.portus import samples, topologies

CA, CLIENT = "/etc/portus-stack/database-ca.crt", "/etc/portus-stack/database-client.cnf"
CERTIFICATE, KEY = "/etc/portus-stack/database-client.crt", "/etc/portus-stack/database-client.key"
ROLES = ("portus", "background")
EXTERNAL: dict[str, Any] = samples.COMPLETE["database"]["external"]
PLAIN: dict[str, Any] = {"database": {"external": {key: value for key, value in EXTERNAL.items() if key != "tls"}}}
CA_ONLY: dict[str, Any] = {
    "database": {"external": {**EXTERNAL, "tls": {"ca_certificate_pem": samples.CERTIFICATE}}},
}


def files(role: str, *more: dict[str, Any]) -> dict[str, File]:
    return {file.path: file for file in topologies.topology(*more).process(role).files}


def parameters(role: str, *more: dict[str, Any]) -> dict[str, str]:
    """What DATABASE_URL adds; it says nothing else."""
    url = urlsplit(topologies.topology(*more).process(role).environment["DATABASE_URL"])
    assert (url.scheme, url.netloc, url.path) == ("mysql2", "", "/")
    return dict(parse_qsl(url.query, strict_parsing=True))


@pytest.mark.parametrize("role", ROLES)
def test_bundled_database_is_verified_with_the_generated_ca(role: str) -> None:
    assert parameters(role) == {"sslca": CA, "default_file": CLIENT}
    found = files(role)
    assert not found[CA].secret
    assert found[CLIENT].content == "[client]\nssl-verify-server-cert=1\n"
    assert not {CERTIFICATE, KEY} & set(found)


def test_generation_1_goes_the_same_way() -> None:
    assert parameters("portus", topologies.GENERATION_1) == parameters("portus")
    assert {CA, CLIENT} <= set(files("portus", topologies.GENERATION_1))


def test_bundled_database_takes_nothing_else() -> None:
    database = topologies.topology().process("database")
    certificate, key = "/etc/portus-stack/database.crt", "/etc/portus-stack/database.key"
    assert {
        *("--require-secure-transport=ON", "--tls-version=TLSv1.2,TLSv1.3"),
        *(f"--ssl-cert={certificate}", f"--ssl-key={key}"),
    } <= set(database.command)
    found = {file.path: file.secret for file in database.files}
    assert found[key] is True
    assert found[certificate] is False


@pytest.mark.parametrize("role", ROLES)
def test_external_database_may_ask_for_a_certificate(role: str) -> None:
    with_client = topologies.EXTERNAL_DATABASE
    ours = {"sslcert": CERTIFICATE, "sslkey": KEY}
    assert parameters(role, with_client) == {"sslca": CA, "default_file": CLIENT, **ours}
    found = files(role, with_client)
    assert (found[KEY].secret, found[KEY].mode) == (True, "0400")
    assert not found[CERTIFICATE].secret
    assert parameters(role, CA_ONLY) == {"sslca": CA, "default_file": CLIENT}


@pytest.mark.parametrize("role", ROLES)
def test_external_database_without_tls_is_a_link_in_the_clear(role: str) -> None:
    topology = topologies.topology(PLAIN)
    assert Link(role, OUTSIDE, 3307, False, "keeps its state", "mysql") in topology.links
    assert "DATABASE_URL" not in topology.process(role).environment
    assert not {CA, CLIENT, CERTIFICATE, KEY} & set(files(role, PLAIN))


def test_a_client_certificate_comes_with_its_key() -> None:
    tls = {"ca_certificate_pem": samples.CERTIFICATE, "certificate_pem": samples.CERTIFICATE}
    args = samples.merged(samples.MINIMAL, {"database": {"external": {**EXTERNAL, "tls": tls}}})
    assert samples.problems(args) == {"database.external.tls.private_key_pem": "is required: a PEM private key"}


def test_database_of_its_own_host_is_published_at_the_private_address_only() -> None:
    roles = {"a": ["edge", "portus", "registry"], "b": ["database"], "c": ["background"]}
    hosts = [
        {"name": f"host-{name}", "address": f"ssh://{name}.test", "private_address": f"10.0.0.{number}", "roles": each}
        for number, (name, each) in enumerate(roles.items(), 1)
    ]
    placement = topologies.placement({"docker": {"hosts": hosts}})
    assert [(port.host_address, port.host_port) for port in placement.ports("database")] == [("10.0.0.2", 3306)]
    (network,) = placement.networks_of("database")
    assert (network.internal, network.leaves) == (False, False)
    for role in ROLES:
        assert placement.extra_hosts(role)["test-database"] == "10.0.0.2"
