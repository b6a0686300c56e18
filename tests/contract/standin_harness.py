"""Containers for the contract tests of Portus: MariaDB, a registry and Portus, on a network of their own.

Portus is the lab's stand-in, or the image that `PORTUS` names (tests/portus_image.py).

Everything carries one label and goes away by it.
"""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.contract.project_files import ROOT
from tests.contract.standin_certificates import write_certificates
from tests.contract.standin_client import Client
from tests.contract.standin_settings import (
    DATABASE_PASSWORD,
    FQDN,
    PROVIDER_NAME,
    PUBLIC_REGISTRY_NAME,
    ROOT_PASSWORD,
    generation_1_environment,
    generation_2_environment,
    registry_configuration,
)
from tests.portus_image import patience, portus_image

TEST_LABEL = "org.portus-stack.lab.test"
PATCHES = ROOT / "components" / "portus" / "patches"
INITIALIZERS = "/srv/Portus/config/initializers"
WEBHOOK_SECRET = "/etc/portus-stack/webhook-secret"
"""Where the patch `webhook_secret` looks."""
OWN_USERS = "/etc/portus-stack/own-users"
"""Where the patch `own_users` looks."""
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


def wait_until(condition: Callable[[], bool], what: str, evidence: Callable[[], str], seconds: float = 120) -> None:
    """Wait for a condition; the failure shows the evidence. The original of Portus is given more time."""
    seconds *= patience()
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:.0f} s\n{evidence()}")
        time.sleep(0.25)


class Lab:
    """One network with what a test starts on it; ``six``: its containers have addresses of IPv6 too."""

    def __init__(self, folder: Path, six: bool = False) -> None:
        self.identity = secrets.token_hex(4)
        self.folder, self.six = folder, six
        families = ("--ipv6", f"--subnet=fd00:{self.identity[:4]}:{self.identity[4:]}::/64") if six else ()
        names = [FQDN, PUBLIC_REGISTRY_NAME, PROVIDER_NAME, "registry", "portus", "localhost"]
        self.token_kid = write_certificates(folder, names)
        self.webhook_secret = secrets.token_hex(16)
        (folder / "webhook-secret").write_text(self.webhook_secret)
        (folder / "own-users").write_text("admin\nsmoke-check\n")
        self.network = f"lab-{self.identity}"
        docker("network", "create", f"--label={TEST_LABEL}={self.identity}", *families, self.network)

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
        """The container's address on the network: that of IPv6 where it has one."""
        address = "GlobalIPv6Address" if self.six else "IPAddress"
        return docker(
            "inspect", "--format", f"{{{{range .NetworkSettings.Networks}}}}{{{{.{address}}}}}{{{{end}}}}", container
        )

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
            registry_configuration(
                f"https://{FQDN}:{realm_port}/v2/token", f"{events}/v2/webhooks/events", self.webhook_secret
            )
        )
        target = "/etc/distribution/config.yml" if ":3" in image else "/etc/docker/registry/config.yml"
        mounts = [f"--volume={self.folder / 'registry.yml'}:{target}:ro", f"--volume={self.folder}:/trust:ro"]
        return self.start(
            "registry", image, *mounts, "--env=SSL_CERT_DIR=/etc/ssl/certs:/trust/ca", alias=(PUBLIC_REGISTRY_NAME,)
        )

    def portus_arguments(self, generation: int, *, changes: Mapping[str, str | None] | None = None) -> list[str]:
        """Arguments of `docker run` for Portus, with variables changed or, with None, left out."""
        environment = generation_1_environment() if generation == 1 else generation_2_environment()
        environment.update(changes or {})
        arguments = [f"--env={name}={value}" for name, value in environment.items() if value is not None]
        mounts = ["certificates:/certificates", "secrets:/secrets"]
        return arguments + [f"--volume={self.folder}/{mount}:ro" for mount in mounts]

    def patch_arguments(self, patches: Sequence[str]) -> list[str]:
        """Arguments of `docker run` that put patches of components/portus/patches where Portus loads them."""
        mounts = [(PATCHES / f"{name}.rb", f"{INITIALIZERS}/portus_stack_{name}.rb") for name in patches]
        missing = [str(source) for source, _ in mounts if not source.is_file()]
        assert not missing, f"no such patch: {missing}"
        if "webhook_secret" in patches:
            mounts.append((self.folder / "webhook-secret", WEBHOOK_SECRET))
        if "own_users" in patches:
            mounts.append((self.folder / "own-users", OWN_USERS))
        return [f"--volume={source}:{target}:ro" for source, target in mounts]

    def start_portus(
        self,
        generation: int,
        *arguments: str,
        changes: Mapping[str, str | None] | None = None,
        role: str = "portus",
        patches: Sequence[str] = (),
        image: str | None = None,
    ) -> str:
        """Start Portus with production-like settings, mended by ``patches``.

        Args:
            arguments: more for `docker run`.
            changes: variables to set or, with None, to leave out.
            role: its name on the network; only `portus` carries the public name too.
            patches: names of files in components/portus/patches, without `.rb`.
            image: another one of that generation than the tests run with.
        """
        alias = (FQDN,) if role == "portus" else ()
        options = [*self.portus_arguments(generation, changes=changes), *self.patch_arguments(patches), *arguments]
        image = image or portus_image(generation)
        if generation == 1:
            return self.start(role, image, *options, alias=alias)
        # Of 2.5 the script is not executable; PortusStack starts it so too.
        return self.start(role, image, "--entrypoint=/bin/bash", *options, alias=alias, command=("/init",))

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


@contextmanager
def lab(folder: Path, six: bool = False) -> Iterator[Lab]:
    """A lab that is removed at the end, whatever happens; ``six`` as in `Lab`."""
    created = Lab(folder, six)
    try:
        yield created
    finally:
        created.remove()
