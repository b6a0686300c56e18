"""What stands in the place of the image id with PortusStack's patch `oci_manifests`, in that patch's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
#: What the mended Portus accepts of the registry, and shows.
TYPES = (
    DOCKER_MANIFEST,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
_IMAGES = ("application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json")
_MOST_DEPTH = 2
_EMPTY = "application/vnd.oci.empty.v1+json"
_WORDS = {
    "helm\\.config": "Helm chart",
    "in-toto|dsse|attestation": "attestation",
    "simplesigning|signature": "signature",
    "spdx|cyclonedx|syft|sbom": "SBOM",
    "wasm": "Wasm",
}

Content = Mapping[str, object]


def _parts(content: Content, name: str) -> list[Content]:
    parts = content.get(name)
    return [cast("Content", part) for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _word(media_type: str) -> str:
    return next((word for pattern, word in _WORDS.items() if re.search(pattern, media_type)), "")


def _short(media_type: str) -> str:
    bare = re.sub(r"(\.v\d+)?(\+\w+)?$", "", media_type.removeprefix("application/").removeprefix("vnd."))
    return _word(media_type) or re.sub(r"[^\w.+/-]", "", bare)[:255]


def image_id(content: Content, child: Callable[[str], Content], depth: int = 0) -> str:
    """Image id of an image, name of anything else. ``child`` reads a manifest by its digest."""
    if isinstance(content.get("manifests"), list):
        images = [one for one in _parts(content, "manifests") if _is_image(one)]
        if len(images) == 1 and depth < _MOST_DEPTH:
            return image_id(child(str(images[0]["digest"])), child, depth + 1)
        if len(images) == 1:
            return "index"
        return "multi-arch" if images else _short(str(content.get("artifactType", ""))) or "index"
    config = cast("Content", content.get("config") or {})
    inside = next((str(layer.get("mediaType", "")) for layer in _parts(content, "layers")), "")
    kind, artifact = str(config.get("mediaType", "")), str(content.get("artifactType", ""))
    name = ""
    if kind in _IMAGES:
        name = _word(inside)
    elif kind or artifact:
        name = _short(artifact or (inside if kind == _EMPTY else kind)) or "artifact"
    return name or str(config.get("digest", "")).partition(":")[2]


def _is_image(descriptor: Content) -> bool:
    platform = descriptor.get("platform")
    return isinstance(platform, dict) and platform.get("os") not in (None, "", "unknown")
