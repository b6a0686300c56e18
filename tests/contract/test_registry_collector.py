"""Both registries and their garbage collector, by the script and configuration of PortusStack."""

import hashlib
import http.client
import json
import os
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import yaml

from components.portus.roles.registry import configuration
from operations.collection.collector import Collector
from tests.contract.standin_harness import Lab, lab, logs, wait_until
from tests.unit.portus import samples, topologies

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
FOLDER = "/etc/portus-stack"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
LAYER_BYTES = 1024 * 1024


class Registry:
    """One that runs; it is its own `Inside`, with one container."""

    def __init__(self, laboratory: Lab, version: str) -> None:
        document = yaml.safe_load(configuration(samples.settings()))
        for part in ("auth", "notifications"):
            del document[part]
        del document["http"]["tls"]
        script = topologies.plain_file(topologies.topology(), "registry", f"{FOLDER}/collect.sh")
        for name, text in (("config.yml", yaml.safe_dump(document)), ("collect.sh", script)):
            (laboratory.folder / name).write_text(text)
        mounts = [f"--volume={laboratory.folder / name}:{FOLDER}/{name}:ro" for name in ("config.yml", "collect.sh")]
        self.name = laboratory.start(
            f"registry-{version}",
            f"portus-stack.lab/registry:{version}",
            *(*mounts, "--read-only", "--tmpfs=/tmp", "--env=OTEL_TRACES_EXPORTER=none"),
            command=("registry", "serve", f"{FOLDER}/config.yml"),
        )
        self.address, self.version = laboratory.address(self.name), version
        wait_until(lambda: "listening on" in logs(self.name), "the registry", lambda: logs(self.name))
        self.collector = Collector(self, self.name)  # type: ignore[arg-type] # its two methods are what is needed

    def run(self, name: str, command: tuple[str, ...]) -> tuple[int, str]:
        done = subprocess.run(["docker", "exec", name, *command], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self.address, 5000, timeout=60)
        connection.request(method, path, body, {"Content-Type": kind, "Accept": f"{kind or '*/*'}"})
        answer = connection.getresponse()
        answer.read1()
        return answer

    def push_blob(self, repository: str, content: bytes) -> dict[str, object]:
        """As docker does: nothing is sent where the registry says that it has it."""
        digest = digest_of(content)
        if self.ask("HEAD", f"/v2/{repository}/blobs/{digest}").status != 200:
            begun = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
            place = urlsplit(begun.getheader("Location") or "")
            assert self.ask("PUT", f"{place.path}?{place.query}&digest={digest}", content).status == 201
        return {"digest": digest, "size": len(content)}

    def push(self, repository: str, tag: str, layers: list[bytes]) -> dict[str, object]:
        """An image; "" for no tag."""
        config = self.push_blob(repository, json.dumps({"layers": [digest_of(each) for each in layers]}).encode())
        kind = "application/vnd.docker.image.rootfs.diff.tar.gzip"
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **config},
            "layers": [{"mediaType": kind, **self.push_blob(repository, each)} for each in layers],
        }
        return self.push_manifest(repository, tag, json.dumps(manifest).encode(), MANIFEST)

    def push_manifest(self, repository: str, tag: str, content: bytes, kind: str) -> dict[str, object]:
        digest = digest_of(content)
        answer = self.ask("PUT", f"/v2/{repository}/manifests/{tag or digest}", content, kind)
        assert answer.status == 201, logs(self.name)
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def has(self, repository: str, content: bytes) -> bool:
        return self.ask("GET", f"/v2/{repository}/blobs/{digest_of(content)}").status == 200

    def has_manifest(self, repository: str, reference: object, kind: str = MANIFEST) -> bool:
        return self.ask("GET", f"/v2/{repository}/manifests/{reference}", kind=kind).status == 200


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture(scope="module", params=["2.8", "3.1"])
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with lab(tmp_path_factory.mktemp("registry")) as laboratory:
        yield Registry(laboratory, request.param)


def test_a_deleted_image_goes_and_comes_again_without_a_restart(registry: Registry) -> None:
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


def test_images_of_an_index_are_why_the_older_one_keeps_what_has_no_tag(registry: Registry) -> None:
    """Each for one platform, and without a tag (distribution issue 3178)."""
    layers = [os.urandom(1000) for _ in range(3)]
    parts = [registry.push("many", "", [each]) for each in layers[:2]]
    for part, architecture in zip(parts, ("amd64", "arm64"), strict=True):
        part["platform"] = {"os": "linux", "architecture": architecture}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": parts}
    registry.push_manifest("many", "1", json.dumps(index).encode(), INDEX)
    lonely = registry.push("many", "", [layers[2]])
    assert registry.collector.major() == int(registry.version[0])
    registry.collector.run()
    assert all(registry.has_manifest("many", each["digest"]) for each in (*parts, lonely))
    registry.collector.run("--delete-untagged")
    assert not registry.has_manifest("many", lonely["digest"])
    assert registry.has_manifest("many", "1", INDEX)
    whole = [registry.has_manifest("many", each["digest"]) for each in parts]
    assert whole == ([True, True] if registry.version == "3.1" else [False, False])
