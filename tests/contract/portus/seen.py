"""What Portus shows, and events as a registry sends them."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from tests.contract.standin_bootstrap import bootstrap_by_api, wait_ready
from tests.contract.standin_client import Answer, fetch_token
from tests.contract.standin_harness import Lab, docker, logs
from tests.contract.standin_settings import FQDN, PUBLIC_REGISTRY_NAME, REGISTRY_NAME

URL = f"https://{FQDN}:3000"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(content: bytes) -> str:
    """Its digest in the registry's words."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def descriptor(media_type: str, content: bytes, **more: object) -> dict[str, object]:
    """What points to some content."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content), **more}


@dataclass(frozen=True)
class ShownTag:
    """A tag as Portus' API shows it."""

    id: int
    author: str
    digest: str
    image_id: str
    size: int | None


@dataclass
class Portus:
    """Portus of generation 2 with its registry and its background process, after the bootstrap."""

    lab: Lab
    admin_token: str
    background: str

    @classmethod
    def start(cls, lab: Lab, patches: tuple[str, ...]) -> Portus:
        """Everything but the registry, which is there, from an empty database on."""
        lab.start_database()
        wait_ready(lab, lab.start_portus(2, patches=patches), f"{URL}/api/v1/_ping")
        record = {
            "name": "registry",
            "hostname": REGISTRY_NAME,
            "use_ssl": "1",
            "external_hostname": f"{PUBLIC_REGISTRY_NAME}:5000",
        }
        admin_token, _ = bootstrap_by_api(lab.client("admin"), URL, record)
        background = lab.start_portus(2, "--env=PORTUS_BACKGROUND=true", role="background", patches=patches)
        return cls(lab, admin_token, background)

    def request(self, method: str, path: str) -> Answer:
        """A request to the API as the administrator."""
        return self.lab.client("admin").request(
            method, f"{URL}/api/v1/{path}", "--header", f"Portus-Auth: admin:{self.admin_token}"
        )

    def tags(self, repository: str) -> dict[str, ShownTag]:
        """Tag → what is shown of it; empty for a repository that is not shown."""
        found = cast("list[dict[str, object]]", self.request("GET", "repositories?all=true").json())
        identity = next((one["id"] for one in found if one["full_name"] == repository), None)
        if identity is None:
            return {}
        shown = cast("list[dict[str, object]]", self.request("GET", f"repositories/{identity}/tags?all=true").json())
        return {
            str(one["name"]): ShownTag(
                cast("int", one["id"]),
                str(cast("dict[str, object]", one["author"])["name"]),
                str(one["digest"]),
                str(one["image_id"] or ""),
                cast("int | None", one.get("size")),
            )
            for one in shown
        }

    def notify(self, *events: Mapping[str, object]) -> Answer:
        """Send events as the registry does."""
        secret = f"Authorization: Bearer {self.lab.webhook_secret}"
        return self.lab.client("registry").post_json(
            f"{URL}/v2/webhooks/events", {"events": list(events)}, "--header", secret
        )

    def put(self, repository: str, reference: str, media_type: str, manifest: bytes, *blobs: bytes) -> None:
        """Push blobs and a manifest by tag or by digest, as the administrator."""
        client = self.lab.client("docker")
        bearer = ("--header", f"Authorization: Bearer {self.token(repository, 'pull,push')}")
        base = f"https://{PUBLIC_REGISTRY_NAME}:5000/v2/{repository}"
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

    def delete_from_registry(self, repository: str, reference: str) -> int:
        """Delete a manifest in the registry itself; the status."""
        client = self.lab.client("docker")
        bearer = ("--header", f"Authorization: Bearer {self.token(repository, 'delete')}")
        base = f"https://{PUBLIC_REGISTRY_NAME}:5000/v2/{repository}"
        return client.request("DELETE", f"{base}/manifests/{reference}", *bearer).status

    def token(self, repository: str, actions: str) -> str:
        """A bearer token of the administrator."""
        credentials = f"admin:{self.admin_token}"
        scope = f"repository:{repository}:{actions}"
        answer = fetch_token(self.lab.client("docker"), f"{URL}/v2/token", scope, credentials)
        return str(cast("dict[str, object]", answer.json())["token"])

    def event_status(self, identity: str) -> int:
        """The status of an event: 0 done, 1 progress, 2 fresh, 3 set aside by PortusStack; -1 for none."""
        rows = self.lab.sql(f"SELECT status FROM registry_events WHERE event_id = '{identity}'")
        return int(rows[0][0]) if rows else -1

    def background_started(self) -> tuple[str, str]:
        """Whether the background process runs, and since when."""
        state = docker("inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}", self.background).split()
        return state[0], state[1]

    def evidence(self) -> str:
        """The end of what the background process and the web process wrote."""
        web = f"lab-{self.lab.identity}-portus"
        return f"--- background\n{logs(self.background)[-4000:]}\n--- portus\n{logs(web)[-2000:]}"


def event(repository: str, tag: str | None, digest: str, action: str = "push", **target: object) -> dict[str, object]:
    """A notification of the registry, with an id of its own; None leaves a field of the target out."""
    fields: dict[str, object] = {
        "mediaType": DOCKER_MANIFEST,
        "repository": repository,
        "tag": tag,
        "digest": digest,
        **target,
    }
    return {
        "id": secrets.token_hex(8),
        "timestamp": "2026-11-30T00:00:00Z",
        "action": action,
        "target": {name: value for name, value in fields.items() if value is not None},
        "request": {"id": secrets.token_hex(4), "host": REGISTRY_NAME, "method": "PUT", "useragent": "test"},
        "actor": {"name": "admin"},
        "source": {"addr": "registry:5000", "instanceID": "test"},
    }


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
