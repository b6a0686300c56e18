"""What Portus shows of OCI manifests, indexes and artifacts, and how they go: with the patch `oci_manifests`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.contract.portus import seen
from tests.contract.portus.seen import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Portus, ShownTag, event
from tests.contract.standin_harness import lab, wait_until
from tests.portus_image import release

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

HAS_SIZES = release() >= (2, 5)
"""Tags have a size from 2.5 on (db/migrate/…_add_size_to_tags.rb)."""
SHOWN_SECONDS = 60


@pytest.fixture(scope="module")
def portus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portus]:
    with lab(tmp_path_factory.mktemp("oci")) as started:
        started.start_registry("portus-stack.lab/registry:3.1", 2)
        yield Portus.start(started, ("oci_manifests", "background_survival"))


def shown(portus: Portus, repository: str, tag: str) -> ShownTag:
    """The tag, once it is shown."""
    wait_until(lambda: tag in portus.tags(repository), f"{repository}:{tag} is shown", portus.evidence, SHOWN_SECONDS)
    return portus.tags(repository)[tag]


def gone(portus: Portus, repository: str, tag: str) -> None:
    """Wait until the tag is not shown any more."""
    wait_until(lambda: tag not in portus.tags(repository), f"{repository}:{tag} goes", portus.evidence, SHOWN_SECONDS)


def push_image(portus: Portus, repository: str, reference: str) -> bytes:
    """Push a small OCI image; its manifest."""
    manifest, config, layer = seen.image(f"{repository}:{reference}")
    reference = reference if reference != "by digest" else seen.digest_of(manifest)
    portus.put(repository, reference, OCI_MANIFEST, manifest, config, layer)
    return manifest


def push_index(portus: Portus, repository: str, tag: str, media_type: str, *, attested: bool = False) -> bytes:
    """Push two manifests by digest, then an index of them by tag; its content."""
    children = []
    for platform in ("amd64", "arm64"):
        manifest, config, layer = seen.image(f"{repository} {tag} {platform}")
        kind = OCI_MANIFEST
        if media_type == DOCKER_LIST:
            manifest = manifest.replace(OCI_MANIFEST.encode(), DOCKER_MANIFEST.encode())
            kind = DOCKER_MANIFEST
        portus.put(repository, seen.digest_of(manifest), kind, manifest, config, layer)
        unknown = attested and platform == "arm64"
        where = {"os": "unknown", "architecture": "unknown"} if unknown else {"os": "linux", "architecture": platform}
        children.append(seen.descriptor(kind, manifest, platform=where))
    index = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": children}).encode()
    portus.put(repository, tag, media_type, index)
    return index


def test_an_image_is_shown_with_author_digest_and_image_id(portus: Portus) -> None:
    manifest = push_image(portus, "admin/image", "v1")
    tag = shown(portus, "admin/image", "v1")
    assert (tag.author, tag.digest) == ("admin", seen.digest_of(manifest))
    content = json.loads(manifest)
    assert f"sha256:{tag.image_id}" == content["config"]["digest"]
    if HAS_SIZES:
        assert tag.size == content["config"]["size"] + sum(layer["size"] for layer in content["layers"])


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST], ids=["index", "list"])
def test_an_index_is_one_tag_and_its_parts_are_none(portus: Portus, media_type: str) -> None:
    repository = f"admin/{'index' if media_type == OCI_INDEX else 'list'}"
    index = push_index(portus, repository, "all", media_type)
    tag = shown(portus, repository, "all")
    assert (tag.digest, tag.image_id, tag.author) == (seen.digest_of(index), "multi-arch", "admin")
    push_image(portus, repository, "by digest")
    push_image(portus, repository, "after")
    shown(portus, repository, "after")
    assert set(portus.tags(repository)) == {"all", "after"}
    if HAS_SIZES:
        assert tag.size is not None
        assert tag.size > sum(child["size"] for child in json.loads(index)["manifests"]) / 10


def test_an_index_of_one_image_and_what_is_attested_of_it_has_the_id_of_the_image(portus: Portus) -> None:
    push_index(portus, "admin/attested", "v1", OCI_INDEX, attested=True)
    _, config, _ = seen.image("admin/attested v1 amd64")
    tag = shown(portus, "admin/attested", "v1")
    assert f"sha256:{tag.image_id}" == seen.digest_of(config)


@pytest.mark.parametrize(
    ("tag", "config_type", "layer_type", "name"),
    [
        ("chart", "application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "Helm chart"),  # noqa: E501
        ("sbom", "application/vnd.oci.empty.v1+json", "application/spdx+json", "SBOM"),
        ("sig", seen.IMAGE_CONFIG, "application/vnd.dev.cosign.simplesigning.v1+json", "signature"),
        ("own", "application/vnd.acme.rocket.config.v1+json", "application/octet-stream", "acme.rocket.config"),
    ],
)
def test_what_is_no_image_is_named_by_its_type(
    portus: Portus, tag: str, config_type: str, layer_type: str, name: str
) -> None:
    manifest, config, layer = seen.image(tag, config_type, layer_type)
    portus.put("admin/artifacts", tag, OCI_MANIFEST, manifest, config, layer)
    assert shown(portus, "admin/artifacts", tag).image_id == name


def test_they_are_deleted_by_portus_and_by_the_registry(portus: Portus) -> None:
    index = push_index(portus, "admin/going", "index", OCI_INDEX)
    manifest = push_image(portus, "admin/going", "image")
    push_image(portus, "admin/going", "name")
    push_image(portus, "admin/going", "stays")
    tags = {name: shown(portus, "admin/going", name) for name in ("index", "image", "name", "stays")}
    assert portus.request("DELETE", f"tags/{tags['index'].id}").status == 204
    assert portus.delete_from_registry("admin/going", seen.digest_of(index)) == 404
    assert portus.delete_from_registry("admin/going", seen.digest_of(manifest)) == 202
    assert portus.delete_from_registry("admin/going", "name") == 202
    for name in ("index", "image", "name"):
        gone(portus, "admin/going", name)
    assert set(portus.tags("admin/going")) == {"stays"}


def test_events_on_which_portus_breaks_keep_no_other_from_it(portus: Portus) -> None:
    """registry_notification.rb:63 (no media type), schema.rb (data: 65,535 bytes of three-byte characters)."""
    manifest = push_image(portus, "admin/batch", "first")
    digest = seen.digest_of(manifest)
    untyped = event("admin/batch", "untyped", digest, mediaType=None)
    blob = event("admin/batch", None, digest, mediaType=None)
    odd = event("admin/batch", "odd", digest)
    odd["request"] = {**odd["request"], "useragent": "\N{GRINNING FACE} client"}  # type: ignore[dict-item]
    large = event("admin/batch", "large", digest, references=[{"digest": digest, "size": 1}] * 1000)
    answer = portus.notify(untyped, blob, "no event", odd, large)  # type: ignore[arg-type]
    assert answer.status == 202, answer.text
    for tag in ("untyped", "odd", "large"):
        shown(portus, "admin/batch", tag)
