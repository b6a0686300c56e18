"""Two PortusStacks in one program on one host: a program of somebody else's that embeds the component twice."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.docker.client import DockerClient, Edge, trusted
from tests.engine.docker.deployment import ROOT, Config, Deployment, local_config

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

PORTS = {"left": 9331, "right": 9341}
PROGRAM = '''\
"""Embeds one PortusStack per entry of the configuration."""

import pulumi
import pulumi_docker
import pulumi_random
import pulumi_tls

from components import OUTPUTS, PortusStack

host = pulumi_docker.Provider("host", host="unix:///var/run/docker.sock")
options = pulumi.ResourceOptions(providers=[host, pulumi_random.Provider("random"), pulumi_tls.Provider("tls")])
for name, arguments in pulumi.Config().require_object("stacks").items():
    stack = PortusStack(name, arguments, options)
    pulumi.export(name, {output: getattr(stack, output) for output in OUTPUTS})
'''


class Embedding(Deployment):
    """A deployment of PROGRAM."""

    def _make_project(self, config: Config) -> None:
        (self.project / "stacks").mkdir(parents=True)
        (self.project / "components").symlink_to(ROOT / "components")
        (self.project / "__main__.py").write_text(PROGRAM)
        project = {"name": "embedding", "runtime": "python", "stackConfigDir": "stacks"}
        (self.project / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        self.configure(config)

    def part(self, name: str) -> "Part":
        """One of its PortusStacks."""
        return Part(self, name)


class Part(Deployment):
    """One PortusStack of a program that is deployed already: its own containers, labels and outputs."""

    def __init__(self, whole: Embedding, name: str) -> None:  # makes no project: the whole has one
        vars(self).update(vars(whole))
        self.name, self._whole = name, whole

    def outputs(self) -> Mapping[str, Any]:
        """Its outputs."""
        found: Mapping[str, Any] = self._whole.outputs()[self.name]
        return found


def config(*names: str) -> Config:
    stacks = {}
    for index, name in enumerate(names):
        group = local_config(name, PORTS[name])
        arguments = {key.partition(":")[2]: value for key, value in group.items() if key.startswith("portus-stack:")}
        arguments["docker"] |= {"address_pool": f"10.22{2 + index}.0.0/23"}
        stacks[name] = arguments
    return {"pulumi:disable-default-providers": ["*"], "embedding:stacks": stacks}


@pytest.fixture(scope="module")
def embedding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedding]:
    """Both deployed."""
    deployment = Embedding("pair", tmp_path_factory.mktemp("pair"), config(*PORTS))
    parts = [deployment.part(name) for name in PORTS]
    try:
        for part in parts:
            part.remove_by_label()
        deployment.up()
        yield deployment
    finally:
        for part in parts:
            part.remove_by_label()
        deployment.docker.close()


def test_both_are_green_and_one_goes_without_the_other(embedding: Embedding, tmp_path: Path) -> None:
    left, right = (embedding.part(name) for name in PORTS)
    edges = [Edge.of(part) for part in (left, right)]
    with ExitStack() as trusts:
        for edge in edges:
            trusts.enter_context(trusted(edge))
            _pushes_and_pulls(edge, tmp_path / edge.deployment.name)
        _share_nothing(edges)
        embedding.up("--expect-no-changes")
        before = left.identities()
        embedding.configure(config("left"))
        embedding.up()
        assert right.leftovers() == []
        assert left.identities() == before
        _pushes_and_pulls(edges[0], tmp_path / "again")
    assert "right" not in json.dumps([resource["urn"].rpartition("::")[2] for resource in embedding.resources()])
    embedding.destroy()
    assert left.leftovers() == []


def _pushes_and_pulls(edge: Edge, folder: Path) -> None:
    client = DockerClient(edge, folder)
    code, output = client.login(edge.username, edge.password)
    assert code == 0, output
    pushed = client.push_new_image(f"{edge.username}/app")
    assert client.pull_afresh(f"{edge.username}/app") == pushed


def _share_nothing(edges: list[Edge]) -> None:
    """Neither secrets nor CA nor rights: what one knows opens nothing of the other."""
    left, right = edges
    assert left.password != right.password
    assert left.ca_pem != right.ca_pem
    scope = f"repository:{left.username}/app:pull"
    token = left.token(scope, left.username, left.password).json()["token"]
    path = f"/v2/{left.username}/app/tags/list"
    assert left.request("GET", left.registry_host, path, {"Authorization": f"Bearer {token}"}).status == 200
    assert right.request("GET", right.registry_host, path, {"Authorization": f"Bearer {token}"}).status == 401
