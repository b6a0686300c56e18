"""HTTP for the contract tests of the stand-in: curl, which can be told where a name is; and pushing a small image."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.contract.standin_settings import PUBLIC_REGISTRY_NAME, REGISTRY_NAME

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> object:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Client:
    """curl with a cookie jar, a CA and the places of names."""

    folder: Path
    places: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, url: str, *arguments: str, data: bytes | None = None) -> Answer:
        """One request, no redirection followed."""
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--request",
            method,
            "--dump-header",
            str(self.folder / "headers"),
            "--max-time",
            "60",
        ]
        command += [
            "--cacert",
            str(self.folder / "ca.crt"),
            "--cookie",
            str(self.folder / "jar"),
            "--cookie-jar",
            str(self.folder / "jar"),
        ]
        for name, address in self.places.items():
            command += ["--resolve", f"{name}:{address}"]
        command += [*arguments, *(["--data-binary", "@-"] if data is not None else []), url]
        done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=_TIMEOUT_SECONDS)
        if done.returncode != 0:
            raise ConnectionError(f"{method} {url}: {done.stderr.decode()}")
        blocks = (self.folder / "headers").read_text().replace("\r", "").strip().split("\n\n")
        status, *lines = blocks[-1].splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Answer(int(status.split()[1]), headers, done.stdout)

    def get(self, url: str, *arguments: str) -> Answer:
        """GET."""
        return self.request("GET", url, *arguments)

    def post_json(self, url: str, value: object, *arguments: str) -> Answer:
        """POST a JSON document."""
        return self.request(
            "POST", url, "--header", "Content-Type: application/json", *arguments, data=json.dumps(value).encode()
        )

    def submit(self, page: str, action: str, fields: Mapping[str, str], *arguments: str) -> Answer:
        """Fetch the page of a form and send the form as a browser does, with its CSRF token."""
        shown = self.get(page)
        mark = 'name="csrf-token" content="'
        assert mark in shown.text, f"{page}: {shown.status} without a CSRF token: {shown.text[:300]}"
        token = shown.text.split(mark)[1].split('"')[0]
        pairs: list[str] = []
        for name, value in {"authenticity_token": token, **fields}.items():
            pairs += ["--data-urlencode", f"{name}={value}"]
        return self.request("POST", action, *pairs, *arguments)


@dataclass(frozen=True)
class Image:
    """A small schema-2 image."""

    config: bytes
    layer: bytes

    @property
    def manifest(self) -> bytes:
        """Its manifest."""

        def part(kind: str, content: bytes) -> dict[str, object]:
            return {"mediaType": kind, "size": len(content), "digest": f"sha256:{hashlib.sha256(content).hexdigest()}"}

        config = part("application/vnd.docker.container.image.v1+json", self.config)
        layer = part("application/vnd.docker.image.rootfs.diff.tar.gzip", self.layer)
        return json.dumps(
            {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": [layer]}
        ).encode()


def fetch_token(client: Client, realm: str, scope: str, credentials: str | None) -> Answer:
    """Ask for a token as docker does; credentials are `user:password`."""
    arguments = ["--user", credentials] if credentials else []
    account = f"&account={credentials.split(':')[0]}" if credentials else ""
    return client.get(f"{realm}?service={REGISTRY_NAME}&scope={scope}{account}", *arguments)


def push(client: Client, token: str, repository: str, tag: str, image: Image) -> Answer:
    """Push an image; the answer to its manifest, or the first refusal."""
    base, bearer = (
        f"https://{PUBLIC_REGISTRY_NAME}:5000/v2/{repository}",
        ("--header", f"Authorization: Bearer {token}"),
    )
    for content in (image.config, image.layer):
        started = client.request("POST", f"{base}/blobs/uploads/", *bearer, data=b"")
        if started.status != 202:
            return started
        location = started.headers["location"]
        digest = hashlib.sha256(content).hexdigest()
        url = f"{location}{'&' if '?' in location else '?'}digest=sha256%3A{digest}"
        stored = client.request("PUT", url, *bearer, "--header", "Content-Type: application/octet-stream", data=content)
        assert stored.status == 201, stored.text
    return client.request(
        "PUT", f"{base}/manifests/{tag}", *bearer, "--header", f"Content-Type: {MANIFEST_TYPE}", data=image.manifest
    )
