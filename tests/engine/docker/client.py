"""What stands outside: the docker client, and plain HTTPS to the edge by its public names."""

import io
import json
import os
import socket
import ssl
import subprocess
import tarfile
import uuid
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import docker
import docker.errors

from operations import hosts_file
from operations.trust import HOSTS
from tests.engine.docker.deployment import Deployment, wait_for


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Edge:
    """The edge of a deployment as outsiders reach it: names resolve to 127.0.0.1, the CA is the stack's."""

    deployment: Deployment
    ca_pem: str
    portus_host: str
    registry_host: str
    port: int
    username: str
    password: str
    address: str = "127.0.0.1"

    @classmethod
    def of(cls, deployment: Deployment) -> "Edge":
        """The edge, from the stack's outputs."""
        outputs = deployment.outputs()
        portus, _, port = outputs["portus_url"].removeprefix("https://").partition(":")
        registry = outputs["registry_url"].partition(":")[0]
        return cls(
            deployment,
            outputs["ca_certificate_pem"],
            portus,
            registry,
            int(port or 443),
            outputs["administrator_username"],
            outputs["administrator_password"],
        )

    @property
    def registry(self) -> str:
        """``host:port`` for the docker client."""
        return f"{self.registry_host}:{self.port}"

    def context(self) -> ssl.SSLContext:
        """Verifies with the stack's CA and nothing else."""
        return ssl.create_default_context(cadata=self.ca_pem)

    def request(
        self,
        method: str,
        host: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> Answer:
        """One HTTPS request with the host's own name and a verified certificate."""
        connection = HTTPSConnection(host, self.port, context=self.context(), timeout=30)
        plain = socket.create_connection((self.address, self.port), timeout=30)
        connection.sock = self.context().wrap_socket(plain, server_hostname=host)
        try:
            connection.request(method, path, body=body, headers={"Host": f"{host}:{self.port}", **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def plain(self, port: int, host: str, path: str) -> Answer:
        """One plain HTTP request."""
        connection = HTTPConnection(self.address, port, timeout=30)
        try:
            connection.request("GET", path, headers={"Host": f"{host}:{port}"})
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def token(self, scope: str, username: str = "", password: str = "") -> Answer:
        """A bearer token, as a docker client asks for it."""
        service = f"{self.deployment.name}-registry%3A5000"
        headers = {"Authorization": basic(username, password)} if username else {}
        return self.request("GET", self.portus_host, f"/v2/token?service={service}&scope={scope}", headers)


def basic(username: str, password: str) -> str:
    """The value of an Authorization header."""
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


_DAEMON_READS_HOSTS_SECONDS = 30
"""Go's resolver keeps its copy of /etc/hosts for 5 s (Go ``net/hosts.go``, cacheMaxAge)."""


def _daemon_finds(registry: str) -> bool:
    """Whether this machine's docker daemon knows the registry's host name; what it is refused there is no matter."""
    with closing(docker.from_env()) as daemon:
        try:
            daemon.images.get_registry_data(f"{registry}/nobody/nothing")
        except docker.errors.APIError as error:
            return "no such host" not in str(error)
    return True


def _without(text: str, mark: str) -> str:
    return "".join(line for line in text.splitlines(True) if not line.rstrip().endswith(mark))


@contextmanager
def trusted(edge: Edge) -> Iterator[None]:
    """This machine's docker daemon trusts the CA and finds the names, as `make trust` arranges it, and forgets both."""
    folders = [Path("/etc/docker/certs.d") / f"{host}:{edge.port}" for host in {edge.portus_host, edge.registry_host}]
    mark = f"# portus-stack test {edge.deployment.name}"
    line = f"{edge.address} {edge.portus_host} {edge.registry_host} {mark}\n"
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.crt").write_text(edge.ca_pem)
    # Lines of a run that was killed would lead to its cluster.
    hosts_file.change(HOSTS, lambda text: _without(text, mark) + line)
    try:
        wait_for(lambda: _daemon_finds(edge.registry), _DAEMON_READS_HOSTS_SECONDS, lambda: f"no {edge.registry}")
        yield
    finally:
        hosts_file.change(HOSTS, lambda text: _without(text, mark))
        for folder in folders:
            (folder / "ca.crt").unlink()
            folder.rmdir()


class DockerClient:
    """The docker command line with a configuration folder of its own."""

    def __init__(self, edge: Edge, folder: Path) -> None:
        self.edge, self._folder = edge, folder

    def run(self, *arguments: str, stdin: str = "") -> tuple[int, str]:
        """Run docker; returns its exit code and what it printed."""
        done = subprocess.run(
            ["docker", "--config", str(self._folder), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def must(self, *arguments: str, stdin: str = "") -> str:
        """Run docker and fail the test when it fails."""
        code, output = self.run(*arguments, stdin=stdin)
        assert code == 0, f"docker {' '.join(arguments)}: {output}"
        return output

    def login(self, username: str, password: str) -> tuple[int, str]:
        """docker login, the password on standard input."""
        return self.run("login", "--username", username, "--password-stdin", self.edge.registry, stdin=password)

    def push_new_image(self, repository: str, tag: str = "1", megabytes: int = 1) -> str:
        """Build an image that nobody has, push it, and return its id."""
        reference = f"{self.edge.registry}/{repository}:{tag}"
        self.must("tag", new_image(self.edge.deployment.name, megabytes), reference)
        image_id = self.must("image", "inspect", "--format", "{{.Id}}", reference).strip()
        self.must("push", reference)
        return image_id

    def pull_afresh(self, repository: str, tag: str = "1") -> str:
        """Forget the local copy, pull, and return the id of what came."""
        reference = f"{self.edge.registry}/{repository}:{tag}"
        self.run("image", "rm", reference)
        self.must("pull", reference)
        return self.must("image", "inspect", "--format", "{{.Id}}", reference).strip()


def new_image(owner: str, megabytes: int) -> str:
    """A one-layer image with random content; its id."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        data = os.urandom(megabytes * 1024 * 1024)
        entry = tarfile.TarInfo(uuid.uuid4().hex)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    client = docker.from_env()
    try:
        reference = f"portus-stack.test/{owner}:{uuid.uuid4().hex[:12]}"
        repository, _, tag = reference.rpartition(":")
        client.api.import_image_from_data(archive.getvalue(), repository=repository, tag=tag)
        return reference
    finally:
        client.close()
