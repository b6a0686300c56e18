"""The way from Portus to MariaDB as PortusStack asks for it, and how the next release takes over the tables.

On the lab's stand-ins, or on the image that `PORTUS` names and release 2.5 of the same make.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.standin_certificates import write_certificates
from tests.contract.standin_harness import Lab, docker, lab, logs, wait_until
from tests.contract.standin_settings import DATABASE_PASSWORD, HIDDEN_PASSWORD, ROOT_PASSWORD
from tests.portus_image import newer_image, patience, portus_image, release
from tests.unit.portus import topologies

pytestmark = pytest.mark.engine

_ALIAS = "elsewhere"
"""A name of the database that does not stand in its certificate."""
_OURS = ("/etc/portus-stack/database-ca.crt", "/etc/portus-stack/database-client.cnf")
_START = "/etc/portus-stack/start.sh"
_FAILED = "portus-stack: rake db:migrate failed"
_MIGRATES = "portus-stack: these are the tables of an older release"
_BOTS = "20180612145708"
"""A migration that every release since 2.4 knows."""
_LAST_OF_2_5 = "20190314173309"


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """MariaDB as the database role starts it, with a certificate of a CA of its own, and Portus' tables in it."""
    folder: Path = tmp_path_factory.mktemp("lab")
    tls = folder / "database"
    with lab(folder) as started:
        tls.mkdir(mode=0o755)
        write_certificates(tls, ["database"])
        (folder / "database-client.cnf").write_text(topologies.plain_file(topologies.topology(), "portus", _OURS[1]))
        _start_script(folder)
        variables = {"ROOT_PASSWORD": ROOT_PASSWORD, "DATABASE": "portus", "USER": "portus"}
        variables["PASSWORD"] = DATABASE_PASSWORD
        name = started.start(
            "database",
            "portus-stack.lab/mariadb:10.11",
            *(f"--env=MARIADB_{key}={value}" for key, value in variables.items()),
            f"--volume={tls / 'tls.crt'}:/etc/portus-stack/database.crt:ro",
            f"--volume={tls / 'tls.key'}:/etc/portus-stack/database.key:ro",
            command=topologies.topology().process("database").command,
            alias=(_ALIAS,),
        )
        started.wait_for_database(name)
        set_up(started)
        yield started


def _start_script(folder: Path) -> None:
    script = folder / "start.sh"
    script.write_text(topologies.plain_file(topologies.topology(), "portus", _START))
    script.chmod(0o755)


def arguments(started: Lab, ca: Path | None = None, host: str = "database") -> list[str]:
    """Arguments of `docker run`: Portus as the topology sets it, with another CA or host where asked for."""
    url = topologies.topology().process("portus").environment["DATABASE_URL"]
    mounts = {_OURS[0]: ca or started.folder / "database/ca/ca.crt", _OURS[1]: started.folder / "database-client.cnf"}
    return [
        *started.portus_arguments(2, changes={"DATABASE_URL": url, "PORTUS_DB_HOST": host}),
        *(f"--volume={source}:{target}:ro" for target, source in mounts.items() if source.exists()),
    ]


def state(started: Lab, given: list[str]) -> str:
    """What /init would be told of the database."""
    plain = {"PORTUS_DB_PASSWORD": DATABASE_PASSWORD, "PORTUS_PASSWORD": HIDDEN_PASSWORD}
    plain |= {"PORTUS_SECRET_KEY_BASE": "secret-key-base-1", "RAILS_ENV": "production"}
    script = (
        "gems=(/srv/Portus/vendor/bundle/ruby/*); export GEM_PATH=${gems[0]}; cd /srv/Portus; "
        "portusctl exec rails r /srv/Portus/bin/check_db.rb 2>/dev/null | grep DB"
    )
    command = [*("docker", "run", "--rm", f"--network={started.network}", "--entrypoint=/bin/bash"), *given]
    command += [*(f"--env={name}={value}" for name, value in plain.items()), portus_image(2), "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60 * patience())
    return done.stdout.strip()


@pytest.fixture
def start(encrypted: Lab) -> Iterator[str]:
    """The next release of Portus, started by our script; it goes away after the test."""
    mount = f"--volume={encrypted.folder / 'start.sh'}:{_START}:ro"
    container = encrypted.start("portus", newer_image(), *arguments(encrypted), mount, f"--entrypoint={_START}")
    yield container
    docker("rm", "--force", "--volumes", container, check=False)


def says(container: str, words: str) -> None:
    wait_until(lambda: words in logs(container), f"{container} says {words!r}", lambda: logs(container), 90)


def set_up(started: Lab) -> None:
    """The tables of the image's release, made by the image itself over the encrypted link."""
    container = started.start("setting-up", portus_image(2), *arguments(started))
    try:
        wait_until(lambda: "Database ready" in logs(container), "tables", lambda: logs(container), 90)
    finally:
        docker("rm", "--force", "--volumes", container)


def test_tables_are_made_over_tls_and_nothing_else_is_taken(encrypted: Lab) -> None:
    assert state(encrypted, arguments(encrypted)) == "DB_READY"
    (accepted,) = encrypted.sql("SHOW GLOBAL STATUS LIKE 'Ssl_finished_accepts'")
    assert int(accepted[1]) > 0
    plain = [each for each in arguments(encrypted) if not each.startswith("--env=DATABASE_URL")]
    assert state(encrypted, plain) == "DB_DOWN"


def test_another_ca_another_name_and_no_ca_read_as_down(encrypted: Lab) -> None:
    """Portus says nothing else; each of them must never pass."""
    another = encrypted.folder / "ca/ca.crt"
    assert state(encrypted, arguments(encrypted, ca=another)) == "DB_DOWN"
    assert state(encrypted, arguments(encrypted, host=_ALIAS)) == "DB_DOWN"
    assert state(encrypted, arguments(encrypted, ca=encrypted.folder / "nowhere")) == "DB_DOWN"


def test_without_the_option_file_another_name_would_pass(encrypted: Lab) -> None:
    """What the file is for: mysql2's `sslverify` looks at the CA only."""
    given = [each for each in arguments(encrypted, host=_ALIAS) if not each.endswith(f"{_OURS[1]}:ro")]
    given = [f"{each}&sslverify=true" if each.startswith("--env=DATABASE_URL") else each for each in given]
    assert state(encrypted, given) == "DB_READY"


@pytest.fixture
def half_migrated(encrypted: Lab) -> Iterator[Lab]:
    """Tables that say they are older than they are: the migration fails."""
    encrypted.sql(f"DELETE FROM schema_migrations WHERE version = '{_BOTS}'")
    yield encrypted
    encrypted.sql(f"INSERT INTO schema_migrations (version) VALUES ('{_BOTS}')")


@pytest.mark.skipif(release() >= (2, 5), reason="the image given is the newer release itself")
def test_a_migration_that_fails_says_why_and_nothing_is_started(half_migrated: Lab, start: str) -> None:
    says(start, _FAILED)
    (line,) = {each for each in logs(start).splitlines() if each.startswith(_FAILED)}
    assert "Duplicate column name 'bot'" in line
    assert "Initializing database" not in logs(start)


@pytest.mark.skipif(release() >= (2, 5), reason="the image given is the newer release itself")
def test_the_tables_of_the_older_release_are_brought_up_to_date_and_keep_what_is_in_them(
    encrypted: Lab, start: str
) -> None:
    says(start, "Database ready")
    assert _MIGRATES in logs(start)
    assert encrypted.sql("SELECT MAX(version) FROM schema_migrations") == [[_LAST_OF_2_5]]
    assert encrypted.sql("SELECT username FROM users") == [["portus"]]
    assert DATABASE_PASSWORD not in logs(start)
    docker("restart", "--time=1", start)
    wait_until(lambda: logs(start).count("Database ready") > 1, "started again", lambda: logs(start), 90)
    assert logs(start).count(_MIGRATES) == 1, "tables that fit are left alone"


@pytest.fixture
def no_tables(encrypted: Lab) -> Iterator[Lab]:
    encrypted.sql("DROP DATABASE portus; CREATE DATABASE portus CHARACTER SET utf8 COLLATE utf8_unicode_ci")
    yield encrypted


def test_where_there_are_no_tables_init_makes_them(no_tables: Lab, start: str) -> None:
    says(start, "Database ready")
    assert "Initializing database" in logs(start)
    assert _MIGRATES not in logs(start)
    assert no_tables.sql("SELECT username FROM users") == [["portus"]]
