"""Manifests, indexes and artifacts, and how a client pushes and deletes them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import pytest

from tests.contract.portus.world import PUBLIC_REGISTRY, World
from tests.contract.standin_harness import wait_until

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
SHOWN_SECONDS = 60
WHO = "alice"


def digest_of(content: bytes) -> str:
    """Its digest in the registry's words."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def descriptor(media_type: str, content: bytes, **more: object) -> dict[str, object]:
    """What points to some content."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content), **more}


def image(content: str, config_type: str = IMAGE_CONFIG, layer_type: str = LAYER) -> tuple[bytes, bytes, bytes]:
    """Manifest, configuration and layer of a small OCI image, or of an artifact."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "history": [{"comment": content}]}).encode()
    layer = f"layer of {content}".encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(config_type, config),
        "layers": [descriptor(layer_type, layer)],
    }
    return json.dumps(manifest).encode(), config, layer


@dataclass(frozen=True)
class Shown:
    """A tag as Portus' API shows it."""

    id: int
    author: str
    digest: str
    image_id: str
    size: int | None


def shown_tags(world: World, repository: str) -> dict[str, Shown]:
    """Tag → what is shown of it; empty for a repository that is not shown."""
    found = [one["id"] for one in world.get("/repositories?all=true") if one["full_name"] == repository]
    tags = world.get(f"/repositories/{found[0]}/tags?all=true") if found else []
    return {
        tag["name"]: Shown(tag["id"], tag["author"]["name"], tag["digest"], tag["image_id"] or "", tag.get("size"))
        for tag in tags
    }


def wait_for_tag(world: World, repository: str, tag: str) -> Shown:
    """The tag, once it is shown."""
    wait_until(lambda: tag in world.tags(repository), f"{repository}:{tag} is shown", world.evidence, SHOWN_SECONDS)
    return shown_tags(world, repository)[tag]


def put(world: World, repository: str, reference: str, media_type: str, manifest: bytes, *blobs: bytes) -> None:
    """Push blobs and a manifest by tag or by digest."""
    client = world.client("registry-client")
    token = world.token(f"repository:{repository}:pull,push", who=WHO, account=WHO)
    bearer = ("--header", f"Authorization: Bearer {token}")
    base = f"https://{PUBLIC_REGISTRY}/v2/{repository}"
    for blob in blobs:
        started = client.request("POST", f"{base}/blobs/uploads/", *bearer, data=b"")
        assert started.status == 202, started.text
        location = started.headers["location"]
        url = f"{location}{'&' if '?' in location else '?'}digest={digest_of(blob).replace(':', '%3A')}"
        content = ("--header", "Content-Type: application/octet-stream")
        assert client.request("PUT", url, *bearer, *content, data=blob).status == 201
    content = ("--header", f"Content-Type: {media_type}")
    stored = client.request("PUT", f"{base}/manifests/{reference}", *bearer, *content, data=manifest)
    assert stored.status == 201, stored.text


def push_image(world: World, repository: str, tag: str | None) -> bytes:
    """Push a small OCI image, by its digest for None; its manifest."""
    manifest, config, layer = image(f"{repository}:{tag}")
    put(world, repository, tag or digest_of(manifest), OCI_MANIFEST, manifest, config, layer)
    return manifest


def push_index(world: World, repository: str, tag: str, media_type: str, *, attested: bool = False) -> bytes:
    """Push two manifests by digest, then an index of them by tag; its content. ``attested``: the second is no image."""
    kind = DOCKER_MANIFEST if media_type == DOCKER_LIST else OCI_MANIFEST
    children = []
    for architecture in ("amd64", "arm64"):
        manifest, config, layer = image(f"{repository} {tag} {architecture}")
        manifest = manifest.replace(OCI_MANIFEST.encode(), kind.encode())
        put(world, repository, digest_of(manifest), kind, manifest, config, layer)
        unknown = attested and architecture == "arm64"
        platform = {"os": "linux", "architecture": architecture}
        platform = {"os": "unknown", "architecture": "unknown"} if unknown else platform
        children.append(descriptor(kind, manifest, platform=platform))
    index = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": children}).encode()
    put(world, repository, tag, media_type, index)
    return index


def delete_in_registry(world: World, repository: str, reference: str) -> int:
    """Delete a manifest by digest, or a tag, in the registry itself; the status."""
    token = world.token(f"repository:{repository}:delete", who="admin", account="admin")
    url = f"https://{PUBLIC_REGISTRY}/v2/{repository}/manifests/{reference}"
    return world.client("registry-client").request("DELETE", url, "--header", f"Authorization: Bearer {token}").status


def needs(world: World, patch: str) -> None:
    """Leave the case out where the patch is not in place."""
    if not world.mended(patch):
        pytest.skip(f"what Portus does without {patch} is seen in test_events.py and test_background.py")


def size_of(manifest: bytes) -> int:
    """What an image takes in the registry beside its manifest."""
    content = json.loads(manifest)
    return sum(int(part["size"]) for part in (content["config"], *content["layers"]))
