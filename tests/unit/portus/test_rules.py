"""Combinations of arguments that cannot work, refused with the way out."""

from typing import Any

import pytest

from components.portus import InvalidSettings
from components.portus.args import Role
from components.portus.credentials import bot_username
from tests.unit.portus import samples, topologies
from tests.unit.portus.samples import CERTIFICATE, MINIMAL, PRIVATE_KEY, merged, problems

S3 = {"bucket": "layers", "region": "eu", "access_key": "AKIA", "secret_key": "secret"}
EXTERNAL = {"host": "db.example.com", "username": "portus", "password": "password-1", "database": "portus"}
TLS = {"ca_pem": CERTIFICATE, "certificate_pem": CERTIFICATE, "private_key_pem": PRIVATE_KEY}


def host(name: str, *roles: str, **more: Any) -> dict[str, Any]:
    """A host with everything that a host needs."""
    number = sum(name.encode()) % 250
    return {
        "name": name,
        "address": f"ssh://root@{name}.example.com",
        "private_address": f"10.0.0.{number}",
        "roles": list(roles),
        **more,
    }


def with_hosts(*hosts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The minimal arguments on these hosts."""
    return merged(MINIMAL, {"docker": {"hosts": list(hosts)}, **more})


FRONT, BACK = host("front", "edge"), host("back", "database", "registry", "portus", "background")


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        (
            {"hostnames": {"portus": "a.test:1", "registry": "b.test:2"}},
            "hostnames.registry",
            "same port as hostnames.portus",
        ),
        ({"portus": {"image": "opensuse/portus", "generation": 2}}, "portus.image", "must name a tag or a digest"),
        ({"portus": {"image": "example.com/portus:mine"}}, "portus.generation", "does not say whether it is 1"),
        (
            {"portus": {"image": "opensuse/portus:2.4.3", "generation": 1}},
            "portus.generation",
            "tag 2.4.3 is generation 2",
        ),
        ({"portus": {"image": "opensuse/portus:2.2", "generation": 2}}, "portus.generation", "tag 2.2 is generation 1"),
        ({"portus": {"image": "opensuse/portus:2.3"}}, "portus.image", "drops tables"),
        ({"portus": {"image": "opensuse/portus:2.3.7"}}, "portus.image", "drops tables"),
        ({"portus": {"image": "opensuse/portus:1.0", "generation": 1}}, "portus.image", "2.0 or later"),
        ({"portus": {"image": "portus-stack.lab/portus-standin:2.4"}}, "portus.image", "stand-in, which is for tests"),
        (
            {"portus": {"image": "opensuse/portus:2.2"}, "database": {"external": {**EXTERNAL, "port": 3307}}},
            "database.external.port",
            "generation 1 of Portus knows no other",
        ),
        (
            {"database": {"external": {**EXTERNAL, "database": "countdowns"}}},
            "database.external.database",
            "without the word 'down'",
        ),
        (
            {"registry": {"storage": {"s3": S3, "filesystem": {}}}},
            "registry.storage.s3",
            "exclude each other",
        ),
        (
            {"certificates": {"validity_hours": 48, "early_renewal_hours": 24}},
            "certificates.early_renewal_hours",
            "half",
        ),
        ({"administrator": {"username": "portus"}}, "administrator.username", "Portus' own hidden user"),
        ({"administrator": {"username": bot_username("0a1b2c3d")}}, "administrator.username", "the smoke check's"),
        ({"administrator": {"username": "portus-stack-smoke-check"}}, "administrator.username", "the smoke check's"),
        ({"docker": {"https_port": 8443, "http_port": 8443}}, "docker.http_port", "must differ"),
        ({"docker": {"bind_address": "300.0.0.1"}}, "docker.bind_address", "300.0.0.1"),
        ({"docker": {"bind_address": "2001:db8::1::2"}}, "docker.bind_address", "2001:db8::1::2"),
        ({"docker": {"bind_address": "[::1]"}}, "docker.bind_address", "IPv4 or IPv6 address"),
        ({"docker": {"bind_address": "fe80::1%eth0"}}, "docker.bind_address", "IPv4 or IPv6 address"),
        ({"docker": {"address_pool": "10.0.0.0/26"}}, "docker.address_pool", "or larger"),
        ({"docker": {"address_pool": "10.0.0.1/20"}}, "docker.address_pool", "host bits"),
        ({"docker": {"hosts": [host("one", "edge")]}}, "docker.hosts[0].roles", "every role when there is one host"),
        (
            {"docker": {"hosts": [{"name": "one", "address": "tcp://a:2376"}]}},
            "docker.hosts[0].tls",
            "required for tcp://",
        ),
        (
            {"docker": {"hosts": [{"name": "one", "address": "ssh://a", "tls": TLS}]}},
            "docker.hosts[0].tls",
            "for tcp:// addresses only",
        ),
        (
            {
                "docker": {
                    "hosts": [{"name": "one", "address": "ssh://a", "ssh_options": ["-oStrictHostKeyChecking=no"]}]
                }
            },
            "docker.hosts[0].ssh_options[0]",
            "must not switch host key checking off",
        ),
        (
            {
                "docker": {
                    "hosts": [{"name": "one", "address": "ssh://a", "ssh_options": ['-o stricthostkeychecking "off"']}]
                }
            },
            "docker.hosts[0].ssh_options[0]",
            "must not switch host key checking off",
        ),
    ],
)
def test_impossible_combination_is_refused(args: dict[str, Any], path: str, words: str) -> None:
    found = problems(merged(MINIMAL, args))
    assert list(found) == [path], found
    assert words in found[path]


def test_port_that_tcp_does_not_have_is_refused() -> None:
    found = problems({"hostnames": {"portus": "a.test:65536", "registry": "a.test:65536"}})
    assert set(found.values()) == {"names port 65536; the highest is 65535"}


def test_several_hosts_may_share_the_roles() -> None:
    assert problems(with_hosts(FRONT, BACK)) == {}


def test_every_role_may_have_a_host_of_its_own() -> None:
    apart = (host(role.value, role.value) for role in Role if role is not Role.BACKUP)
    assert problems(with_hosts(*apart)) == {}


def test_the_backup_is_where_the_registrys_volume_is() -> None:
    apart = [host(role.value, role.value) for role in Role]
    assert problems(with_hosts(*apart, backup={}))["docker.hosts"] == (
        "role backup must be where the registry is: on registry"
    )
    assert problems(with_hosts(FRONT, host("back", *BACK["roles"], "backup"), backup={})) == {}
    layers = {"registry": topologies.S3["registry"], "backup": {"layers": "bucket_versioning"}}
    assert problems(with_hosts(*apart, **layers)) == {}


def test_an_external_database_lets_portus_and_background_part() -> None:
    hosts = (FRONT, host("web", "portus", "registry"), host("work", "background"))
    assert problems(with_hosts(*hosts, database={"external": EXTERNAL})) == {}
    unknown = (*hosts[:2], host("work", "background", private_address=None))
    found = problems(with_hosts(*unknown, database={"external": EXTERNAL}))
    assert "the edge knows the background process by it" in found.pop("docker.hosts[2].private_address")
    assert found == {}
    beside_edge = ({**FRONT, "roles": [*FRONT["roles"], "background"]}, host("web", "portus", "registry"))
    assert problems(with_hosts(*beside_edge, database={"external": EXTERNAL})) == {}


@pytest.mark.parametrize(
    ("hosts", "path", "words"),
    [
        ((FRONT, {**BACK, "address": None}), "docker.hosts[1].address", "is required with several hosts"),
        ((FRONT, {**BACK, "private_address": None}), "docker.hosts[1].private_address", "connect to this one"),
        ((FRONT, {**BACK, "private_address": "10.0.0.300"}), "docker.hosts[1].private_address", "10.0.0.300"),
        ((FRONT, {**BACK, "name": "front"}), "docker.hosts[1].name", "used twice"),
        ((FRONT, BACK, host("spare")), "docker.hosts[2].roles", "which roles run here?"),
        ((FRONT, {**BACK, "roles": ["database", "portus", "background"]}), "docker.hosts", "it is on no host"),
        ((host("front", "edge", "registry"), BACK), "docker.hosts", "it is on front and back"),
        ((FRONT, {**BACK, "roles": ["databse"]}), "docker.hosts[1].roles[0]", "must be a role"),
        (
            (FRONT, host("web", "portus", "background", "registry"), host("data", "database", private_address=None)),
            "docker.hosts[2].private_address",
            "roles on other hosts connect to this one",
        ),
    ],
)
def test_impossible_split_is_refused(hosts: tuple[dict[str, Any], ...], path: str, words: str) -> None:
    found = problems(with_hosts(*hosts))
    assert path in found, found
    assert words in found[path]


def test_role_that_does_not_exist_has_no_host() -> None:
    with_database = with_hosts(FRONT, BACK, database={"external": EXTERNAL})
    assert "role database does not exist" in problems(with_database)["docker.hosts"]


def test_port_of_the_host_is_the_public_one_with_several_hosts() -> None:
    args = merged(with_hosts(FRONT, BACK), {"docker": {"https_port": 8443}})
    assert problems(args) == {"docker.https_port": "must be the public port (443) with several hosts"}


def test_other_hosts_must_reach_the_edge() -> None:
    args = merged(with_hosts(FRONT, BACK), {"docker": {"bind_address": "127.0.0.1"}})
    assert "the other hosts reach the edge there" in problems(args)["docker.bind_address"]


def test_several_faulty_roles_are_all_told() -> None:
    with pytest.raises(InvalidSettings) as caught:
        samples.settings(with_hosts(FRONT, host("back", "edge"), backup={}))
    for role in Role:
        assert f"role {role.value} must be on exactly one host" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "bound"), [("::", "::"), ("::1", "::1"), ("2001:db8:0:0:0:0:0:1", "2001:db8::1"), ("192.0.2.1",) * 2]
)
def test_the_edge_is_bound_to_an_address_as_docker_spells_it(given: str, bound: str) -> None:
    assert samples.settings({"docker": {"bind_address": given}}).docker.bind_address == bound


def test_defaults() -> None:
    settings = samples.settings()
    assert settings.portus.generation == 2
    assert (settings.data.protect, settings.data.retain) == (True, False)
    assert settings.smoke_check is True
    assert (settings.docker.bind_address, settings.docker.https_port, settings.docker.http_port) == ("0.0.0.0", 443, 80)
    assert settings.administrator.email == "admin@portus.example.com"
    assert (settings.certificates.validity_hours, settings.certificates.early_renewal_hours) == (8760, 720)
    assert settings.roles == tuple(role for role in Role if role is not Role.BACKUP)


def test_plain_http_is_not_opened_beside_another_public_port() -> None:
    args = {"hostnames": {"portus": "portus.test:8443", "registry": "registry.test:8443"}}
    assert samples.settings(args).docker.http_port == 0


def test_short_lived_certificates_have_a_renewal_time_that_fits() -> None:
    assert samples.settings({"certificates": {"validity_hours": 24}}).certificates.early_renewal_hours == 8


def test_null_means_the_default() -> None:
    """A program in another language, or an empty key of a stack file, sends null."""
    assert samples.settings(dict.fromkeys(samples.COMPLETE, None) | MINIMAL) == samples.settings()
