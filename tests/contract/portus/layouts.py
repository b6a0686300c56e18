"""Images as files, for clients to push: an OCI layout with one image, one with two platforms, and a chart."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

from tests.contract.portus.manifests import IMAGE_CONFIG, LAYER, OCI_INDEX, OCI_MANIFEST, descriptor

_VERSION = '{"imageLayoutVersion":"1.0.0"}'


def archive(files: dict[str, bytes]) -> bytes:
    """A tar archive that is the same each time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


class Layout:
    """An OCI image layout in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "blobs/sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text(_VERSION)

    def _add(self, media_type: str, content: bytes, **more: object) -> dict[str, object]:
        (self._folder / "blobs/sha256" / hashlib.sha256(content).hexdigest()).write_bytes(content)
        return descriptor(media_type, content, **more)

    def image(self, content: str, architecture: str) -> dict[str, object]:
        """Add an image of one file; what points to its manifest."""
        tar = archive({"file": content.encode()})
        platform = {"os": "linux", "architecture": architecture}
        rootfs = {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}"]}
        config = self._add(IMAGE_CONFIG, json.dumps({**platform, "rootfs": rootfs, "config": {}}).encode())
        layer = self._add(LAYER, gzip.compress(tar, mtime=0))
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer]}
        return self._add(OCI_MANIFEST, json.dumps(manifest).encode(), platform=platform)

    def index(self, *children: dict[str, object]) -> dict[str, object]:
        """Add an index of images; what points to it."""
        content = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}
        return self._add(OCI_INDEX, json.dumps(content).encode())

    def write(self, *entries: dict[str, object]) -> None:
        """Write what the layout holds."""
        (self._folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))


def write_layouts(folder: Path) -> None:
    """``one`` (an image), ``two`` (an index of two), ``both`` (two, whose index is the layout's), a chart, an SBOM."""
    one, two, both = (Layout(folder / name) for name in ("one", "two", "both"))
    one.write(one.image("one", "amd64"))
    two.write(two.index(two.image("first", "amd64"), two.image("second", "arm64")))
    both.write(both.image("first", "amd64"), both.image("second", "arm64"))
    chart = archive({"rocket/Chart.yaml": b"apiVersion: v2\nname: rocket\nversion: 1.0.0\ndescription: A rocket\n"})
    (folder / "rocket-1.0.0.tgz").write_bytes(gzip.compress(chart, mtime=0))
    (folder / "sbom.json").write_text('{"spdxVersion": "SPDX-2.3"}')
