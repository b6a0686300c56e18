"""Both registries and their garbage collector, by the script and configuration of PortusStack."""

import json
import os
from collections.abc import Iterator

import pytest
import yaml

from components.portus.roles.registry import configuration
from tests.contract.bare_registry import BareRegistry, digest_of
from tests.contract.standin_harness import Lab, lab, logs, wait_until
from tests.unit.portus import samples, topologies

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
FOLDER = "/etc/portus-stack"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
LAYER_BYTES = 1024 * 1024


@pytest.fixture(scope="module", params=["2.8", "3.1"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pair(version: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[BareRegistry]]:
    """Two registries that share a volume."""
    with lab(tmp_path_factory.mktemp("registry")) as laboratory:
        first = start(laboratory, version, "one")
        yield [first, start(laboratory, version, "other", f"--volumes-from={first.name}")]


@pytest.fixture(scope="module")
def registry(pair: list[BareRegistry]) -> BareRegistry:
    return pair[0]


def start(laboratory: Lab, version: str, role: str, *options: str) -> BareRegistry:
    """As PortusStack configures it, without TLS and tokens, which are not what is asked here."""
    document = yaml.safe_load(configuration(samples.settings()))
    for part in ("auth", "notifications"):
        del document[part]
    del document["http"]["tls"]
    script = topologies.plain_file(topologies.topology(), "registry", f"{FOLDER}/collect.sh")
    for name, text in (("config.yml", yaml.safe_dump(document)), ("collect.sh", script)):
        (laboratory.folder / name).write_text(text)
    mounts = [f"--volume={laboratory.folder / name}:{FOLDER}/{name}:ro" for name in ("config.yml", "collect.sh")]
    container = laboratory.start(
        role,
        f"portus-stack.lab/registry:{version}",
        *(*mounts, *options, "--read-only", "--tmpfs=/tmp", "--env=OTEL_TRACES_EXPORTER=none"),
        *("--env=REGISTRY_HTTP_SECRET=same",),
        command=("registry", "serve", f"{FOLDER}/config.yml"),
    )
    wait_until(lambda: "listening on" in logs(container), "the registry", lambda: logs(container))
    return BareRegistry(container, laboratory.address(container))


def test_a_deleted_image_goes_and_comes_again_without_a_restart(registry: BareRegistry) -> None:
    """Distribution's memory of blobs would tell a push that what was removed is there: it is off."""
    shared, own, kept = (os.urandom(LAYER_BYTES) for _ in range(3))
    registry.push("app", "1", [shared, kept])
    deleted = registry.push("app", "2", [shared, own])
    assert registry.ask("HEAD", f"/v2/app/blobs/{digest_of(own)}").status == 200
    assert registry.ask("DELETE", f"/v2/app/manifests/{deleted['digest']}").status == 202
    before = registry.collector.size()
    would = registry.collector.look()
    assert (would.blobs, would.manifests, registry.has("app", own)) == (3, 0, True), "nothing is changed"
    assert any(digest_of(own) in line for line in would.lines)
    done = registry.collector.run()
    assert (done.blobs, done.kept) == (3, would.kept)
    after = registry.collector.size()
    assert before is not None and after is not None
    assert LAYER_BYTES <= before - after <= 1.1 * LAYER_BYTES
    assert not registry.has("app", own)
    assert registry.has("app", shared) and registry.has("app", kept)
    again = registry.push("app", "2", [shared, own])
    assert again == deleted and registry.has("app", own) and registry.has_manifest("app", "2")


def test_images_of_an_index_are_why_the_older_one_keeps_what_has_no_tag(registry: BareRegistry, version: str) -> None:
    """Each for one platform, and without a tag (distribution issue 3178)."""
    layers = [os.urandom(1000) for _ in range(3)]
    parts = [registry.push("many", "", [each]) for each in layers[:2]]
    for part, architecture in zip(parts, ("amd64", "arm64"), strict=True):
        part["platform"] = {"os": "linux", "architecture": architecture}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": parts}
    registry.push_manifest("many", "1", json.dumps(index).encode(), INDEX)
    lonely = registry.push("many", "", [layers[2]])
    assert registry.collector.major() == int(version[0])
    registry.collector.run()
    assert all(registry.has_manifest("many", each["digest"]) for each in (*parts, lonely))
    registry.collector.run("--delete-untagged")
    assert not registry.has_manifest("many", lonely["digest"])
    assert registry.has_manifest("many", "1", INDEX)
    whole = [registry.has_manifest("many", each["digest"]) for each in parts]
    assert whole == ([True, True] if version == "3.1" else [False, False])


def test_another_registry_with_the_same_volume_notices(pair: list[BareRegistry]) -> None:
    one, other = pair
    layer = os.urandom(LAYER_BYTES)
    image = other.push("both", "1", [layer])
    assert one.has("both", layer) and other.has("both", layer)
    assert other.ask("DELETE", f"/v2/both/manifests/{image['digest']}").status == 202
    assert one.collector.run().blobs == 3
    assert not other.has("both", layer)
    assert other.push("both", "1", [layer]) == image
    assert one.has("both", layer) and one.has_manifest("both", "1")
