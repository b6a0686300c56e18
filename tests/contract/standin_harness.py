"""Containers for the contract tests of the stand-in: MariaDB, a registry and the stand-in, on a network of their own.

Everything carries one label and goes away by it. HTTP goes through curl, which can be told where a name is.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.contract.standin_certificates import write_certificates

TEST_LABEL = "org.portus-stack.lab.test"
FQDN = "portus.test"
REGISTRY_NAME = "registry:5000"
PUBLIC_REGISTRY_NAME = "registry.portus.test"
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
HIDDEN_PASSWORD = "hidden-pass-1"
DATABASE_PASSWORD = "database-pass-1"
ROOT_PASSWORD = "root-pass-1"
_TIMEOUT_SECONDS = 120


def docker(*arguments: str, check: bool = True) -> str:
    """Run the docker command; a failure shows its output."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS)
    if check and done.returncode != 0:
        raise AssertionError(f"docker {' '.join(arguments[:3])}: {done.stderr}")
    return done.stdout.strip()


def logs(container: str) -> str:
    """What a container wrote to both outputs."""
    done = subprocess.run(
        ["docker", "logs", container], capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS
    )
    return done.stdout + done.stderr


def wait_until(condition: Callable[[], bool], what: str, evidence: Callable[[], str], seconds: float = 60) -> None:
    """Wait for a condition; the failure shows the evidence."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:.0f} s\n{evidence()}")
        time.sleep(0.25)


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


class Lab:
    """One network with what a test starts on it."""

    def __init__(self, folder: Path) -> None:
        self.identity = secrets.token_hex(4)
        self.folder = folder
        self.token_kid = write_certificates(folder, [FQDN, PUBLIC_REGISTRY_NAME, "registry", "portus", "localhost"])
        self.network = f"lab-{self.identity}"
        docker("network", "create", f"--label={TEST_LABEL}={self.identity}", self.network)

    def start(
        self, role: str, image: str, *arguments: str, command: tuple[str, ...] = (), alias: tuple[str, ...] = ()
    ) -> str:
        """Start a container under a role's name and return its name."""
        name = f"lab-{self.identity}-{role}"
        aliases = [f"--network-alias={one}" for one in (role, *alias)]
        docker(
            "run",
            "--detach",
            f"--name={name}",
            f"--label={TEST_LABEL}={self.identity}",
            f"--network={self.network}",
            *aliases,
            *arguments,
            image,
            *command,
        )
        return name

    def address(self, container: str) -> str:
        """The container's address on the network."""
        return docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)

    def remove(self) -> None:
        """Remove everything with this lab's label."""
        mark = f"--filter=label={TEST_LABEL}={self.identity}"
        if containers := docker("ps", "--all", "--quiet", mark).split():
            docker("rm", "--force", "--volumes", *containers)
        if volumes := docker("volume", "ls", "--quiet", mark).split():
            docker("volume", "rm", *volumes)
        docker("network", "rm", self.network)

    def start_database(self) -> str:
        """Start MariaDB with Portus' character set and wait for it."""
        variables = {
            "ROOT_PASSWORD": ROOT_PASSWORD,
            "DATABASE": "portus",
            "USER": "portus",
            "PASSWORD": DATABASE_PASSWORD,
        }
        environment = [f"--env=MARIADB_{name}={value}" for name, value in variables.items()]
        flags = ("--character-set-server=utf8", "--collation-server=utf8_unicode_ci")
        name = self.start("database", "portus-stack.lab/mariadb:10.11", *environment, command=flags)
        self.wait_for_database(name)
        return name

    def wait_for_database(self, name: str) -> None:
        """Wait until the health check of the image passes."""
        check = ["docker", "exec", name, "healthcheck.sh", "--connect", "--innodb_initialized"]
        wait_until(
            lambda: subprocess.run(check, capture_output=True, check=False).returncode == 0,
            "MariaDB healthy",
            lambda: logs(name),
        )

    def sql(self, statement: str) -> list[list[str]]:
        """Run SQL in Portus' database; rows of columns."""
        name = f"lab-{self.identity}-database"
        output = docker(
            "exec", f"--env=MYSQL_PWD={ROOT_PASSWORD}", name, "mariadb", "-uroot", "-N", "-B", "portus", "-e", statement
        )
        return [line.split("\t") for line in output.splitlines()]

    def start_registry(self, image: str, generation: int) -> str:
        """Start a registry over TLS that trusts Portus' tokens and sends it events."""
        realm_port = 443 if generation == 1 else 3000
        events = "http://portus:80" if generation == 1 else f"https://{FQDN}:3000"
        (self.folder / "registry.yml").write_text(
            registry_configuration(f"https://{FQDN}:{realm_port}/v2/token", f"{events}/v2/webhooks/events")
        )
        target = "/etc/distribution/config.yml" if ":3" in image else "/etc/docker/registry/config.yml"
        mounts = [f"--volume={self.folder / 'registry.yml'}:{target}:ro", f"--volume={self.folder}:/trust:ro"]
        return self.start(
            "registry", image, *mounts, "--env=SSL_CERT_DIR=/etc/ssl/certs:/trust/ca", alias=(PUBLIC_REGISTRY_NAME,)
        )

    def portus_arguments(self, generation: int, *, changes: Mapping[str, str | None] | None = None) -> list[str]:
        """Arguments of `docker run` for the stand-in, with variables changed or, with None, left out."""
        environment = generation_1_environment() if generation == 1 else generation_2_environment()
        environment.update(changes or {})
        arguments = [f"--env={name}={value}" for name, value in environment.items() if value is not None]
        mounts = ["certificates:/certificates", "secrets:/secrets"]
        return arguments + [f"--volume={self.folder}/{mount}:ro" for mount in mounts]

    def start_portus(
        self, generation: int, *arguments: str, changes: Mapping[str, str | None] | None = None, role: str = "portus"
    ) -> str:
        """Start the stand-in with production-like settings."""
        image = f"portus-stack.lab/portus-standin:{'2.2' if generation == 1 else '2.4'}"
        alias = (FQDN,) if role == "portus" else ()
        return self.start(role, image, *self.portus_arguments(generation, changes=changes), *arguments, alias=alias)

    def client(self, name: str = "client") -> Client:
        """A client with its own cookies that knows the CA and where the names are."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "ca.crt").write_bytes((self.folder / "ca/ca.crt").read_bytes())
        client = Client(folder)
        for container, names in (
            ("portus", (f"{FQDN}:443", f"{FQDN}:3000", f"{FQDN}:80")),
            ("registry", (f"{PUBLIC_REGISTRY_NAME}:5000",)),
        ):
            address = docker(
                "inspect",
                "--format",
                "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
                f"lab-{self.identity}-{container}",
                check=False,
            )
            client.places.update({one: address for one in names if address})
        return client


def generation_1_environment() -> dict[str, str | None]:
    """The announcement's variables."""
    return {
        "MARIADB_SERVICE_HOST": "database",
        "MARIADB_USER": "portus",
        "MARIADB_PASSWORD": DATABASE_PASSWORD,
        "MARIADB_DATABASE": "portus",
        "PORTUS_SECRET_KEY_BASE": "secret-key-base-1",
        "PORTUS_PORTUS_PASSWORD": HIDDEN_PASSWORD,
        "PORTUS_MACHINE_FQDN_VALUE": FQDN,
    }


def generation_2_environment() -> dict[str, str | None]:
    """Secrets from files where the image reads them, TLS by Puma's variables."""
    return {
        "PORTUS_DB_HOST": "database",
        "PORTUS_DB_USERNAME": "portus",
        "PORTUS_DB_DATABASE": "portus",
        "PORTUS_DB_PASSWORD_FILE": "/secrets/database_password",
        "PORTUS_PASSWORD_FILE": "/secrets/portus_password",
        "PORTUS_SECRET_KEY_BASE_FILE": "/secrets/secret_key_base",
        "PORTUS_KEY_PATH": "/secrets/portus.key",
        "PORTUS_MACHINE_FQDN_VALUE": FQDN,
        "PORTUS_PUMA_TLS_KEY": "/secrets/tls.key",
        "PORTUS_PUMA_TLS_CERT": "/secrets/tls.crt",
        "PORTUS_SIGNUP_ENABLED": "false",
    }


def registry_configuration(realm: str, events: str) -> str:
    """One configuration for both majors: rootcertbundle for 2, jwks for 3."""
    return f"""version: 0.1
storage: {{filesystem: {{rootdirectory: /var/lib/registry}}, delete: {{enabled: true}}}}
http: {{addr: ":5000", tls: {{certificate: /trust/tls.crt, key: /trust/tls.key}}}}
auth:
  token:
    realm: {realm}
    service: {REGISTRY_NAME}
    issuer: {FQDN}
    rootcertbundle: /trust/token.crt
    jwks: /trust/jwks.json
notifications:
  endpoints:
    - {{name: portus, url: "{events}", timeout: 5s, threshold: 5, backoff: 1s}}
"""


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


@contextmanager
def lab(folder: Path) -> Iterator[Lab]:
    """A lab that is removed at the end, whatever happens."""
    created = Lab(folder)
    try:
        yield created
    finally:
        created.remove()
