"""Backups by the commands of users: into a bucket, put back, and a stack that is gone with its state, made anew."""

import json
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.contract.pages import commands
from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.deployment import local_config, wait_for
from tests.engine.docker.operations_clone import Clone
from tests.engine.docker.portus import PortusApi

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]
PAGE = "docs/backups.md"
NAME, PORT = "insured", 9781
S3_IMAGE, S3_PORT = "portus-stack.lab/s3:1.8", 9789
BUCKET = "backups"
DATA = f"{NAME}-database-data,{NAME}-registry-data"
USER, PASSWORD = "alice", "correct-horse-battery"
PASSPHRASE = "a passphrase for tests"
ALLOWED = f"ALLOW_DATA_LOSS={DATA}"


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, str]]:
    """`backup.repository.s3` of a server that belongs to nobody's stack, at the host's address on Docker's bridge."""
    client = docker.from_env()
    gateway = client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    keys = {"ROOT_ACCESS_KEY_ID": "backup-key", "ROOT_SECRET_ACCESS_KEY": f"secret-{uuid.uuid4().hex}"}
    command = f"mkdir -p /var/lib/s3/{BUCKET}; exec /bin/versitygw --port {gateway}:{S3_PORT} posix /var/lib/s3"
    server = client.containers.run(
        S3_IMAGE,
        ["-c", command],
        name=f"{NAME}-bucket",
        labels={"org.portus-stack.lab.test": NAME},
        environment=keys,
        entrypoint="/bin/sh",
        user="0",
        network_mode="host",
        detach=True,
    )
    try:
        yield {
            "bucket": BUCKET,
            "region": "us-east-1",
            "region_endpoint": f"http://{gateway}:{S3_PORT}",
            "access_key": keys["ROOT_ACCESS_KEY_ID"],
            "secret_key": keys["ROOT_SECRET_ACCESS_KEY"],
        }
    finally:
        server.remove(force=True, v=True)
        client.close()


@pytest.fixture(scope="module")
def clone(bucket: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    backup = {"image": "portus-stack.lab/restic:0.14", "repository": {"s3": bucket}, "verify_percent": 100}
    made = Clone(tmp_path_factory.mktemp(NAME), NAME, local_config(NAME, PORT, backup=backup))
    try:
        made.must("up")
        yield made
    finally:
        made.close()


def edge_of(clone: Clone, username: str = "", password: str = "") -> Edge:
    outputs = json.loads(clone.sh(f"make -s outputs STACK={NAME} SHOW_SECRETS=1 2>/dev/null"))
    return Edge(
        clone,  # type: ignore[arg-type] # its name is what is needed
        outputs["ca_certificate_pem"], f"{NAME}.test", f"registry.{NAME}.test", PORT,
        username or outputs["administrator_username"], password or outputs["administrator_password"],
    )  # fmt: skip


def backups(clone: Clone) -> list[list[str]]:
    """The rows of `make backups`, the oldest first."""
    rows = clone.sh(f"make -s backups STACK={NAME} 2>/dev/null").splitlines()
    return [row.split() for row in rows[1:]]


@pytest.fixture(scope="module")
def first(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A user, an image of hers and a backup of both: its id, and the digest of the image."""
    edge = edge_of(clone)
    with trusted(edge):
        PortusApi.as_administrator(edge).create_user(USER, PASSWORD)
        client = DockerClient(edge, tmp_path_factory.mktemp("client"))
        client.login(USER, PASSWORD)
        digest = client.push_new_image(f"{USER}/app")
        wait_for(lambda: "app" in shown(edge), 60, lambda: shown(edge))
    page = commands(PAGE)[0]
    assert "is whole" in clone.sh(page.replace("STACK=local", f"STACK={NAME}"))
    return backups(clone)[-1][0], digest


def shown(edge: Edge) -> str:
    return json.dumps(PortusApi.as_administrator(edge).get("/api/v1/repositories"))


def pulls(edge: Edge, folder: Path, digest: str) -> None:
    client = DockerClient(edge, folder)
    client.login(USER, PASSWORD)
    assert client.pull_afresh(f"{USER}/app") == digest


def test_a_backup_holds_what_was_there_and_the_status_tells(clone: Clone, first: tuple[str, str]) -> None:
    id_, time_, users, _, _, repositories, tags = backups(clone)[-1]
    assert id_ == first[0] and time_.endswith("Z")
    assert (int(users), int(repositories), int(tags)) == (4, 2, 2)
    (told,) = status_of(clone)["backups"]
    assert (told["failure"], told["foreign_repository"]) == (None, False) and told["succeeded_at"]


def test_no_secret_lies_open(clone: Clone, bucket: dict[str, str], first: tuple[str, str]) -> None:
    """Neither in what Docker shows of the container, nor in its log; in the bucket nothing is readable."""
    container = clone.docker.containers.get(f"{NAME}-backup")
    read = container.exec_run(["cat", "/etc/portus-stack/repository-password"]).output
    assert isinstance(read, bytes)
    password = read.decode()
    open_text = json.dumps(container.attrs) + container.logs().decode()
    assert len(password) == 40
    for secret in (password, bucket["secret_key"]):
        assert secret not in open_text
    server = clone.docker.containers.get(f"{NAME}-bucket")
    found = server.exec_run(["grep", "--recursive", "--files-with-matches", USER, f"/var/lib/s3/{BUCKET}"])
    assert found.exit_code == 1, found.output


def test_a_drill_tells_that_the_backup_can_be_put_back(clone: Clone, first: tuple[str, str]) -> None:
    printed = clone.sh(commands(PAGE)[1].replace("STACK=local", f"STACK={NAME}"))
    assert re.search(r"^users +4 +4$", printed, re.MULTILINE), printed
    assert "manifests read: 2, layers: 4" in printed and "can be put back" in printed
    drilled = status_of(clone)["backups"][0]["drill"]
    assert (drilled["succeeded"], drilled["snapshot"]) == (True, first[0])
    assert not remains(clone)


def status_of(clone: Clone) -> Any:
    return json.loads(clone.sh(f"make -s status STACK={NAME} ARGS='--json --no-drift' 2>/dev/null || true"))


def inside(clone: Clone, script: str, role: str = "backup") -> str:
    """What a script prints in a container; its failure fails the test."""
    done = clone.docker.containers.get(f"{NAME}-{role}").exec_run(["sh", "-c", script])
    assert isinstance(done.output, bytes)
    assert done.exit_code == 0, done.output.decode()
    return done.output.decode()


def remains(clone: Clone) -> str:
    """What a drill left of its database, on the disk, in memory and as a process."""
    folders = "ls -d /var/lib/portus-stack-backup/drill /tmp/drill 2> /dev/null"
    return inside(clone, f"{folders}; grep -ls mariadbd /proc/[0-9]*/comm; true")


def test_a_drill_that_is_killed_leaves_nothing_behind(clone: Clone, first: tuple[str, str]) -> None:
    """First its script alone, which leaves a database to the next drill; then the whole container."""
    container = clone.docker.containers.get(f"{NAME}-backup")
    started = "until [ -s /tmp/drill/process ]; do sleep 0.1; done"
    kill = f"bash /etc/portus-stack/drill.sh > /dev/null 2>&1 & {started}; kill -KILL $!"
    inside(clone, kill)
    assert "/tmp/drill" in remains(clone), "it was killed too late"
    clone.must("drill")
    assert not remains(clone)
    container.exec_run(["bash", "/etc/portus-stack/drill.sh"], detach=True)
    inside(clone, started)
    container.kill()
    container.start()
    wait_for(lambda: health(clone, "backup") == "healthy", 60, lambda: health(clone, "backup"))
    assert not remains(clone)
    assert status_of(clone)["backups"][0]["drill"]["succeeded"], "the last one that ended is still known"


def test_the_drills_database_lies_encrypted(clone: Clone, first: tuple[str, str]) -> None:
    """By the scripts' own functions: rows that were written and changed, after everything is on the disk."""
    statements = """CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(100), KEY (word));
        INSERT INTO t (word) SELECT CONCAT('PLAIN', 'WORD', seq) FROM seq_1_to_5000;
        UPDATE t SET word = CONCAT(word, 'x') WHERE id < 100"""
    script = f"""for script in library throwaway; do . /etc/portus-stack/$script.sh; done
        throw_away; start_throwaway; sql_there --execute "{statements}"
        mariadb-admin --no-defaults --socket="$room_in_memory/socket" shutdown
        until [ ! -e "$room_in_memory/pid" ]; do sleep 0.1; done
        du --bytes "$room/data/drill/t.ibd" | cut -f 1; grep -rl PLAINWORD "$room" || echo none; throw_away"""
    size, found = inside(clone, f"exec bash -c '{script.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'").split()
    assert int(size) > 500_000
    assert found == "none"


def test_a_drill_names_what_the_backup_lacks(clone: Clone, first: tuple[str, str]) -> None:
    """A layer is lost in the registry before a backup is made, which is whole as far as restic can tell."""
    lost = first[1].removeprefix("sha256:")
    layer = f"/var/lib/registry/docker/registry/v2/blobs/sha256/{lost[:2]}/{lost}/data"
    inside(clone, f"mv {layer} {layer}.away", "registry")
    try:
        clone.must("backup")
        done = clone.make("drill")
    finally:
        inside(clone, f"mv {layer}.away {layer}", "registry")
    words = f"layers of Portus' images are not in the backup, 1: {lost} (of {USER}/app)"
    assert done.code != 0 and words in done.output, done.output
    status = status_of(clone)
    assert f"the last restore drill failed: {words}" in status["problems"] and not status["well"]
    clone.must("backup")
    clone.must("drill")
    assert status_of(clone)["well"]


def test_what_was_pushed_since_is_not_lost_unasked(clone: Clone, first: tuple[str, str], tmp_path: Path) -> None:
    done = clone.make("restore", f"ARGS=--snapshot {first[0]}")
    assert done.code != 0 and ALLOWED in done.output, done.output
    assert "no backup 00000000" in clone.make("restore", "ARGS=--snapshot 00000000").output


def test_a_restore_that_is_killed_goes_on(clone: Clone, first: tuple[str, str], tmp_path: Path) -> None:
    """Killed while the tables are gone; run again, the stack is as in the backup, and what was there in between too."""
    edge = edge_of(clone)
    with trusted(edge):
        client = DockerClient(edge, tmp_path / "later")
        client.login(USER, PASSWORD)
        later = client.push_new_image(f"{USER}/later")
        wait_for(lambda: "later" in shown(edge), 60, lambda: shown(edge))
    process = clone.start("restore", ALLOWED, f"ARGS=--snapshot {first[0]}")
    seen = ""
    assert process.stdout is not None
    for line in process.stdout:
        seen += line
        if "backup: database" in line:
            clone.docker.containers.get(f"{NAME}-backup").kill()
            break
    assert process.wait(timeout=300) != 0, seen + process.stdout.read()
    clone.docker.containers.get(f"{NAME}-backup").start()
    wait_for(lambda: health(clone, "backup") == "healthy", 60, lambda: health(clone, "backup"))
    printed = clone.must("restore", ALLOWED, f"ARGS=--snapshot {first[0]}")
    assert re.search(r"^repositories +2 +2$", printed, re.MULTILINE), printed
    with trusted(edge):
        pulls(edge, tmp_path / "first", first[1])
        code, _ = DockerClient(edge, tmp_path / "gone").run("pull", f"{edge.registry}/{USER}/later:1")
        assert code != 0, "it was pushed after the backup"
        saved = next(row[0] for row in reversed(backups(clone)) if int(row[5]) == 3)
        assert saved != first[0] and later, "what was there before is in a backup of its own"


def health(clone: Clone, role: str) -> str:
    return str(clone.docker.containers.get(f"{NAME}-{role}").attrs["State"]["Health"]["Status"])


def test_a_stack_that_is_gone_with_its_state_comes_back(
    clone: Clone, first: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the bucket, the stack file and the recovery kit alone: users with their passwords, images byte for byte."""
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    monkeypatch.setenv("KIT_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    kit = tmp_path / "kit.age"
    clone.must("recovery-kit", f"ARGS=--output {kit}")
    clone.clean()
    clone.state = tmp_path / "new-machine"
    started = time.monotonic()
    clone.must("up")
    status = clone.make("status", "ARGS=--no-drift")
    assert status.code != 0 and "an earlier deployment's" in status.output, status.output
    assert clone.make("backup").code != 0, "nothing is written into a repository of others"
    printed = clone.must("restore", f"ARGS=--kit {kit} --snapshot {first[0]}")
    print(f"a stack made anew from its backup: {time.monotonic() - started:.0f} s")
    assert re.search(r"^users +4 +5$", printed, re.MULTILINE), printed  # and the new deployment's smoke check
    edge = edge_of(clone, USER, PASSWORD)
    with trusted(edge):
        pulls(edge, tmp_path / "client", first[1])
        assert PortusApi(edge).sign_in(USER, PASSWORD)
    assert "is whole" in clone.must("backup")
    assert "All is well." in clone.must("status")
