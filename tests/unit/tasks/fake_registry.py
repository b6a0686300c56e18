"""A registry and an edge, as far as the smoke check asks, for its unit tests. After Distribution's HTTP API v2."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from fake_portus import FakePortus
from https_server import Answer, Incoming, as_json

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass
class FakeRegistry:
    """Keeps what is pushed and tells Portus, unless `mute`."""

    portus: FakePortus
    realm: str = ""
    service: str = "registry:5000"
    mute: bool = False
    open_to_all: bool = False
    ignores_signature: bool = False
    corrupts: bool = False
    misnames: bool = False
    upload_origin: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    pushes: int = 0

    def answer(self, incoming: Incoming) -> Answer:
        authorization = incoming.headers.get("authorization", "")
        genuine = authorization.startswith("Bearer ") and (
            self.ignores_signature or authorization.rpartition(".")[2].startswith("c2lnbmF0dXJl")
        )
        if not genuine and not (self.open_to_all and incoming.path != "/v2/"):
            challenge = f'Bearer realm="{self.realm}",service="{self.service}"'
            answer = as_json(401, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
            answer.headers["WWW-Authenticate"] = challenge
            return answer
        match = re.fullmatch(r"/v2/(.+?)/(manifests|blobs)/(.+)", incoming.path)
        assert match, incoming.path
        repository, kind, rest = match.groups()
        return self._manifest(incoming, repository, rest) if kind == "manifests" else self._blob(incoming, rest)

    def _manifest(self, incoming: Incoming, repository: str, tag: str) -> Answer:
        if incoming.method == "GET":
            found = self.manifests.get((repository, tag))
            return Answer(200, found) if found else as_json(404, {"errors": [{"code": "MANIFEST_UNKNOWN"}]})
        self.manifests[repository, tag] = incoming.body
        digest = f"sha256:{hashlib.sha256(incoming.body).hexdigest()}"
        self.pushes += 1
        if not self.mute:
            pushed_at = (START + timedelta(seconds=self.pushes)).isoformat()
            self.portus.tags[repository, tag] = (digest, pushed_at)
        return Answer(201, b"", {"Docker-Content-Digest": "sha256:0" if self.misnames else digest})

    def _blob(self, incoming: Incoming, rest: str) -> Answer:
        if incoming.method == "POST":
            return Answer(202, b"", {"Location": f"{self.upload_origin}{incoming.path}upload-1?_state=x"})
        if incoming.method == "PUT":
            digest = incoming.query["digest"]
            if digest != f"sha256:{hashlib.sha256(incoming.body).hexdigest()}" or "_state" not in incoming.query:
                return as_json(400, {"errors": [{"code": "DIGEST_INVALID"}]})
            self.blobs[digest] = incoming.body
            return Answer(201)
        content = self.blobs.get(rest)
        if content is None:
            return as_json(404, {"errors": [{"code": "BLOB_UNKNOWN"}]})
        return Answer(200, content[::-1] if self.corrupts else content)


@dataclass
class FakeEdge:
    """Stands before Portus and refuses what must not be reached from outside, but for the paths in `leaks`."""

    portus: FakePortus
    leaks: set[str] = field(default_factory=set)

    def answer(self, incoming: Incoming) -> Answer:
        if incoming.path in self.leaks:
            return Answer(202)
        if incoming.path in ("/v2/webhooks/events", "/api/v1/users/bootstrap", "/api/v1/health", "/api/v1/_ping"):
            return Answer(403, b"<html><body>403 Forbidden</body></html>")
        return self.portus.answer(incoming)


class Redirector:
    """Plain HTTP."""

    def __init__(self, target: str) -> None:
        self.target = target

    def answer(self, incoming: Incoming) -> Answer:
        return Answer(301, b"", {"Location": f"{self.target}{incoming.path}"})
