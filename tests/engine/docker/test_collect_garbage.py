"""Space is given back while people push and pull, and nothing is lost, also where the command is killed."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.deployment import Deployment, local_config, prepared, wait_for
from tests.engine.docker.portus import PortusApi
from tests.engine.kubernetes.push_loop import PushLoop

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]
NAME, PORT = "swept", 9830
HELD_SECONDS = 70
LAYER_BYTES = 1024 * 1024


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with prepared(NAME, tmp_path_factory.mktemp(NAME), local_config(NAME, PORT)) as deployment:
        done = deployment.operation("up")
        assert done.code == 0, done.output
        yield deployment


@pytest.fixture(scope="module")
def edge(stack: Deployment) -> Iterator[Edge]:
    edge = Edge.of(stack)
    with trusted(edge):
        yield edge


@pytest.fixture(scope="module")
def client(edge: Edge, tmp_path_factory: pytest.TempPathFactory) -> DockerClient:
    client = DockerClient(edge, tmp_path_factory.mktemp("client"))
    assert client.login(edge.username, edge.password)[0] == 0
    return client


def collect(stack: Deployment, *options: str) -> str:
    done = stack.operation("collect-garbage", *options)
    assert done.code == 0, done.output
    return done.output


def push_two_that_share(client: DockerClient, repository: str, folder: Path) -> tuple[str, str]:
    """Tag 1 is one layer, tag 2 that and one of its own; the images' ids."""
    first = client.push_new_image(repository, "1")
    reference = f"{client.edge.registry}/{repository}"
    container = client.must("create", f"{reference}:1", "nothing").strip()
    (folder / "own").write_bytes(os.urandom(LAYER_BYTES))
    try:
        client.must("cp", str(folder / "own"), f"{container}:/own")
        client.must("commit", container, f"{reference}:2")
    finally:
        client.must("rm", container)
    client.must("push", f"{reference}:2")
    return first, client.must("image", "inspect", "--format", "{{.Id}}", f"{reference}:2").strip()


def blobs(stack: Deployment) -> set[bytes]:
    """What the registry's volume holds."""
    found = stack.containers()["registry"].exec_run(["ls", "-R", "/var/lib/registry/docker/registry/v2/blobs/sha256"])
    assert isinstance(found.output, bytes)
    return set(re.findall(rb"^[0-9a-f]{64}$", found.output, re.MULTILINE))


@contextmanager
def pulling(client: DockerClient, repository: str) -> Iterator[list[str]]:
    """Pulls an image again and again; the ids that came."""
    came: list[str] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            try:
                came.append(client.pull_afresh(repository))
            except AssertionError as error:  # the test judges it, in its own thread
                came.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield came
    finally:
        over.set()
        thread.join()


def test_space_comes_back_while_people_push_and_pull(
    stack: Deployment, edge: Edge, client: DockerClient, tmp_path: Path
) -> None:
    repository, watched = f"{edge.username}/app", f"{edge.username}/watched"
    first, second = push_two_that_share(client, repository, tmp_path)
    seen = client.push_new_image(watched)
    portus = PortusApi.as_administrator(edge)
    wait_for(lambda: set(portus.tags("app")) == {"1", "2"}, 60, lambda: str(portus.tags("app")))
    before = blobs(stack)
    portus.delete_tag("app", "2")
    assert blobs(stack) == before, "Portus removes manifests, the collector layers"
    assert "would be removed: 3 blobs" in collect(stack, "--dry-run")
    assert blobs(stack) == before
    loop = PushLoop(client, edge.username, 1)
    with loop.running(), pulling(client, watched) as came:
        loop.wait_for_more(2)
        began = time.monotonic()
        printed = collect(stack)
        print(f"collected in {time.monotonic() - began:.0f} s: {printed}")
        loop.wait_for_more(2)
    given = re.search(r"removed: (\d+) blobs that no image needs; \d+ are kept; (\d+) bytes given back", printed)
    assert given and int(given[1]) >= 3 and int(given[2]) >= LAYER_BYTES, printed
    assert "running smoke_check again" in printed
    assert len(before - blobs(stack)) == 3, "manifest, configuration and own layer of the deleted image"
    assert set(came) == {seen}, "a pull failed"
    assert not loop.lost(), loop.summary()
    print(loop.summary(), f"{len(loop.failures())} failed", f"{len(came)} pulls")
    assert all("503" in each or "blob unknown" in each for each in loop.failures()), loop.failures()
    assert client.pull_afresh(repository, "1") == first
    pushed_again(client, repository, second)


def pushed_again(client: DockerClient, repository: str, image: str) -> None:
    """What was removed: the registry must not remember that it had it."""
    reference = f"{client.edge.registry}/{repository}:2"
    assert client.must("image", "inspect", "--format", "{{.Id}}", reference).strip() == image
    client.must("push", reference)
    client.must("image", "rm", reference)
    assert client.pull_afresh(repository, "2") == image


def test_older_registries_keep_what_has_no_tag(stack: Deployment) -> None:
    done = stack.operation("collect-garbage", "--untagged")
    assert done.code == 1 and "multi-platform" in done.output, done.output


def begin_upload(edge: Edge) -> int:
    """Whether writes are let in: 401 of the registry, which wants a token, or 503 of the edge."""
    return edge.request("POST", edge.registry_host, f"/v2/{edge.username}/app/blobs/uploads/").status


def test_after_a_kill_pushes_go_on_by_themselves(stack: Deployment, edge: Edge, client: DockerClient) -> None:
    assert begin_upload(edge) == 401
    command = [sys.executable, "-m", "operations", "collect-garbage", "--stack", stack.name]
    process = subprocess.Popen(
        command,
        cwd=stack.project,
        env=stack.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: begin_upload(edge) == 503, 60, lambda: "pushes are let in")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    killed = time.monotonic()
    told = stack.operation("status", "--no-drift")
    assert told.code == 1 and "go on by themselves" in told.output, told.output
    refused = stack.operation("collect-garbage")
    assert refused.code == 1 and "held already" in refused.output, refused.output
    assert begin_upload(edge) == 503, "who is refused ends the hold of nobody"
    wait_for(lambda: begin_upload(edge) == 401, HELD_SECONDS + 5, lambda: "pushes are held")
    print(f"pushes went on {time.monotonic() - killed:.0f} s after the kill")
    repository = f"{edge.username}/afterwards"
    pushed = client.push_new_image(repository)
    collect(stack)
    assert client.pull_afresh(repository) == pushed
    assert "All is well." in stack.operation("status", "--no-drift").output
