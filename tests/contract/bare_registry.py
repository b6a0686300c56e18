"""A registry without tokens, as a docker client meets it, and its garbage collector."""

import hashlib
import http.client
import json
import subprocess
from collections.abc import Sequence
from types import TracebackType
from urllib.parse import urlsplit

from operations.collection.collector import Collector
from tests.contract.standin_harness import logs

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class BareRegistry:
    """The registry in a container; it is the `Inside` of its own collector."""

    def __init__(self, container: str, address: str) -> None:
        self.name, self.address = container, address
        self.collector = Collector(self, container)

    def __enter__(self) -> "BareRegistry":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def of(self, role: str) -> Sequence[str]:
        return [self.name]

    def run(self, name: str, command: Sequence[str]) -> tuple[int, str]:
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
