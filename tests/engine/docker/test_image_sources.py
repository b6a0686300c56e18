"""Images from a private mirror, and from an archive: what a machine without a way out needs."""

import base64
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import docker
import docker.errors
import pytest

from components.portus.images import mirrored
from tests.contract.standin_harness import docker as docker_command
from tests.contract.standin_harness import lab, logs, wait_until
from tests.engine.docker.client import Edge
from tests.engine.docker.deployment import Config, Deployment, Finished, local_config, prepared, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

NAME, PORT = "mirrored", 9481
USER, PASSWORD = "puller", "mirror-password"
CLIENT, FORGED = "198.51.100.7", "203.0.113.9"
_HTPASSWD = "puller:$2b$05$abcdefghijklmnopqrstuu7cx3z1Pv9avYj6RYqVXnjVOLN7aepSm\n"
"""The two in the form of Apache's file, with bcrypt, the only hash that Distribution takes."""
_REGISTRY = "portus-stack.lab/registry:2.8"


@dataclass(frozen=True)
class Mirror:
    """A registry that wants a password; it has every image of ``sources`` below ``prefix``."""

    address: str
    sources: Sequence[str]

    @property
    def prefix(self) -> str:
        return f"{self.address}/mirror"

    @property
    def images(self) -> list[str]:
        return [mirrored(each, self.prefix) for each in self.sources]

    def here(self) -> list[str]:
        """Those of its images that this machine's Docker has by now."""
        client = docker.from_env()
        return [each for each in self.images if _is_here(client, each)]

    def forget(self) -> None:
        """Make this machine's Docker ask the mirror again; its layers stay where they are in use."""
        client = docker.from_env()
        for each in self.images:
            if _is_here(client, each):
                client.images.remove(each)


def _is_here(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def images_of(config: Config) -> list[str]:
    roles = [config[f"portus-stack:{role}"]["image"] for role in ("portus", "registry", "database", "edge")]
    return [*roles, config["portus-stack:task_image"]]


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    """Started, filled, and forgotten by this machine's Docker, which takes 127.0.0.0/8 without TLS."""
    (tmp_path / "htpasswd").write_text(_HTPASSWD)
    (tmp_path / "lab").mkdir()
    arguments = (
        *("--publish=127.0.0.1::5000", f"--volume={tmp_path / 'htpasswd'}:/auth/htpasswd:ro"),
        *("--env=REGISTRY_AUTH=htpasswd", "--env=REGISTRY_AUTH_HTPASSWD_REALM=mirror"),
        "--env=REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd",
    )
    client = docker.from_env()
    with lab(tmp_path / "lab") as laboratory:
        container = laboratory.start("mirror", _REGISTRY, *arguments)
        made = Mirror(docker_command("port", container, "5000/tcp"), images_of(local_config(NAME, PORT)))
        wait_until(lambda: _answers(made.address), "the mirror wants a password", lambda: logs(container))
        login = {"username": USER, "password": PASSWORD}
        for source, image in zip(made.sources, made.images, strict=True):
            client.images.get(source).tag(image)
            _push(client, image, login)
        made.forget()
        assert made.here() == []
        try:
            yield made
        finally:
            made.forget()


def _push(client: docker.DockerClient, image: str, login: dict[str, str]) -> None:
    events = list(client.images.push(image, auth_config=login, stream=True, decode=True))
    assert not [event for event in events if "error" in event], events[-3:]


def _answers(address: str) -> bool:
    try:
        urlopen(f"http://{address}/v2/")
    except HTTPError as error:
        return error.code == HTTPStatus.UNAUTHORIZED
    except OSError:
        return False
    return False  # it has to want a password


def sign_in(folder: Path, address: str) -> None:
    """What `docker login` leaves in a machine's configuration."""
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {address: {"auth": pair}}}))


def test_a_private_mirror_serves_every_image(mirror: Mirror, tmp_path: Path) -> None:
    config = local_config(NAME, PORT, images={"mirror": mirror.prefix})
    config["portus-stack:edge"]["trusted_proxies"] = [config["portus-stack:docker"]["address_pool"]]
    machine = tmp_path / "machine"
    machine.mkdir()
    with prepared(NAME, tmp_path / "stack", config) as deployment:
        deployment.environment["DOCKER_CONFIG"] = str(machine)
        check_nobody_is_signed_in(mirror, deployment)

        # The machine's own login is enough, and leaves nothing of the password in the state.
        sign_in(machine, mirror.address)
        printed = deployment.up()
        assert all(each.startswith(f"{mirror.prefix}/") for each in deployment.outputs()["images"].values())
        assert sorted(mirror.here()) == sorted(set(mirror.images))
        exported = deployment.pulumi("stack", "export", "--show-secrets", "-s", NAME)
        assert PASSWORD not in exported + printed

        check_proxies(deployment, Edge.of(deployment))

        # What `docker logout` leaves: the argument has to do, also for a host that lost the images.
        (machine / "config.json").write_text("{}")
        login = {"address": mirror.address, "username": USER, "password": PASSWORD}
        group = {**config["portus-stack:docker"], "registry_auth": [login]}
        deployment.configure({**config, "portus-stack:docker": group})
        mirror.forget()
        before = deployment.identities()
        printed = deployment.up("--refresh")
        assert sorted(mirror.here()) == sorted(set(mirror.images))
        assert deployment.identities() == before, "the same images in the same containers"
        assert PASSWORD not in printed + deployment.pulumi("stack", "export", "-s", NAME)

        check_loading(mirror, tmp_path / "edge.tar", deployment.operation)
        mirror.forget()
        deployment.destroy()
        assert deployment.leftovers() == []


def check_nobody_is_signed_in(mirror: Mirror, deployment: Deployment) -> None:
    """What is needed can be listed, and what is missing is told with the way to it."""
    listed = deployment.operation("images-list")
    assert listed.code == 0 and set(mirror.images) <= set(listed.output.splitlines()), listed.output
    refused = deployment.run("up", "--yes", "--skip-preview", "--suppress-progress", "-s", NAME)
    assert refused.code != 0
    assert "no basic auth credentials" in refused.output
    assert f"`docker login {mirror.address}` on this machine, or give `docker.registry_auth`" in refused.output
    assert mirror.here() == []


def check_proxies(deployment: Deployment, edge: Edge) -> None:
    """This machine is a proxy, as it is in the range of the networks' gateways: whom it names is the client."""
    assert edge.request("GET", edge.portus_host, "/", {"X-Forwarded-For": f"{FORGED}, {CLIENT}"}).status < 400
    container = deployment.containers()["edge"]

    def log() -> str:
        return container.logs().decode(errors="replace")

    wait_for(lambda: f"{CLIENT} - [" in log(), 30, log)
    assert FORGED not in log()


def check_loading(mirror: Mirror, archive: Path, operation: Callable[..., Finished]) -> None:
    """An archive of one image reaches the host; the others are named as missing."""
    edge = next(each for each in mirror.images if "/edge:" in each)
    subprocess.run(["docker", "save", "--output", str(archive), edge], check=True)
    mirror.forget()
    done = operation("images-load", str(archive))
    assert done.code == 0, done.output
    assert mirror.here() == [edge]
    for image in set(mirror.images) - {edge}:
        assert f"{image} is missing on unix:///var/run/docker.sock" in done.output
    assert f"{edge} is missing" not in done.output
