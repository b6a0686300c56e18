"""Deployments that several tests look at. Whoever changes one brings a deployment of his own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.deployment import Deployment, deployed, local_config
from tests.portus_image import portus_image

NAME = "looked-at"
PORT = 9443
FIRST_NAME = "first"
FIRST_PORT = 9453


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Generation 2, registry 2.8, two host names."""
    with deployed(NAME, tmp_path_factory.mktemp(NAME), local_config(NAME, PORT)) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def edge(stack: Deployment) -> Iterator[Edge]:
    """The edge of ``stack``, trusted by this machine's docker client."""
    edge = Edge.of(stack)
    with trusted(edge):
        yield edge


@pytest.fixture(scope="session")
def first_generation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Generation 1, registry 3.1, one host name for both."""
    config = local_config(
        FIRST_NAME,
        FIRST_PORT,
        hostnames={"portus": f"first.test:{FIRST_PORT}", "registry": f"first.test:{FIRST_PORT}"},
        portus={"image": portus_image(1)},
        registry={"image": "portus-stack.lab/registry:3.1"},
    )
    with deployed(FIRST_NAME, tmp_path_factory.mktemp(FIRST_NAME), config) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def first_edge(first_generation: Deployment) -> Iterator[Edge]:
    """The edge of ``first_generation``, trusted by this machine's docker client."""
    edge = Edge.of(first_generation)
    with trusted(edge):
        yield edge


@pytest.fixture
def client(edge: Edge, tmp_path: Path) -> DockerClient:
    """A docker client that is signed in nowhere."""
    return DockerClient(edge, tmp_path)


@pytest.fixture
def first_client(first_edge: Edge, tmp_path: Path) -> DockerClient:
    """A docker client for ``first_generation`` that is signed in nowhere."""
    return DockerClient(first_edge, tmp_path)
