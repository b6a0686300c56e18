"""An old deployment of separate containers is taken over by the commands of the page: users, teams, layers."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.pages import commands
from tests.contract.standin_bootstrap import BOT_PASSWORD, bootstrap_by_api, wait_ready
from tests.contract.standin_client import Image, fetch_token, push
from tests.contract.standin_harness import Lab, docker, lab, wait_until
from tests.contract.standin_settings import FQDN, PUBLIC_REGISTRY_NAME, REGISTRY_NAME
from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.deployment import local_config
from tests.engine.docker.operations_clone import Clone
from tests.engine.docker.portus import PortusApi

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200)]
NEW, PORT = "successor", 9756
PAGE = "docs/migration.md"
USER, REPOSITORY = "smoke-check", "heirloom"
NAMESPACE = "smoke_check"
"""What Portus makes of the user's name."""


@dataclass(frozen=True)
class Old:
    """The deployment that somebody made without us; ``image`` was pushed to it."""

    lab: Lab
    image: Image


def image() -> Image:
    """An image that docker can pull."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("heirloom"))
    layer = tar.getvalue()
    diff = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff]}, "config": {}}
    return Image(json.dumps(config).encode(), gzip.compress(layer, mtime=0))


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Old]:
    folder = tmp_path / "lab"
    folder.mkdir()
    with lab(folder) as started:
        started.start_database()
        started.start_registry("portus-stack.lab/registry:2.8", 2)
        portus = started.start_portus(2)
        url = f"https://{FQDN}:3000"
        wait_ready(started, portus, f"{url}/api/v1/_ping")
        record = {"name": "old", "hostname": REGISTRY_NAME, "use_ssl": "1"}
        record["external_hostname"] = f"{PUBLIC_REGISTRY_NAME}:5000"
        admin = started.client("admin")
        token, _ = bootstrap_by_api(admin, url, record)
        # Its synchronisation would show the push too, as Portus' own, where an event is slower.
        no_synchronisation = {"PORTUS_BACKGROUND": "true", "PORTUS_BACKGROUND_SYNC_ENABLED": "false"}
        started.start_portus(2, changes=no_synchronisation, role="background")
        found = Old(started, image())
        client, repository = started.client("docker"), f"{NAMESPACE}/{REPOSITORY}"
        scope = f"repository:{repository}:pull,push"
        answer = fetch_token(client, f"{url}/v2/token", scope, f"{USER}:{BOT_PASSWORD}").json()
        assert isinstance(answer, dict)
        pushed = push(client, answer["token"], repository, "1", found.image)
        assert pushed.status == 201, pushed.text
        header = ("--header", f"Portus-Auth: admin:{token}")
        wait_until(
            lambda: REPOSITORY in admin.get(f"{url}/api/v1/repositories", *header).text, "Portus shows it", lambda: ""
        )
        yield found


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    clone = Clone(tmp_path, NEW, local_config(NEW, PORT))
    try:
        yield clone
    finally:
        clone.close()


def edge_of(clone: Clone) -> Edge:
    """The new stack's edge, for a user of the old one."""
    outputs = json.loads(clone.sh(f"make -s outputs STACK={NEW} 2>/dev/null"))
    return Edge(
        clone,  # type: ignore[arg-type] # its name is what is needed
        outputs["ca_certificate_pem"], f"{NEW}.test", f"registry.{NEW}.test", PORT, USER, BOT_PASSWORD,
    )  # fmt: skip


def test_users_repositories_and_layers_come_along(old: Old, clone: Clone, tmp_path: Path) -> None:
    environment = {
        "NEW": NEW,
        "REGISTRY": f"registry.{NEW}.test:{PORT}",
        "OLD_DATABASE": f"lab-{old.lab.identity}-database",
        "OLD_REGISTRY": f"lab-{old.lab.identity}-registry",
        "OLD_SCHEMA": "portus",
    }
    dump, deploy, load, start = commands(PAGE)
    clone.sh(dump, **environment)
    docker("stop", *(f"lab-{old.lab.identity}-{role}" for role in ("background", "portus", "registry")))
    clone.sh(deploy, **environment)
    clone.sh(load, **environment)
    assert "All is well." in clone.sh(start, **environment)
    edge = edge_of(clone)
    with trusted(edge):
        client = DockerClient(edge, tmp_path / "docker-client")
        assert client.login(USER, BOT_PASSWORD)[0] == 0, "the old password is good"
        client.pull_afresh(f"{NAMESPACE}/{REPOSITORY}")
        assert client.push_new_image(f"{NAMESPACE}/{REPOSITORY}", "2")
    portus = PortusApi(edge)
    assert portus.sign_in(USER, BOT_PASSWORD)
    assert portus.tags(REPOSITORY)["1"] == USER
