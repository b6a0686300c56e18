"""The lab's MariaDB image: the parts of the official image's contract that a deployment relies on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.standin_harness import TEST_LABEL, Lab, docker, lab, logs, wait_until
from tests.contract.standin_settings import DATABASE_PASSWORD, ROOT_PASSWORD

pytestmark = pytest.mark.engine

IMAGE, NEWER = "portus-stack.lab/mariadb:10.11", "portus-stack.lab/mariadb:11.8"
HARDENING = (
    "--user=999:999",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--tmpfs=/tmp",
    "--tmpfs=/run/mysqld:uid=999,gid=999",
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Lab]:
    """A network, and a volume that goes away with it."""
    with lab(tmp_path) as started:
        docker("volume", "create", f"--label={TEST_LABEL}={started.identity}", f"lab-{started.identity}-data")
        yield started


def start(running: Lab, *arguments: str, image: str = IMAGE) -> str:
    secrets = running.folder / "secrets"
    (secrets / "root").write_text(f"{ROOT_PASSWORD}\n")
    files = [f"--volume={secrets}:/run/secrets:ro", f"--volume=lab-{running.identity}-data:/var/lib/mysql"]
    names = {"ROOT_PASSWORD_FILE": "/run/secrets/root", "PASSWORD_FILE": "/run/secrets/database_password"}
    environment = [
        f"--env=MARIADB_{name}={value}" for name, value in {**names, "DATABASE": "portus", "USER": "portus"}.items()
    ]
    return running.start("database", image, *files, *environment, *arguments)


def query(container: str, user: str, password: str, statement: str) -> str:
    client = ["mariadb", "--host=127.0.0.1", f"--user={user}", "-N", "-B", "-e", statement]
    return docker("exec", f"--env=MYSQL_PWD={password}", container, *client)


@pytest.mark.parametrize("image", [IMAGE, NEWER])
def test_runs_as_its_user_with_a_read_only_root_and_passwords_from_files(running: Lab, image: str) -> None:
    container = start(running, *HARDENING, image=image)
    running.wait_for_database(container)
    assert query(container, "portus", DATABASE_PASSWORD, "SELECT 1; CREATE TABLE portus.t (i INT)") == "1"
    assert ROOT_PASSWORD not in logs(container)
    assert DATABASE_PASSWORD not in logs(container)


def test_a_second_start_keeps_the_data_and_needs_no_password(running: Lab) -> None:
    container = start(running, *HARDENING)
    running.wait_for_database(container)
    query(
        container, "portus", DATABASE_PASSWORD, "CREATE TABLE portus.kept (i INT); INSERT INTO portus.kept VALUES (7)"
    )
    docker("stop", "--time=60", container)
    assert docker("inspect", "--format", "{{.State.ExitCode}}", container) == "0"
    docker("rm", container)
    container = running.start("database", IMAGE, f"--volume=lab-{running.identity}-data:/var/lib/mysql")
    running.wait_for_database(container)
    assert query(container, "portus", DATABASE_PASSWORD, "SELECT i FROM portus.kept") == "7"
    assert "initialising" not in logs(container)


@pytest.mark.parametrize("asked", [True, False])
def test_newer_release_brings_the_system_tables_up_to_date_when_asked(running: Lab, asked: bool) -> None:
    container = start(running, *HARDENING)
    running.wait_for_database(container)
    query(container, "portus", DATABASE_PASSWORD, "CREATE TABLE portus.kept AS SELECT 7 AS i")
    docker("stop", "--time=60", container)
    docker("rm", container)
    for first in (True, False):
        container = start(running, *HARDENING, *(["--env=MARIADB_AUTO_UPGRADE=1"] if asked else []), image=NEWER)
        running.wait_for_database(container)
        assert query(container, "portus", DATABASE_PASSWORD, "SELECT i FROM portus.kept") == "7"
        assert query(container, "root", ROOT_PASSWORD, "SELECT VERSION()").startswith("11.8.")
        assert ("upgrade finished" in logs(container)) is (asked and first)
        kept = docker("exec", container, "sh", "-c", "ls -l /var/lib/mysql | grep system_mysql_backup || true")
        assert kept.startswith("-rw-------") if asked else not kept
        docker("stop", "--time=60", container)
        docker("rm", container)


@pytest.mark.parametrize(
    "moment", ["initialising the database", "ready for connections"], ids=["installing", "accounts"]
)
def test_killed_initialisation_is_done_again(running: Lab, moment: str) -> None:
    container = start(running, *HARDENING)
    wait_until(lambda: moment in logs(container), f"the log says {moment!r}", lambda: logs(container))
    docker("kill", container)
    docker("start", container)
    running.wait_for_database(container)
    assert query(container, "portus", DATABASE_PASSWORD, "SELECT 1") == "1"
    assert query(container, "root", ROOT_PASSWORD, "SELECT COUNT(*) FROM mysql.user WHERE user = 'portus'") == "1"


def test_without_a_password_it_refuses_and_says_what_to_set(running: Lab) -> None:
    container = running.start("database", IMAGE)
    ended = subprocess.run(["docker", "wait", container], capture_output=True, text=True, check=True, timeout=60)
    assert int(ended.stdout) == 1
    assert "MARIADB_ROOT_PASSWORD_FILE" in logs(container)
