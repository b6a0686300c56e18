"""What a second `up` does: nothing; and what a change does: no more than it has to."""

import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tests.contract.project_files import ROOT
from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.deployment import Deployment, deployed, local_config, wait_for
from tests.engine.docker.portus import PortusApi

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

NAME, PORT = "changed", 9463


def test_second_up_refresh_and_reordered_stack_file_change_nothing(stack: Deployment) -> None:
    before = stack.identities()
    stack.up("--expect-no-changes")
    stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", stack.name)
    stack.up("--expect-no-changes")
    config = list(stack.config.items())
    random.Random(1).shuffle(config)
    stack.configure({key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in config})
    stack.up("--expect-no-changes")
    assert stack.identities() == before


def test_the_policy_pack_is_silent_on_what_is_deployed(stack: Deployment) -> None:
    """A second preview knows ids and digests that the first one could not see."""
    pack = subprocess.run([ROOT / "toolchain" / "policies"], check=True, capture_output=True, text=True).stdout.strip()
    settings = ROOT / "stacks" / "policy.local.json"
    stack.pulumi("preview", "--policy-pack", pack, "--policy-pack-config", str(settings), "-s", stack.name)


def test_changes_touch_what_they_must_and_lose_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    config = local_config(NAME, PORT)
    with deployed(NAME, tmp_path_factory.mktemp(NAME), config) as deployment:
        edge = Edge.of(deployment)
        with trusted(edge):
            client = DockerClient(edge, tmp_path_factory.mktemp("docker-client"))
            client.login(edge.username, edge.password)
            pushed = client.push_new_image(f"{edge.username}/kept")
            _registry_setting_restarts_the_registry_alone(deployment)
            _size_limits_change_in_place(deployment)
            _another_time_limit_replaces_portus_alone(deployment)
            _rotated_certificates_keep_the_ca(deployment, edge)
            assert client.pull_afresh(f"{edge.username}/kept") == pushed
            _public_name_is_corrected_before_the_edge_goes(deployment)
        _push_by_the_new_name_is_seen(deployment, tmp_path_factory.mktemp("new-name"), pushed)
        deployment.destroy()
        assert deployment.leftovers() == []


def _changed(deployment: Deployment, group: str, **values: object) -> set[str]:
    """Change a group of the stack file, deploy, and return the roles whose containers are others now."""
    before = deployment.identities()
    config = deployment.config
    config[f"portus-stack:{group}"] = {**config.get(f"portus-stack:{group}", {}), **values}
    deployment.configure(config)
    deployment.up()
    after = deployment.identities()
    return {role for role in after if after[role] != before.get(role)}


def _registry_setting_restarts_the_registry_alone(deployment: Deployment) -> None:
    # The smoke check is a task: it runs again because what it verified is another container now.
    assert _changed(deployment, "registry", log_level="warn") == {"registry", "smoke_check"}


def _size_limits_change_in_place(deployment: Deployment) -> None:
    assert _changed(deployment, "database", resources={"memory_mib": 640}, size_gib=20) == set()


def _another_time_limit_replaces_portus_alone(deployment: Deployment) -> None:
    # The limit is part of the health check, which the provider does not change in place.
    assert _changed(deployment, "portus", start_timeout_seconds=700) == {"portus", "smoke_check"}


def _rotated_certificates_keep_the_ca(deployment: Deployment, edge: Edge) -> None:
    changed = _changed(deployment, "rotation", certificates="2")
    assert {"database", "registry", "portus", "edge"} <= changed, "whoever shows a certificate"
    assert deployment.outputs()["ca_certificate_pem"] == edge.ca_pem


@contextmanager
def _deaths_and_healths(deployment: Deployment) -> Iterator[list[tuple[str, str, str]]]:
    """(what happened, container's name, its id) as it happens: Docker keeps the last 256 events, so a moment's."""
    seen: list[tuple[str, str, str]] = []
    stream = deployment.docker.events(decode=True, filters={"type": "container", "event": ["die", "health_status"]})

    def listen() -> None:
        for event in stream:
            seen.append((event["Action"], event["Actor"]["Attributes"]["name"], event["Actor"]["ID"]))

    listener = Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield seen
    finally:
        stream.close()
        listener.join(timeout=10)


def _public_name_is_corrected_before_the_edge_goes(deployment: Deployment) -> None:
    """The edge of the old name serves until Portus knows the new one."""
    before = deployment.identities()
    with _deaths_and_healths(deployment) as seen:
        assert _changed(deployment, "hostnames", registry=f"hub.{NAME}.test:{PORT}") >= {"bootstrap", "edge"}
        edge_went = ("die", f"{NAME}-edge", before["edge"][0])
        wait_for(lambda: edge_went in seen, 30, lambda: f"the old edge did not go: {seen}")
    corrected = [name for action, name, _ in seen[: seen.index(edge_went)] if action == "health_status: healthy"]
    assert f"{NAME}-bootstrap" in corrected, seen
    assert deployment.containers()["portus"].id == before["portus"][0], "only what has the name is replaced"


def _push_by_the_new_name_is_seen(deployment: Deployment, folder: Path, kept: str) -> None:
    edge = Edge.of(deployment)
    assert edge.registry_host.startswith("hub.")
    with trusted(edge):
        client = DockerClient(edge, folder)
        client.login(edge.username, edge.password)
        assert client.pull_afresh(f"{edge.username}/kept") == kept
        client.push_new_image(f"{edge.username}/moved")
        portus = PortusApi.as_administrator(edge)
        (record,) = portus.get("/api/v1/registries")
        assert record["external_hostname"] == edge.registry
        wait_for(lambda: bool(portus.tags("moved")), 60, lambda: f"Portus does not show the push\n{deployment.logs()}")
