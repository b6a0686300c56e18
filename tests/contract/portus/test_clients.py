"""What clients push, how they pull and delete it, and what Portus shows of it: the table of docs/clients.md.

docker, podman, ctr, skopeo, buildah and crane are an image of the lab. With the variable ``CLIENTS``, a folder with
``oras``, ``helm``, and ``buildx`` with ``buildkitd``, those of them that are there are run too.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.contract.portus.layouts import write_layouts
from tests.contract.portus.manifests import WHO, shown_tags
from tests.contract.portus.test_background import send
from tests.contract.portus.world import PASSWORD, PUBLIC_REGISTRY, World, source
from tests.contract.project_files import ROOT
from tests.contract.standin_harness import docker, logs, wait_until

pytestmark = [pytest.mark.engine, source("lib/portus/registry_notification.rb:63", "app/models/user.rb:177")]

PROGRAMS = os.environ.get("CLIENTS", "")
GIVEN_PROGRAMS = ("oras", "helm", "buildx")
HEADING = "| Client | What is pushed | Portus alone | With PortusStack |"
NOT_SHOWN = "not shown"
IMAGE_ID, NO_IMAGE_ID = "image id", "without image id"


@dataclass(frozen=True)
class Client:
    """A row of clients.yaml."""

    name: str
    pushes: str
    push: str
    pull: str
    delete: str
    tag: str = "v1"
    beside: int = 0

    @property
    def program(self) -> str:
        """What has to be there."""
        return self.name.split()[0]

    @property
    def is_there(self) -> bool:
        """Whether the image has its program, or the folder that was given."""
        return self.program not in GIVEN_PROGRAMS or bool(PROGRAMS and Path(PROGRAMS, self.program).is_file())

    @property
    def repository(self) -> str:
        """A repository of its own."""
        words = self.name.replace("--", "").lower()
        return f"{WHO}/{''.join(letter if letter.isalnum() else '-' for letter in words)}"


CLIENTS = [Client(**row) for row in yaml.safe_load(Path(__file__).with_name("clients.yaml").read_text())]


@dataclass
class Machine:
    """The container in which clients run, signed in."""

    world: World
    container: str
    image_digest: str

    def run(self, client: Client, script: str) -> None:
        """Run one step of a client; a failure fails the test with what the client said."""
        values = {"R": f"{PUBLIC_REGISTRY}/{client.repository}", "U": f"{WHO}:{PASSWORD}", "D": self.image_digest}
        docker(
            "exec", *(f"--env={name}={value}" for name, value in values.items()), self.container, "sh", "-ec", script
        )

    def seen(self, client: Client) -> str:
        """What Portus shows of its tag, in the words of the table."""
        repository = client.repository if client.program != "helm" else f"{WHO}/rocket"
        tags = shown_tags(self.world, repository)
        if client.tag not in tags:
            return NOT_SHOWN
        assert len(tags) == 1 + client.beside, f"{client}: {tags}"
        tag = tags[client.tag]
        assert tag.author == WHO
        return IMAGE_ID if len(tag.image_id) == 64 else tag.image_id or NO_IMAGE_ID


@pytest.fixture(scope="module")
def machine(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("clients")
    write_layouts(folder)
    credentials = base64.b64encode(f"{WHO}:{PASSWORD}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {PUBLIC_REGISTRY: {"auth": credentials}}}))
    mounts = [f"--volume={folder}:/in:ro", f"--volume={world.lab.folder}/ca:/trust:ro"]
    mounts += [f"--volume={Path(PROGRAMS).resolve()}:/usr/local/bin:ro"] if PROGRAMS else []
    settings = ("SSL_CERT_DIR=/trust", "DOCKER_CONFIG=/in", "REGISTRY_AUTH_FILE=/in/config.json")
    # buildah and docker mount: a user namespace of one's own, or this.
    rights = ("--cap-add=SYS_ADMIN", "--security-opt=seccomp=unconfined")
    options = (*rights, *mounts, *(f"--env={one}" for one in settings))
    container = world.lab.start("clients", "portus-stack.lab/clients:1", *options)
    wait_until(
        lambda: "API listen on" in logs(container), "docker's engine serves in the container", lambda: logs(container)
    )
    # Portus' first look at the registry names itself as author (strategy `initial`), while there is no repository.
    send(world, f"{WHO}/first", WHO, account=WHO)
    wait_until(lambda: world.tags(f"{WHO}/first") != {}, "the first push is shown", world.evidence)
    digest = json.loads((folder / "one/index.json").read_text())["manifests"][0]["digest"]
    yield Machine(world, container, digest)
    world.stop(container)


def documented() -> dict[tuple[str, str], tuple[str, str]]:
    """Client and what it pushes → what Portus alone shows, and what it shows mended: the table of docs/clients.md."""
    lines = (ROOT / "docs/clients.md").read_text().splitlines()
    rows = lines[lines.index(HEADING) + 2 :]
    cells = [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows[: rows.index("")]]
    return {(client, pushes): (alone, mended) for client, pushes, alone, mended in cells}


def test_the_table_has_a_row_for_every_client() -> None:
    assert list(documented()) == [(client.name, client.pushes) for client in CLIENTS]


def test_portus_shows_what_the_table_says_and_what_was_pushed_comes_back_and_goes(machine: Machine) -> None:
    world = machine.world
    there = [client for client in CLIENTS if client.is_there]
    for client in there:
        machine.run(client, client.push)
    send(world, f"{WHO}/witness", WHO, account=WHO)
    wait_until(lambda: world.tags(f"{WHO}/witness") != {}, "the last push is shown", world.evidence)
    mended = world.mended("oci_manifests") and world.mended("token_subject")
    wanted = {client: documented()[client.name, client.pushes][mended] for client in there}
    assert {client: machine.seen(client) for client in there} == wanted
    for client in there:
        machine.run(client, client.pull)
        if mended:
            machine.run(client, client.delete)
    if mended:
        gone = dict.fromkeys(there, NOT_SHOWN)
        wait_until(lambda: {client: machine.seen(client) for client in there} == gone, "all go", world.evidence)
