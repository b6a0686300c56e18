"""A registry as docker's client meets it (Distribution's HTTP API v2), and the small image that is pushed to it."""

import hashlib
import io
import json
import struct
import tarfile
import zlib
from dataclasses import dataclass
from urllib.request import parse_http_list, parse_keqv_list

from http_client import REDIRECTS, HttpClient, Response, origin
from portus_client import expect
from task import Failure

# Portus lists Docker's media types only [lib/portus/registry_notification.rb]; OCI manifests would stay invisible.
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"
LOOK_AT_REGISTRY = "Look at the log of the registry"


def digest_of(content: bytes) -> str:
    """The content's name in a registry."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Image:
    """A manifest (image manifest version 2, schema 2) and the two blobs that it names."""

    manifest: bytes
    config: bytes
    layer: bytes

    @property
    def digest(self) -> str:
        """The image's digest: its manifest's."""
        return digest_of(self.manifest)


def smoke_check_image() -> Image:
    """An image of one text file. Nothing in it depends on time, machine or zlib, so that its digest never changes."""
    content = b"Pushed by the smoke check of PortusStack.\n"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo("smoke-check.txt")
        entry.size, entry.mode, entry.mtime = len(content), 0o444, 0
        archive.addfile(entry, io.BytesIO(content))
    tar = buffer.getvalue()
    layer = _stored_gzip(tar)
    config = _json(
        {
            "architecture": "amd64",
            "config": {},
            "created": "1970-01-01T00:00:00Z",
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "portus-stack smoke check"}],
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar)]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": CONFIG_TYPE, "size": len(config), "digest": digest_of(config)},
            "layers": [{"mediaType": LAYER_TYPE, "size": len(layer), "digest": digest_of(layer)}],
        }
    )
    return Image(manifest, config, layer)


def _stored_gzip(content: bytes) -> bytes:
    """A gzip file with one stored block (RFC 1951, 1952), at most 65535 bytes.

    Written out here because what the gzip module gives depends on the zlib at hand, also at level 0.
    """
    header = struct.pack("<4sIBB", b"\x1f\x8b\x08\x00", 0, 0, 255)
    block = struct.pack("<BHH", 1, len(content), len(content) ^ 0xFFFF)
    return header + block + content + struct.pack("<II", zlib.crc32(content), len(content))


def _json(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":"), sort_keys=True).encode()


class Registry:
    """One repository of a registry; `token` is sent with each request that does not say otherwise."""

    def __init__(self, http: HttpClient, url: str, repository: str) -> None:
        self._http, self._url, self._repository = http, url, repository
        self.token = ""

    def _request(
        self, step: str, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Response:
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self._http.request(step, method, url, body, {**authorization, **(headers or {})})

    def _address(self, path: str) -> str:
        return f"{self._url}/v2/{self._repository}/{path}"

    def challenge(self, step: str) -> dict[str, str]:
        """The registry's demand for a token: the parameters of `WWW-Authenticate: Bearer`."""
        response = expect(step, self._http.get(step, f"{self._url}/v2/"), 401, remedy=LOOK_AT_REGISTRY)
        scheme, _, parameters = response.headers.get("WWW-Authenticate", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Failure(step, f"{response.url} asks for {scheme or 'no'} authentication", LOOK_AT_REGISTRY)
        return dict(parse_keqv_list(parse_http_list(parameters)))

    def manifest(self, step: str, reference: str) -> Response:
        """GET a manifest; whatever the answer."""
        return self._request(step, "GET", self._address(f"manifests/{reference}"), headers={"Accept": MANIFEST_TYPE})

    def push_blob(self, step: str, content: bytes) -> None:
        """Upload a blob in one piece, also when the registry has it: that shows that it can write."""
        started = self._request(step, "POST", self._address("blobs/uploads/"), b"")
        expect(step, started, 202, remedy=LOOK_AT_REGISTRY)
        if origin(started.location) != origin(self._url):
            raise Failure(
                step,
                f"the registry sends uploads to {origin(started.location)}, which is not {self._url}",
                "Set the registry's http.host to its public address, or http.relativeurls",
            )
        separator = "&" if "?" in started.location else "?"
        location = f"{started.location}{separator}digest={digest_of(content)}"
        headers = {"Content-Type": "application/octet-stream"}
        expect(step, self._request(step, "PUT", location, content, headers), 201, remedy=LOOK_AT_REGISTRY)

    def push_manifest(self, step: str, tag: str, manifest: bytes) -> None:
        """Give `tag` this manifest."""
        url, headers = self._address(f"manifests/{tag}"), {"Content-Type": MANIFEST_TYPE}
        response = expect(step, self._request(step, "PUT", url, manifest, headers), 201, remedy=LOOK_AT_REGISTRY)
        named = response.headers.get("Docker-Content-Digest")
        if named != digest_of(manifest):
            raise Failure(step, f"the registry names the image {named}, not {digest_of(manifest)}", LOOK_AT_REGISTRY)

    def blob(self, step: str, digest: str) -> bytes:
        """Download a blob; object storage answers with a redirect, which must not see the token."""
        response = self._request(step, "GET", self._address(f"blobs/{digest}"))
        if response.status in REDIRECTS:
            response = self._http.get(step, response.location)
        return expect(step, response, 200, remedy=LOOK_AT_REGISTRY).body
