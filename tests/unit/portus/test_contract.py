"""Both generations of the Portus image. Facts: openSUSE/docker-containers and SUSE/Portus, as the tables name them."""

import re
from typing import Any

import pytest

from components.portus import images
from components.portus.contract import contract_of, generation2
from tests.unit.portus import samples, topologies

BOTH = [pytest.param(topologies.GENERATION_1, id="generation 1"), pytest.param({}, id="generation 2")]


def portus(*more: dict[str, Any]) -> Any:
    return topologies.topology(*more).process("portus")


def test_generation_1_environment() -> None:
    environment = portus(topologies.GENERATION_1).environment
    assert environment["MARIADB_SERVICE_HOST"] == "test-database"
    assert environment["MARIADB_USER"] == environment["MARIADB_DATABASE"] == "portus"
    # 2.1 passes the name without _VALUE to Apache, 2.2 the one with it.
    assert environment["PORTUS_MACHINE_FQDN"] == environment["PORTUS_MACHINE_FQDN_VALUE"] == "portus.example.com"
    assert not [name for name in environment if name.startswith("PORTUS_DB_")], "of generation 2"


def test_generation_1_secrets_reach_its_environment_in_the_container_only() -> None:
    process = portus(topologies.GENERATION_1)
    script = topologies.plain_file(topologies.topology(topologies.GENERATION_1), "portus", "/etc/portus-stack/start.sh")
    for name in ("MARIADB_PASSWORD", "PORTUS_PORTUS_PASSWORD", "PORTUS_SECRET_KEY_BASE"):
        assert name not in process.environment
        assert f'{name}="$(cat /etc/portus-stack/{name.lower()})"' in script
    assert process.entrypoint == ("/bin/bash", "/etc/portus-stack/start.sh")
    assert script.rstrip().endswith("exec /init")


def test_generation_1_files() -> None:
    files = {file.path: file for file in portus(topologies.GENERATION_1).files}
    assert files["/certificates/portus-ca.crt"].secret is False  # the leaf, despite its name
    key = files["/secrets/portus.key"]
    assert key.secret
    assert key.mode == "0444", "wwwrun reads it at every token; 0400 would belong to root"
    assert "/certificates/portus-stack.crt" in files
    assert "/srv/Portus/config/config-local.yml" in files


def test_generation_1_needs_sudo() -> None:
    security = portus(topologies.GENERATION_1).security
    assert security.new_privileges
    assert {"CAP_SETUID", "CAP_SETGID", "CAP_NET_BIND_SERVICE"} <= set(security.capabilities)
    assert not security.read_only_root


def test_generation_1_is_asked_for_its_sign_in_page() -> None:
    probe = topologies.plain_file(topologies.topology(topologies.GENERATION_1), "portus", "/etc/portus-stack/probe.sh")
    assert "https://127.0.0.1:443/users/sign_in" in probe


def test_generation_2_environment() -> None:
    environment = portus().environment
    expected = {
        "PORTUS_DB_ADAPTER": "mysql2",
        "PORTUS_DB_HOST": "test-database",
        "PORTUS_DB_PORT": "3306",
        "PORTUS_DB_USERNAME": "portus",
        "PORTUS_DB_DATABASE": "portus",
        "PORTUS_DB_PASSWORD_FILE": "/etc/portus-stack/portus_db_password",
        "PORTUS_PASSWORD_FILE": "/etc/portus-stack/portus_password",
        "PORTUS_SECRET_KEY_BASE_FILE": "/etc/portus-stack/portus_secret_key_base",
        "PORTUS_KEY_PATH": "/etc/portus-stack/token.key",
        "PORTUS_PUMA_TLS_CERT": "/etc/portus-stack/portus.crt",
        "PORTUS_PUMA_TLS_KEY": "/etc/portus-stack/portus.key",
        "PORTUS_LOCAL_CONFIG_PATH": "/etc/portus-stack/config-local.yml",
        "PORTUS_MACHINE_FQDN_VALUE": "portus.example.com",
        "RAILS_SERVE_STATIC_FILES": "true",
    }
    assert expected.items() <= environment.items()


def test_generation_2_never_logs_at_debug_level() -> None:
    """At that level its init prints the environment, secrets and all."""
    assert portus().environment["PORTUS_LOG_LEVEL"] == "info"


def test_generation_2_keeps_its_keys_apart() -> None:
    paths = contract_of(2).paths
    assert paths.tls_key != paths.token_key
    assert contract_of(1).paths.tls_key == contract_of(1).paths.token_key


def test_generation_2_is_asked_for_its_ping() -> None:
    probe = topologies.plain_file(topologies.topology(), "portus", "/etc/portus-stack/probe.sh")
    assert "https://127.0.0.1:3000/api/v1/_ping" in probe


@pytest.mark.parametrize("image", ["opensuse/portus:2.5", "opensuse/portus:latest", "opensuse/portus:head"])
def test_images_whose_init_cannot_be_executed_are_started_by_bash(image: str) -> None:
    topology = topologies.topology({"portus": {"image": image}})
    assert topology.process("background").entrypoint == ("/bin/bash", "/init")
    assert topologies.plain_file(topology, "portus", "/etc/portus-stack/start.sh").endswith("\nexec /bin/bash /init\n")


def test_the_background_process_keeps_the_entrypoint_of_other_images() -> None:
    assert topologies.topology().process("background").entrypoint == generation2.entrypoint("2.4.3") == ()


def test_the_web_application_looks_at_the_tables_before_it_starts() -> None:
    assert portus().entrypoint == ("/bin/bash", "/etc/portus-stack/start.sh")
    script = topologies.plain_file(topologies.topology(), "portus", "/etc/portus-stack/start.sh")
    assert script.index("rake db:migrate") < script.index("exec /bin/bash /init")


def test_only_generation_2_has_a_background_process() -> None:
    assert "background" not in {process.name for process in topologies.topology(topologies.GENERATION_1).processes}
    background = topologies.topology().process("background").environment
    assert background["PORTUS_BACKGROUND"] == "true"
    assert "PORTUS_BACKGROUND" not in portus().environment, "any value at all would turn it into the other process"


def test_secret_options_come_as_files_where_init_would_empty_them() -> None:
    options = {"email.smtp.password": "hunter2-hunter2", "ldap.authentication.password": "hunter3-hunter3"}
    process = portus({"portus": {"settings": options}})
    for variable in ("PORTUS_EMAIL_SMTP_PASSWORD_FILE", "PORTUS_LDAP_AUTHENTICATION_PASSWORD_FILE"):
        path = process.environment[variable]
        assert next(file for file in process.files if file.path == path).secret


@pytest.mark.parametrize("more", BOTH)
def test_no_secret_is_readable_by_more_than_the_image_needs(more: dict[str, Any]) -> None:
    for process in topologies.topology(more).processes:
        for file in process.files:
            assert re.fullmatch("0[4][04][04]", file.mode), f"{process.name}: {file.path} {file.mode}"


@pytest.mark.parametrize("more", BOTH)
def test_no_environment_variable_is_empty(more: dict[str, Any]) -> None:
    """An empty PORTUS_PUMA_TLS_KEY crashes Puma; an empty _FILE twin ends 2.5's init."""
    for process in topologies.topology(more).processes:
        for name, value in process.environment.items():
            assert name
            assert value


def test_every_release_has_a_generation() -> None:
    expected = {
        "2.0": 1,
        "2.1": 1,
        "2.1.1": 1,
        "2.2": 1,
        "2.2.0": 1,
        "2.3": 2,
        "2.4.3": 2,
        "2.5": 2,
        "latest": 2,
        "head": 2,
    }
    assert {tag: images.generation_of(f"opensuse/portus:{tag}") for tag in expected} == expected


@pytest.mark.parametrize(
    "image", ["opensuse/portus:20", "opensuse/portus:3.0", "opensuse/portus:mine", "a/b@sha256:" + "0" * 64]
)
def test_a_tag_that_does_not_say_has_none(image: str) -> None:
    assert images.generation_of(image) is None


def test_official_images_are_pinned_by_digest_and_portus_by_tag() -> None:
    assert "@sha256:" in images.REGISTRY
    assert images.PORTUS == "opensuse/portus:2.4.3"
    for image in (images.REGISTRY, images.PORTUS, images.DATABASE, images.EDGE, images.TASK):
        assert images.is_reference(image)


def test_stand_in_is_known_by_its_repository() -> None:
    assert images.is_stand_in("portus-stack.lab/portus-standin:2.4")
    assert not images.is_stand_in(images.PORTUS)
    assert samples.settings({"portus": {"image": "opensuse/portus:2.4.3"}}).portus.generation == 2
