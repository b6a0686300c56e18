"""How the images start, wait and fail: the start scripts' contract of both generations."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from components.portus.images import STAND_IN_REPOSITORY
from tests.contract.portus.world import RELEASE, source
from tests.contract.standin_harness import Lab, docker, lab, logs, wait_until
from tests.contract.standin_settings import DATABASE_PASSWORD, FQDN, HIDDEN_PASSWORD, ROOT_PASSWORD
from tests.portus_image import is_original, patience

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(1200),
    source(
        "init (openSUSE/docker-containers derived_images/portus)",
        "lib/portus/db.rb:20",
        "bin/check_db.rb:14",
        "config/initializers/environment_check.rb:11",
        "config/initializers/mail.rb:10",
        "lib/tasks/portus/db.rake:44",
        "lib/portus/checks.rb:22",
    ),
]

#: 18 pauses of 5 s; what is above them is starting the check 19 times.
_PATIENCE_SECONDS, _PATIENCE_LIMIT_SECONDS = 90, 400
_BASELINE, _NEWEST = "20160927141850", "20181213101302" if RELEASE < (2, 5) else "20190314173309"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A network with a database."""
    folder: Path = tmp_path_factory.mktemp("lab")
    with lab(folder) as started:
        started.start_database()
        yield started


@pytest.fixture
def empty(running: Lab) -> Lab:
    """The network, with Portus' database empty."""
    running.sql("DROP DATABASE portus")
    docker(
        "exec",
        f"--env=MYSQL_PWD={ROOT_PASSWORD}",
        f"lab-{running.identity}-database",
        "mariadb",
        "-uroot",
        "-e",
        "CREATE DATABASE portus",
    )
    return running


@pytest.fixture
def role(request: pytest.FixtureRequest, running: Lab) -> Iterator[str]:
    """A name for the test's container, which goes away after it."""
    name = f"portus-{abs(hash(request.node.name)) % 10**6}"
    yield name
    docker("rm", "--force", "--volumes", f"lab-{running.identity}-{name}", check=False)


def exit_code(container: str, seconds: float) -> int:
    """Wait for the container's end."""
    command = ["docker", "wait", container]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds * patience(), check=True)
    return int(done.stdout)


def messages(container: str) -> list[str]:
    """The start script's own lines."""
    return [line for line in logs(container).splitlines() if not line[:2].isdigit()]


def wait_for_line(container: str, line: str, seconds: float = 60) -> None:
    wait_until(lambda: line in logs(container), f"{container} says {line!r}", lambda: logs(container), seconds)


def is_running(container: str) -> bool:
    return docker("inspect", "--format", "{{.State.Running}}", container) == "true"


def serves(started: Lab, container: str, generation: int) -> bool:
    port, path = (443, "users/sign_in") if generation == 1 else (3000, "api/v1/_ping")
    client = started.client()
    client.places = {f"{FQDN}:{port}": started.address(container)}
    try:
        return client.get(f"https://{FQDN}:{port}/{path}").status in (200, 302)
    except ConnectionError:
        return False


@pytest.mark.parametrize("generation", [1, 2])
def test_first_start_sets_the_database_up_and_serves(empty: Lab, role: str, generation: int) -> None:
    container = empty.start_portus(generation, role=role)
    wait_for_line(container, "Database ready")
    wait_until(lambda: serves(empty, container, generation), "Portus answers", lambda: logs(container))
    assert ("Initializing database" in logs(container)) == (generation == 1 or RELEASE >= (2, 5))
    assert empty.sql("SELECT username, admin FROM users") == [["portus", "1"]]
    newest = empty.sql("SELECT MAX(version) FROM schema_migrations")
    assert newest == [[_BASELINE if generation == 1 else _NEWEST]]


@pytest.mark.timeout(2400)
def test_without_a_database_both_generations_wait_ninety_seconds_and_exit_with_1(running: Lab) -> None:
    began = time.monotonic()
    changes: dict[int, dict[str, str | None]] = {
        1: {"MARIADB_SERVICE_HOST": "nowhere"},
        2: {"PORTUS_DB_HOST": "nowhere"},
    }
    containers = [
        running.start_portus(generation, changes=changes[generation], role=f"waiting-{generation}")
        for generation in (1, 2)
    ]
    for container in containers:
        assert exit_code(container, _PATIENCE_LIMIT_SECONDS) == 1
        assert logs(container).count("Waiting for mariadb to be ready in 5 seconds") == 18
        assert messages(container)[-1] == "Timeout reached, exiting with error"
    assert _PATIENCE_SECONDS <= time.monotonic() - began < _PATIENCE_LIMIT_SECONDS * patience()


@pytest.mark.parametrize("generation", [1, 2])
def test_wrong_password_reads_as_a_database_that_is_down(running: Lab, role: str, generation: int) -> None:
    wrong: dict[str, str | None] = (
        {"MARIADB_PASSWORD": "wrong"}
        if generation == 1
        else {
            "PORTUS_DB_PASSWORD": "wrong",
            "PORTUS_DB_PASSWORD_FILE": None,
        }
    )
    container = running.start_portus(generation, changes=wrong, role=role)
    wait_for_line(container, "Waiting for mariadb to be ready in 5 seconds")


@pytest.mark.parametrize(
    ("generation", "changes", "said"),
    [
        (1, {"MARIADB_PASSWORD": "'broken"}, "SettingsError"),
        (2, {"PORTUS_KEY_PATH": None}, "`PORTUS_KEY_PATH` has not been set"),
        (2, {"PORTUS_PASSWORD_FILE": None}, "`PORTUS_PASSWORD` has not been set"),
        (2, {"PORTUS_PRODUCTION_HOST": "database", "PORTUS_DB_HOST": None}, "PORTUS_PRODUCTION_"),
        (2, {"PORTUS_EMAIL_FROM": "Portus <portus@portus.test>"}, "bad config value for 'from'"),
    ],
    ids=["broken-yaml", "no-key-path", "no-password", "renamed-variable", "sender-with-a-name"],
)
def test_settings_that_rails_refuses_loop_for_ever(
    running: Lab, role: str, generation: int, changes: dict[str, str | None], said: str
) -> None:
    container = running.start_portus(generation, changes=changes, role=role)
    wait_until(
        lambda: logs(container).count(said) >= 3,
        "the check is repeated without a pause",
        lambda: logs(container),
        30,
    )
    assert is_running(container)
    assert "Waiting for mariadb" not in logs(container)


@pytest.mark.stand_in
def test_init_command_replaces_the_server_and_migrates_a_database_of_generation_1(empty: Lab, role: str) -> None:
    first = empty.start_portus(1, role=role)
    wait_for_line(first, "Database ready")
    docker("rm", "--force", "--volumes", first)
    command: dict[str, str | None] = {"PORTUS_INIT_COMMAND": "rake db:migrate"}
    container = empty.start_portus(2, changes=command, role=role)
    assert exit_code(container, 60) == 0, logs(container)
    assert empty.sql("SELECT MAX(version) FROM schema_migrations") == [[_NEWEST]]
    assert empty.sql("SELECT username, bot FROM users") == [["portus", "0"]]


@pytest.mark.stand_in
def test_generation_2_migrates_by_itself_and_generation_1_does_not_look(empty: Lab, role: str) -> None:
    container = empty.start_portus(1, role=role)
    wait_for_line(container, "Database ready")
    docker("rm", "--force", "--volumes", container)
    empty.sql(f"UPDATE schema_migrations SET version = '1' WHERE version = '{_BASELINE}'")
    container = empty.start_portus(1, role=role)
    wait_for_line(container, "Database ready")
    assert empty.sql("SELECT version FROM schema_migrations") == [["1"]]
    docker("rm", "--force", "--volumes", container)
    empty.sql(f"UPDATE schema_migrations SET version = '{_BASELINE}'")
    container = empty.start_portus(2, role=role)
    wait_for_line(container, "Database ready")
    assert empty.sql("SELECT MAX(version) FROM schema_migrations") == [[_NEWEST]]


def test_start_that_was_killed_while_it_made_the_schema_is_over_for_ever(empty: Lab, role: str) -> None:
    """2.4 migrates as soon as there are two tables, from the first migration on; 2.5 makes the schema anew."""
    empty.sql("CREATE TABLE activities (id INT PRIMARY KEY); CREATE TABLE users (id INT PRIMARY KEY)")
    container = empty.start_portus(2, role=role)
    if RELEASE >= (2, 5):
        wait_for_line(container, "Database ready")
        return
    assert exit_code(container, 120) == 1
    assert "already exists" in logs(container)
    docker("start", container)
    assert exit_code(container, 120) == 1


def test_start_that_was_killed_while_it_made_the_schema_goes_on_with_the_patch(empty: Lab, role: str) -> None:
    """Without versions, and with those that the second start had noted before it failed."""
    empty.sql("CREATE TABLE activities (id INT PRIMARY KEY); CREATE TABLE users (id INT PRIMARY KEY)")
    empty.sql(
        "CREATE TABLE schema_migrations (version VARCHAR(100) PRIMARY KEY); INSERT INTO schema_migrations VALUES (1)"
    )
    container = empty.start_portus(2, role=role, patches=("first_start",))
    wait_for_line(container, "Database ready", 240)
    assert empty.sql("SELECT username FROM users") == [["portus"]]
    assert empty.sql("SELECT COUNT(*) FROM schema_migrations WHERE version = '1'") == [["0"]]


@pytest.mark.parametrize("what", ["a row", "a stranger's table"])
def test_a_database_that_holds_anything_is_never_made_anew(empty: Lab, role: str, what: str) -> None:
    table = "activities" if what == "a row" else "ledger"
    empty.sql(f"CREATE TABLE {table} (id INT PRIMARY KEY); CREATE TABLE users (id INT PRIMARY KEY)")
    if what == "a row":
        empty.sql("INSERT INTO activities VALUES (7)")
    container = empty.start_portus(2, role=role, patches=("first_start",))
    if RELEASE >= (2, 5):  # makes what is missing, and what is there anew, with or without the patch
        wait_for_line(container, "Database ready", 240)
        return
    assert exit_code(container, 240) == 1
    assert empty.sql(f"SELECT COUNT(*) FROM {table}") == [["1" if what == "a row" else "0"]]
    assert empty.sql("SELECT COUNT(*) FROM users") == [["0"]]


def test_start_that_was_killed_before_the_hidden_user_goes_on_with_the_patch(empty: Lab, role: str) -> None:
    first = empty.start_portus(2, role=role)
    wait_for_line(first, "Database ready", 240)
    docker("rm", "--force", "--volumes", first)
    empty.sql("SET FOREIGN_KEY_CHECKS = 0; DELETE FROM users")
    container = empty.start_portus(2, role=role, patches=("first_start",))
    wait_until(lambda: serves(empty, container, 2), "Portus answers", lambda: logs(container))
    assert empty.sql("SELECT username, admin FROM users") == [["portus", "1"]]


@pytest.mark.stand_in
def test_2_5_refuses_a_database_of_2_4_until_it_is_migrated(empty: Lab, role: str) -> None:
    first = empty.start_portus(2, role=role)
    wait_for_line(first, "Database ready")
    docker("rm", "--force", "--volumes", first)
    newer, arguments = f"{STAND_IN_REPOSITORY}:2.5", empty.portus_arguments(2)
    refused = empty.start(role, newer, *arguments)
    assert exit_code(refused, 120) != 0
    assert "NoEnvironmentInSchemaError" in logs(refused)
    assert empty.sql("SELECT MAX(version) FROM schema_migrations") == [["20181213101302"]]
    docker("rm", "--force", "--volumes", refused)
    secrets = {"PORTUS_DB_PASSWORD": DATABASE_PASSWORD, "PORTUS_PASSWORD": "p", "PORTUS_SECRET_KEY_BASE": "s"}
    plain = [f"--env={name}={value}" for name, value in secrets.items()]
    migrate = ("exec", "--vendor", "rake", "db:migrate")
    migrated = empty.start(role, newer, *arguments, *plain, "--entrypoint=portusctl", command=migrate)
    assert exit_code(migrated, 120) == 0, logs(migrated)
    docker("rm", "--force", "--volumes", migrated)
    wait_for_line(empty.start(role, newer, *arguments), "Database ready")
    assert empty.sql("SELECT MAX(version) FROM schema_migrations") == [["20190314173309"]]


def test_background_alone_on_an_empty_database_waits(empty: Lab, role: str) -> None:
    changes: dict[str, str | None] = {"PORTUS_BACKGROUND": "false"}
    container = empty.start_portus(2, changes=changes, role=role)
    wait_for_line(container, "[Database] Not ready yet. Waiting...")
    assert empty.sql("SHOW TABLES") == []


def test_generation_1_serves_pages_but_no_tokens_with_a_key_that_wwwrun_cannot_read(empty: Lab, role: str) -> None:
    key = empty.folder / "secrets/portus.key"
    key.chmod(0o600)
    try:
        container = empty.start_portus(1, role=role)
        wait_until(lambda: serves(empty, container, 1), "the pages are served", lambda: logs(container))
        client = empty.client()
        client.places = {f"{FQDN}:443": empty.address(container)}
        assert client.get(f"https://{FQDN}:443/v2/token?service=x").status == 500
        assert "cannot be read" in logs(container)
    finally:
        key.chmod(0o644)


def test_port_80_of_generation_1_redirects_and_loses_the_path(empty: Lab, role: str) -> None:
    container = empty.start_portus(1, role=role)
    wait_until(lambda: serves(empty, container, 1), "Portus answers", lambda: logs(container))
    client = empty.client()
    client.places = {f"{FQDN}:80": empty.address(container)}
    redirected = client.get(f"http://{FQDN}:80/repositories/1")
    assert (redirected.status, redirected.headers["location"]) == (302, f"https://{FQDN}/")
    assert client.post_json(f"http://{FQDN}:80/v2/webhooks/events", {"events": []}).status == 202


@pytest.mark.stand_in
def test_debug_log_level_does_not_print_the_environment(empty: Lab, role: str) -> None:
    container = empty.start_portus(2, changes={"PORTUS_LOG_LEVEL": "debug"}, role=role)
    wait_for_line(container, "Database ready")
    assert "the stand-in does not" in logs(container)
    assert HIDDEN_PASSWORD not in logs(container)


def test_plain_http_first_page_without_forwarded_proto_breaks_all_pages_until_restart(empty: Lab, role: str) -> None:
    plain: dict[str, str | None] = {
        "PORTUS_PUMA_TLS_KEY": None,
        "PORTUS_PUMA_TLS_CERT": None,
        "PORTUS_SIGNUP_ENABLED": "true",
    }
    container = empty.start_portus(2, changes=plain, role=role)
    client = empty.client()
    client.places = {f"{FQDN}:3000": empty.address(container)}
    url, proxied = f"http://{FQDN}:3000", ("--header", "X-Forwarded-Proto: https")

    def ping() -> bool:
        try:
            return client.get(f"{url}/api/v1/_ping").status == 200
        except ConnectionError:
            return False

    wait_until(ping, "Portus answers", lambda: logs(container))
    assert urljoin(url, client.get(f"{url}/users/sign_up").headers["location"]) == f"{url}/500?fixes=true"
    assert client.get(f"{url}/users/sign_up", *proxied).status == 302
    assert client.get(f"{url}/500?fixes=true").status == 500
    docker("restart", "--time=1", container)
    client.places = {f"{FQDN}:3000": empty.address(container)}
    wait_until(ping, "Portus answers again", lambda: logs(container))
    assert client.get(f"{url}/users/sign_up", *proxied).status == 200


def test_read_only_root_with_the_writable_places_of_the_contract(empty: Lab, role: str) -> None:
    places = ("/tmp", "/srv/Portus/tmp", "/var/lib/ca-certificates")
    hardening = (
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        *(f"--tmpfs={place}" for place in places),
    )
    container = empty.start_portus(2, *hardening, role=role)
    wait_until(lambda: serves(empty, container, 2), "Portus answers", lambda: logs(container))


def test_generation_2_does_not_start_as_another_user_than_root(empty: Lab, role: str) -> None:
    container = empty.start_portus(2, "--user=1000", role=role)
    assert exit_code(container, 60) != 0
    assert "Permission denied" in logs(container)


@source("lib/portus/db.rb:50", "config/initializers/mail.rb:10")
@pytest.mark.skipif(not is_original(2), reason="the stand-in reads no printed words: PORTUS names an original")
@pytest.mark.parametrize("patches", [(), ("first_start",)], ids=["unmended", "mended"])
def test_a_public_name_with_down_in_it_is_not_taken_for_a_migration(
    empty: Lab, role: str, patches: tuple[str, ...]
) -> None:
    changes = {"PORTUS_MACHINE_FQDN_VALUE": "downloads.portus.test"}
    container = empty.start_portus(2, changes=changes, role=role, patches=patches)
    again = "Performing pending migrations"
    wait_until(
        lambda: any(word in logs(container) for word in ("Database ready", again)), "it", lambda: logs(container)
    )
    assert ("Database ready" in logs(container)) is bool(patches)
