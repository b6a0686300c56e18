"""What `data.protect` and `data.retain` promise: nothing is removed; the data is kept with what opens it, alone."""

from collections.abc import Iterator

import docker
import pytest

from tests.engine.docker.deployment import Config, Deployment, local_config, prepared
from tests.portus_image import portus_image

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

NAME, PORT = "kept", 9321
PORTUS = ("portus-stack.test/portus", portus_image(2).rpartition(":")[2])
"""The image under a name of the test's own: a protected stack refuses the one it has."""


def config(**data: bool) -> Config:
    pool = {"bind_address": "127.0.0.1", "http_port": PORT + 1, "address_pool": "10.221.0.0/23"}
    return local_config(NAME, PORT, portus={"image": ":".join(PORTUS)}, data=data, docker=pool)


@pytest.fixture
def protected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment with the default, which is protection."""
    client = docker.from_env()
    try:
        client.images.get(portus_image(2)).tag(*PORTUS)
        with prepared(NAME, tmp_path_factory.mktemp(NAME), config()) as deployment:
            deployment.up()
            yield deployment
        client.images.remove(":".join(PORTUS), force=True)  # the name goes; the image stays while anybody uses it
    finally:
        client.close()


def assert_untouched(deployment: Deployment, things: list[str], identities: dict[str, tuple[str, str]]) -> None:
    assert deployment.leftovers() == things
    assert deployment.identities() == identities
    deployment.wait_until_healthy()


def test_data_lives_as_long_as_it_was_asked_to(protected: Deployment) -> None:
    _protected_stack_refuses_and_loses_nothing(protected)
    protected.configure(config(protect=False))
    protected.up()
    protected.destroy()
    assert protected.leftovers() == []
    _retained_data_stays_with_its_credentials(protected)


def _protected_stack_refuses_and_loses_nothing(deployment: Deployment) -> None:
    things, identities, known = deployment.leftovers(), deployment.identities(), deployment.resources()
    for arguments in (("--skip-preview",), ("--skip-preview", "--continue-on-error"), ()):
        finished = deployment.run("destroy", "--yes", "--suppress-progress", "-s", deployment.name, *arguments)
        assert finished.code != 0, finished.output
        assert "protect" in finished.output
        assert_untouched(deployment, things, identities)
        assert {each["urn"] for each in deployment.resources()} == {each["urn"] for each in known}
    # Taking the PortusStack out of the program would delete it too.
    program = deployment.project / "__main__.py"
    committed = program.read_text()
    program.write_text("")
    finished = deployment.run("up", "--yes", "--skip-preview", "--suppress-progress", "-s", deployment.name)
    program.write_text(committed)
    assert finished.code != 0, finished.output
    assert_untouched(deployment, things, identities)


def _retained_data_stays_with_its_credentials(deployment: Deployment) -> None:
    deployment.configure(config(protect=False, retain=True))
    deployment.up()
    deployment.destroy()
    kept = {name.rpartition("-")[0] for name in deployment.leftovers()}
    assert kept == {f"{NAME}-{role}-{kind}" for role in ("database", "registry") for kind in ("data", "files")}
    assert {volume.name for volume in deployment.docker.volumes.list()} >= set(deployment.leftovers())
