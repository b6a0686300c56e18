"""Nobody but the operator becomes administrator: not during an `up`, nor after a restart in the wrong order."""

import contextlib
from pathlib import Path

import pytest
from docker.errors import APIError

from tests.engine.docker.client import Edge
from tests.engine.docker.deployment import Config, Deployment, local_config, prepared
from tests.engine.docker.portus import PortusApi
from tests.engine.docker.stranger import (
    BOOTSTRAP,
    PortWatch,
    Stranger,
    makes_administrator,
    watching,
)

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200)]

NAME, PORT = "polled", 9230
WRONG_ORDER = ("edge", "smoke_check", "background", "bootstrap", "portus", "registry", "database")


class InsideView:
    """The sign-up page as Portus shows it inside, before anybody is administrator."""

    def __init__(self, deployment: Deployment) -> None:
        self._docker, self._container, self.page = deployment.docker, f"{deployment.name}-portus", ""

    def look(self) -> None:
        """Fetch it in Portus' own container as soon as it answers; once seen, leave it."""
        if self.page:
            return
        command = ["curl", "--silent", "--fail", "--insecure", "https://127.0.0.1:3000/users/sign_up"]
        with contextlib.suppress(APIError):  # not made or not running yet
            code, output = self._docker.containers.get(self._container).exec_run(command)
            assert isinstance(output, bytes)
            self.page = output.decode() if code == 0 else ""


def _config() -> Config:
    """Anybody may sign up: the very form that makes the first user administrator is public afterwards."""
    config = local_config(NAME, PORT)
    config["portus-stack:docker"] |= {"address_pool": "10.192.4.0/23"}
    config["portus-stack:portus"] |= {"settings": {"signup": {"enabled": True}}}
    return config


def test_stranger_never_gets_a_page_that_makes_him_administrator(tmp_path: Path) -> None:
    config = _config()
    with prepared(NAME, tmp_path, config) as deployment:
        strangers = [Stranger(host.partition(":")[0], PORT) for host in config["portus-stack:hostnames"].values()]
        ports, inside = PortWatch(deployment), InsideView(deployment)
        with watching(*(each.try_to_poll for each in strangers), ports.look):
            with watching(inside.look):
                deployment.up()
            before = deployment.identities()
            _replace_portus_and_edge(deployment)
            replaced = {role for role, identity in deployment.identities().items() if identity != before[role]}
            assert {"portus", "edge"} <= replaced
            _restart_in_the_wrong_order(deployment)
        assert makes_administrator("/users/sign_up", 200, inside.page), f"inside there was no such page: {inside.page}"
        for stranger in strangers:
            assert not stranger.found, stranger.found
            assert stranger.seen["connection", "ConnectionRefusedError"], stranger.seen
        _assert_doors_were_tried(*strangers)
        assert ports.seen == {("edge", "127.0.0.1", PORT), ("edge", "127.0.0.1", PORT + 1)}
        users = PortusApi.as_administrator(Edge.of(deployment)).get("/api/v1/users")
        assert "stranger" not in {each["username"] for each in users}


def _replace_portus_and_edge(deployment: Deployment) -> None:
    config = deployment.config
    config["portus-stack:rotation"] = {"certificates": "2"}
    deployment.configure(config)
    deployment.up()


def _restart_in_the_wrong_order(deployment: Deployment) -> None:
    containers = deployment.containers()
    for role in WRONG_ORDER:
        containers[role].stop()
    for role in WRONG_ORDER:
        containers[role].start()
    deployment.wait_until_healthy()


def _assert_doors_were_tried(portus: Stranger, registry: Stranger) -> None:
    """Real pages were seen: the sign-up form for ordinary users at Portus' name, refusals everywhere else."""
    assert portus.seen["/users/sign_up", 200] > 0, portus.seen
    assert portus.seen[BOOTSTRAP, 403] > 0, portus.seen
    assert registry.seen["/users/sign_up", 404] > 0, registry.seen
    assert registry.seen[BOOTSTRAP, 404] > 0, registry.seen
