"""Crashes, kills and reboots, on a Docker host of the test's own: the stack comes back and no pushed image is lost."""

import os
import random
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from docker.models.containers import Container

from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.daemon import SecondHost, second_host
from tests.engine.docker.deployment import Deployment, deployed, local_config, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200)]

NAME, PORT, HOST_NUMBER = "faults", 9220, 2
ROLES = ("database", "registry", "portus", "background", "edge")
PROCESSES = (*ROLES, "bootstrap", "smoke_check")
IN_EVERY_RUN = "registry"
REBOOT_ORDERS = 3


@dataclass
class Stack:
    """The deployment on its host, its edge, and the images that were pushed before anything broke."""

    deployment: Deployment
    host: SecondHost
    client: DockerClient
    pushed: dict[str, str]

    def starts(self) -> dict[str, str]:
        """Process → when its container was last started."""
        return {role: each.attrs["State"]["StartedAt"] for role, each in self.deployment.containers(False).items()}

    def each(self, containers: Iterable[Container], action: Callable[[Container], None]) -> None:
        """Do the same to several containers at once."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(action, containers))

    def assert_green(self) -> None:
        """Every container is healthy, a smoke check that begins now succeeds, and every image is what it was."""
        self.deployment.wait_until_healthy()
        before = self.starts()["smoke_check"]
        self.deployment.containers()["smoke_check"].restart(timeout=1)
        assert self.starts()["smoke_check"] != before
        self.deployment.wait_until_healthy()
        assert {each: self.client.pull_afresh(each) for each in self.pushed} == self.pushed


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A deployment on a second host, with two images of an administrator."""
    with second_host(tmp_path_factory.mktemp("host"), HOST_NUMBER) as host:
        config = local_config(NAME, PORT)
        config["portus-stack:docker_host"] = host.socket
        config["portus-stack:docker"] |= {"bind_address": "0.0.0.0"}
        with deployed(NAME, tmp_path_factory.mktemp(NAME), config, host.client()) as deployment:
            edge = Edge.of(deployment)
            edge.address = host.address
            with trusted(edge):
                client = DockerClient(edge, tmp_path_factory.mktemp("docker-client"))
                assert client.login(edge.username, edge.password)[0] == 0
                repositories = [f"{edge.username}/kept-{number}" for number in (1, 2)]
                pushed = {each: client.push_new_image(each) for each in repositories}
                yield Stack(deployment, host, client, pushed)


@pytest.mark.parametrize(
    "role", [role if role == IN_EVERY_RUN else pytest.param(role, marks=pytest.mark.soak) for role in PROCESSES]
)
def test_crash_of_a_container_heals_without_hands(stack: Stack, role: str) -> None:
    container = stack.deployment.containers()[role]
    before = stack.starts()[role]
    os.kill(container.attrs["State"]["Pid"], signal.SIGKILL)
    wait_for(lambda: stack.starts()[role] != before, 60, lambda: f"{role} was not started again")
    stack.assert_green()


def test_docker_kill_of_every_container_heals_with_the_daemons_restart(stack: Stack) -> None:
    before = stack.starts()
    stack.each(stack.deployment.containers().values(), Container.kill)
    assert {each.status for each in stack.deployment.containers(False).values()} == {"exited"}
    stack.host.stop()
    stack.host.start()
    stack.assert_green()
    assert not set(before.values()) & set(stack.starts().values())


@pytest.mark.soak
def test_restart_of_the_daemon_heals_without_hands(stack: Stack) -> None:
    stack.host.stop()
    stack.host.start()
    stack.assert_green()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(REBOOT_ORDERS))
def test_start_in_any_order_heals_without_hands(stack: Stack, seed: int) -> None:
    containers = stack.deployment.containers()
    stack.each(containers.values(), Container.stop)
    order = random.Random(seed).sample(sorted(containers), len(containers))
    for role in order:
        containers[role].start()
    stack.assert_green()


def test_make_up_heals_what_docker_kill_stopped(stack: Stack) -> None:
    ids = {role: each.id for role, each in stack.deployment.containers().items()}
    stack.each(stack.deployment.containers().values(), Container.kill)
    assert stack.deployment.containers() == {}
    printed = stack.deployment.make("up")
    assert printed.count("which was exited") == len(PROCESSES), printed
    stack.assert_green()
    assert {role: each.id for role, each in stack.deployment.containers().items()} == ids


def test_make_repair_starts_a_container_that_was_killed(stack: Stack) -> None:
    stack.deployment.containers()["registry"].kill()
    printed = stack.deployment.make("repair")
    assert f"started container {NAME}-registry" in printed
    stack.assert_green()


def test_make_up_makes_a_container_that_was_removed_again(stack: Stack) -> None:
    stack.deployment.containers()["registry"].remove(force=True)
    stack.deployment.make("up")
    stack.assert_green()
