"""Both registries with their layers on an S3 server of one's own, over TLS with a private CA."""

from __future__ import annotations

import hashlib
import http.client
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from components.portus.roles import registry_collector
from components.portus.roles.registry import configuration
from tests.contract.bare_registry import BareRegistry
from tests.contract.standin_harness import Lab, docker, lab, logs, wait_until
from tests.contract.standin_settings import PROVIDER_NAME
from tests.unit.portus import samples, topologies

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
IMAGE = "portus-stack.lab/s3:1.8"
PORT = 7070
BUCKET = "layers"
KEYS = {"access": "access-1", "secret": "secret-key-1"}
LAYER = b"a layer of some bytes" * 1000
DIGEST = f"sha256:{hashlib.sha256(LAYER).hexdigest()}"


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("bucket")) as started:
        variables = {"ROOT_ACCESS_KEY_ID": KEYS["access"], "ROOT_SECRET_ACCESS_KEY": KEYS["secret"]}
        server = started.start(
            "s3",
            IMAGE,
            *(f"--env={name}={value}" for name, value in variables.items()),
            *(f"--volume={started.folder}:/trust:ro", "--user=0", "--entrypoint=/bin/sh"),
            alias=(PROVIDER_NAME,),
            # To this server a bucket is a folder.
            command=(
                "-c",
                f"mkdir -p /var/lib/s3/{BUCKET}; exec /bin/versitygw --port :{PORT} --cert /trust/tls.crt "
                "--key /trust/tls.key posix /var/lib/s3",
            ),
        )
        wait_until(lambda: connects(started.address(server), PORT), "the S3 server", lambda: logs(server))
        yield started


def connects(address: str, port: int) -> bool:
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.connect()
    except OSError:
        return False
    connection.close()
    return True


def start(laboratory: Lab, image: str, trusted: bool, redirect: bool, name: str = "") -> str:
    """The registry as PortusStack configures it, without TLS and tokens, which are not what is asked here."""
    server = {"region_endpoint": f"https://{PROVIDER_NAME}:{PORT}", "region": "us-east-1", "bucket": BUCKET}
    s3 = {**server, "redirect": redirect, "ca_certificate_pem": samples.CERTIFICATE, **keys()}
    more: dict[str, Any] = {"registry": {"image": image, "storage": {"s3": s3}}}
    document = yaml.safe_load(configuration(samples.settings(more)))
    for part in ("auth", "notifications"):
        del document[part]
    del document["http"]["tls"]
    (laboratory.folder / "config.yml").write_text(yaml.safe_dump(document))
    (laboratory.folder / "collect.sh").write_text(registry_collector.script("/config.yml", "", ""))
    process = topologies.topology(more).process("registry")
    (place,) = {str(Path(file.path).parent) for file in process.files if file.path.endswith("/s3.crt")}
    trust = [f"--volume={laboratory.folder / 'ca'}:{place}:ro"] if trusted else []
    return laboratory.start(
        f"registry-{image[-3:]}-{trusted}-{redirect}{name}".lower(),
        image,
        f"--volume={laboratory.folder / 'collect.sh'}:/etc/portus-stack/collect.sh:ro",
        *(f"--volume={laboratory.folder / 'config.yml'}:/config.yml:ro", *trust),
        *(f"--env={name}={value}" for name, value in process.environment.items()),
        f"--env=REGISTRY_STORAGE_S3_ACCESSKEY={KEYS['access']}",
        f"--env=REGISTRY_STORAGE_S3_SECRETKEY={KEYS['secret']}",
        "--env=REGISTRY_HTTP_SECRET=same",
        command=("registry", "serve", "/config.yml"),
    )


def keys() -> dict[str, str]:
    return {"access_key": KEYS["access"], "secret_key": KEYS["secret"]}


def push(address: str) -> int:
    """A layer in one request; the status of the answer."""
    connection = http.client.HTTPConnection(address, 5000, timeout=60)
    connection.request("POST", "/v2/team/app/blobs/uploads/")
    begun = connection.getresponse()
    begun.read()
    if begun.status != 202:
        return begun.status
    place = urlsplit(begun.getheader("Location") or "")
    connection.request("PUT", f"{place.path}?{place.query}&digest={DIGEST}", LAYER)
    return connection.getresponse().status


def pull(address: str) -> tuple[int, str, bytes]:
    """Status, Location and body for the layer."""
    connection = http.client.HTTPConnection(address, 5000, timeout=60)
    connection.request("GET", f"/v2/team/app/blobs/{DIGEST}")
    answer = connection.getresponse()
    return answer.status, answer.getheader("Location") or "", answer.read()


@pytest.mark.parametrize("image", ["portus-stack.lab/registry:2.8", "portus-stack.lab/registry:3.1"])
def test_layers_go_to_a_bucket_behind_a_private_ca_and_come_from_it(laboratory: Lab, image: str) -> None:
    registry = start(laboratory, image, trusted=True, redirect=False)
    address = laboratory.address(registry)
    wait_until(lambda: connects(address, 5000), "the registry", lambda: logs(registry))
    assert push(address) == 201, logs(registry)
    assert pull(address) == (200, "", LAYER)

    redirecting = start(laboratory, image, trusted=True, redirect=True)
    address = laboratory.address(redirecting)
    wait_until(lambda: connects(address, 5000), "the registry", lambda: logs(redirecting))
    status, location, _ = pull(address)
    assert (status, urlsplit(location).netloc) == (307, f"{PROVIDER_NAME}:{PORT}"), logs(redirecting)
    assert KEYS["secret"] not in location
    assert from_bucket(laboratory, location) == (200, LAYER)
    assert from_bucket(laboratory, location.partition("?")[0])[0] == 403, "only a signed address is served"


def from_bucket(laboratory: Lab, location: str) -> tuple[int, bytes]:
    """What a client gets that follows the redirection."""
    context = ssl.create_default_context(cafile=str(next((laboratory.folder / "ca").iterdir())))
    context.check_hostname = False  # the server has the name on the lab's network only
    address = laboratory.address(f"lab-{laboratory.identity}-s3")
    place = urlsplit(location)
    connection = http.client.HTTPSConnection(address, PORT, context=context, timeout=30)
    connection.request("GET", f"{place.path}?{place.query}", headers={"Host": place.netloc})
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("image", ["portus-stack.lab/registry:2.8", "portus-stack.lab/registry:3.1"])
def test_a_bucket_whose_ca_is_not_trusted_gets_nothing(laboratory: Lab, image: str) -> None:
    registry = start(laboratory, image, trusted=False, redirect=False)
    address = laboratory.address(registry)

    def refused() -> bool:
        running = docker("inspect", "--format", "{{.State.Running}}", registry) == "true"
        return not running or (connects(address, 5000) and push(address) >= 500)

    wait_until(refused, "an unknown CA", lambda: logs(registry))
    assert "certificate signed by unknown authority" in logs(registry)


@pytest.mark.parametrize("image", ["portus-stack.lab/registry:2.8", "portus-stack.lab/registry:3.1"])
def test_space_of_a_bucket_is_given_back_for_all_who_share_it(laboratory: Lab, image: str) -> None:
    containers = [start(laboratory, image, trusted=True, redirect=False, name=f"-{each}") for each in ("one", "other")]
    one, other = (BareRegistry(each, laboratory.address(each)) for each in containers)
    for each in (one, other):
        wait_until(lambda each=each: connects(each.address, 5000), "the registry", lambda each=each: logs(each.name))  # type: ignore[misc]
    layer = f"a layer for {image}".encode() * 1000
    pushed = other.push("team/swept", "1", [layer])
    assert one.has("team/swept", layer) and other.has("team/swept", layer)
    assert other.ask("DELETE", f"/v2/team/swept/manifests/{pushed['digest']}").status == 202
    assert one.collector.size() is None, "a bucket is not measured"
    assert one.collector.run().blobs >= 3
    assert not other.has("team/swept", layer)
    assert other.push("team/swept", "1", [layer]) == pushed
    assert one.has("team/swept", layer) and one.has_manifest("team/swept", "1")
