"""Newer images of Portus, MariaDB and the registry, and the ways back that docs/upgrades.md tells."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.deployment import local_config, wait_for
from tests.engine.docker.operations_clone import Clone
from tests.engine.docker.portus import PortusApi
from tests.portus_image import newer_image, portus_image

pytestmark = [pytest.mark.engine, pytest.mark.soak, pytest.mark.timeout(1500)]
NAME, PORT = "upgraded", 9801
LAB = "portus-stack.lab"
OLDER = {"portus": portus_image(2), "registry": f"{LAB}/registry:2.8"}
NEWER = {"portus": newer_image(), "database": f"{LAB}/mariadb:11.8", "registry": f"{LAB}/registry:3.1"}
DATA = f"ALLOW_DATA_LOSS={NAME}-database-data,{NAME}-registry-data"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    made = Clone(tmp_path, NAME, local_config(NAME, PORT, backup={"image": f"{LAB}/restic:0.14"}))
    try:
        made.must("up")
        yield made
    finally:
        made.close()


def test_data_outlive_newer_images_and_a_backup_leads_back(clone: Clone, tmp_path: Path) -> None:
    edge = edge_of(clone)
    with trusted(edge):
        client = DockerClient(edge, tmp_path / "client")
        assert client.login(edge.username, edge.password)[0] == 0
        pushed = {"before": push(client, edge, "before")}
        clone.must("backup")
        (made,) = (row.split()[0] for row in clone.sh(f"make -s backups STACK={NAME} 2>/dev/null").splitlines()[1:])

        give(clone, NEWER)
        clone.must("up")
        database = clone.docker.containers.get(f"{NAME}-database")
        version = database.exec_run(["mariadbd", "--version"]).output
        assert isinstance(version, bytes) and b"11.8." in version
        assert "upgrade finished" in database.logs().decode(), "of the system tables"
        has(client, edge, pushed)
        pushed["after"] = push(client, edge, "after")
        assert "All is well." in clone.must("status"), "and nothing is left to change"

        give(clone, OLDER)
        clone.must("up")
        clone.must("restore", DATA, f"ARGS=--snapshot {made}")
        has(client, edge, {"before": pushed["before"]})
        assert client.run("pull", f"{edge.registry}/{edge.username}/after:1")[0] != 0, "it came after the backup"
        push(client, edge, "again")
        assert "All is well." in clone.must("status")


def edge_of(clone: Clone) -> Edge:
    """What the commands tell of the stack."""
    told = json.loads(clone.sh(f"make -s outputs STACK={NAME} SHOW_SECRETS=1 2>/dev/null"))
    user, password = told["administrator_username"], told["administrator_password"]
    hosts = (f"{NAME}.test", f"registry.{NAME}.test")
    return Edge(clone, told["ca_certificate_pem"], *hosts, PORT, user, password)  # type: ignore[arg-type] # its name


def give(clone: Clone, images: dict[str, str]) -> None:
    """Write images into the stack file."""
    (file,) = (clone.folder / "stacks").glob("Pulumi.*.yaml")
    config = yaml.safe_load(file.read_text())["config"]
    for role, image in images.items():
        config.setdefault(f"portus-stack:{role}", {})["image"] = image
    clone.configure(config)


def push(client: DockerClient, edge: Edge, name: str) -> str:
    """The digest of an image that Portus shows with its author."""
    digest = client.push_new_image(f"{edge.username}/{name}")
    api = PortusApi.as_administrator(edge)
    wait_for(lambda: api.tags(name) == {"1": edge.username}, 60, lambda: str(api.get("/api/v1/repositories")))
    return digest


def has(client: DockerClient, edge: Edge, pushed: dict[str, str]) -> None:
    """Every image is there, byte for byte, and Portus still knows who pushed it."""
    api = PortusApi.as_administrator(edge)
    for name, digest in pushed.items():
        assert client.pull_afresh(f"{edge.username}/{name}") == digest
        assert api.tags(name) == {"1": edge.username}
