"""What Portus shows of OCI manifests, indexes and artifacts, and how they go."""

from __future__ import annotations

import json

import pytest

from tests.contract.portus.manifests import (
    DOCKER_LIST,
    IMAGE_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    SHOWN_SECONDS,
    WHO,
    delete_in_registry,
    descriptor,
    digest_of,
    image,
    needs,
    push_image,
    push_index,
    put,
    shown_tags,
    size_of,
    wait_for_tag,
)
from tests.contract.portus.test_background import send
from tests.contract.portus.world import RELEASE, World, source
from tests.contract.standin_harness import logs, wait_until

pytestmark = [
    pytest.mark.engine,
    source("lib/portus/registry_notification.rb:63", "lib/portus/http_helpers.rb:43", "app/models/registry.rb:139"),
]

HAS_SIZES = RELEASE >= (2, 5)
"""Tags have a size from 2.5 on (db/schema.rb)."""
EMPTY = "application/vnd.oci.empty.v1+json"
LARGE = 900_000
"""Empty lists that make a manifest of 2.7 MB, and much more than that of it in memory."""
CHART = ("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip")


def test_an_oci_image_is_shown_with_author_digest_and_image_id(world: World) -> None:
    manifest = push_image(world, "alice/image", "v1")
    if not world.mended("oci_manifests"):
        send(world, "alice/docker", WHO, account=WHO)
        wait_for_tag(world, "alice/docker", "v1")
        assert shown_tags(world, "alice/image") == {}
        return
    tag = wait_for_tag(world, "alice/image", "v1")
    assert (tag.author, tag.digest) == (WHO, digest_of(manifest))
    assert f"sha256:{tag.image_id}" == json.loads(manifest)["config"]["digest"]
    assert tag.size == (size_of(manifest) if HAS_SIZES else None)


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST], ids=["index", "list"])
def test_an_index_is_one_tag_and_its_parts_are_none(world: World, media_type: str) -> None:
    needs(world, "oci_manifests")
    repository = f"alice/{'index' if media_type == OCI_INDEX else 'list'}"
    index = push_index(world, repository, "all", media_type)
    tag = wait_for_tag(world, repository, "all")
    assert (tag.digest, tag.image_id, tag.author) == (digest_of(index), "multi-arch", WHO)
    parts = [image(f"{repository} all {architecture}") for architecture in ("amd64", "arm64")]
    assert tag.size == (sum(size_of(manifest) for manifest, _, _ in parts) if HAS_SIZES else None)
    push_image(world, repository, None)
    push_image(world, repository, "after")
    wait_for_tag(world, repository, "after")
    assert set(world.tags(repository)) == {"all", "after"}


def test_an_index_of_one_image_and_what_is_attested_of_it_has_the_id_of_the_image(world: World) -> None:
    needs(world, "oci_manifests")
    push_index(world, "alice/attested", "v1", OCI_INDEX, attested=True)
    _, config, _ = image("alice/attested v1 amd64")
    assert f"sha256:{wait_for_tag(world, 'alice/attested', 'v1').image_id}" == digest_of(config)


def test_an_index_that_lists_one_large_manifest_many_times_is_shown_and_reads_it_once(world: World) -> None:
    needs(world, "oci_manifests")
    manifest, config, layer = image("large")
    large = json.loads(manifest)
    large["layers"][0]["x"] = [[]] * LARGE
    manifest = json.dumps(large, separators=(",", ":")).encode()
    put(world, "alice/large", digest_of(manifest), OCI_MANIFEST, manifest, config, layer)
    child = descriptor(OCI_MANIFEST, manifest, platform={"os": "linux", "architecture": "amd64"})
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child] * 64}).encode()
    put(world, "alice/large", "many", OCI_INDEX, index)
    tag = wait_for_tag(world, "alice/large", "many")
    assert (tag.digest, tag.image_id, tag.size) == (digest_of(index), "multi-arch", None)
    read = f'"GET /v2/alice/large/manifests/{digest_of(manifest)} HTTP'
    assert logs(f"lab-{world.lab.identity}-registry").count(read) <= 1


ARTIFACTS = {
    "chart": (*CHART, "Helm chart"),
    "sbom": (EMPTY, "application/spdx+json", "SBOM"),
    "signature": (IMAGE_CONFIG, "application/vnd.dev.cosign.simplesigning.v1+json", "signature"),
    "own": ("application/vnd.acme.rocket.config.v1+json", "application/octet-stream", "acme.rocket.config"),
}


def test_what_is_no_image_is_named_by_its_type(world: World) -> None:
    needs(world, "oci_manifests")
    for tag, (config_type, layer_type, _) in ARTIFACTS.items():
        manifest, config, layer = image(tag, config_type, layer_type)
        put(world, "alice/artifacts", tag, OCI_MANIFEST, manifest, config, layer)
    names = {tag: wait_for_tag(world, "alice/artifacts", tag).image_id for tag in ARTIFACTS}
    assert names == {tag: name for tag, (_, _, name) in ARTIFACTS.items()}


def test_they_are_deleted_by_portus_and_by_the_registry(world: World) -> None:
    """A registry of version 3 deletes tags by name, too: its event has no digest."""
    needs(world, "oci_manifests")
    repository = "alice/going"
    index = push_index(world, repository, "index", OCI_INDEX)
    manifest = push_image(world, repository, "image")
    for tag in ("name", "stays"):
        push_image(world, repository, tag)
    tags = {tag: wait_for_tag(world, repository, tag) for tag in ("index", "image", "name", "stays")}
    assert world.api("DELETE", f"/tags/{tags['index'].id}").status == 204
    assert delete_in_registry(world, repository, digest_of(index)) == 404
    assert delete_in_registry(world, repository, digest_of(manifest)) == 202
    assert delete_in_registry(world, repository, "name") == 202
    wait_until(lambda: set(world.tags(repository)) == {"stays"}, "what was deleted goes", world.evidence, SHOWN_SECONDS)


@source("db/schema.rb (registry_events.data)")
def test_events_on_which_portus_breaks_keep_no_other_from_it(world: World) -> None:
    needs(world, "oci_manifests")
    digest = digest_of(push_image(world, "alice/batch", "first"))
    untyped = world.event("alice/batch", tag="untyped", digest=digest, mediaType=None)
    blob = world.event("alice/batch", tag=None, digest=digest, mediaType=None)
    odd = world.event("alice/batch", tag="odd", digest=digest)
    odd["request"]["useragent"] = "\N{GRINNING FACE} client"
    large = world.event("alice/batch", tag="large", digest=digest, references=[{"digest": digest, "size": 1}] * 1000)
    assert world.notify(untyped, blob, odd, large).status == 202
    assert world.status_of(blob) is None
    for tag in ("untyped", "odd", "large"):
        wait_for_tag(world, "alice/batch", tag)
