"""An OAuth provider that somebody else runs: a fresh stack lets its people in, who then push under their own name."""

import ipaddress
import json
import secrets
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import docker
import pytest

from tests.contract.portus.provider import CLIENT_ID, CLIENT_SECRET, IMAGE, identity
from tests.engine.docker.client import Answer, DockerClient, Edge, trusted
from tests.engine.docker.daemon_tls import DaemonTls
from tests.engine.docker.deployment import Config, local_config, prepared, wait_for
from tests.engine.docker.portus import PortusApi
from tests.portus_image import patience, portus_image, release

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

NAME, PORT, PROVIDER_PORT = "federated", 9391, 9396
CONTAINER = "portus-stack-test-oauth"
CALLBACK = f"https://{NAME}.test:{PORT}/users/auth/gitlab/callback"
REGISTRATION = "/users/oauth"
HIDDEN_EMAIL = "portus@portus.com"
"""Of Portus' hidden administrator: SUSE/Portus app/models/user.rb:93."""


@dataclass(frozen=True)
class GitLab:
    """The provider, by the address of the bridge."""

    address: str
    ca_pem: str

    @property
    def server(self) -> str:
        """As Portus wants it: from 2.5 on the address of the API (omniauth-gitlab 2.0.0)."""
        return f"https://{self.address}:{PROVIDER_PORT}{'/api/v4' if release() >= (2, 5) else ''}"

    def ask(self, method: str, target: str, body: str | None = None) -> Answer:
        """One request; no redirection is followed."""
        context = ssl.create_default_context(cadata=self.ca_pem)
        with closing(HTTPSConnection(self.address, PROVIDER_PORT, context=context, timeout=30)) as connection:
            connection.request(method, target, body)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())


@contextmanager
def served(folder: Path) -> Iterator[GitLab]:
    """A provider with a CA of its own, on a port of the bridge's address."""
    client = docker.from_env()
    address = str(ipaddress.ip_network(client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Subnet"])[1])
    tls = DaemonTls(address)
    folder.mkdir()
    (folder / "tls.crt").write_text(tls.server.certificate_pem)
    (folder / "tls.key").write_text(tls.server.key_pem)
    for old in client.containers.list(all=True, ignore_removed=True, filters={"name": f"^{CONTAINER}$"}):
        old.remove(force=True, v=True)
    known = {"CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "CALLBACKS": CALLBACK}
    container = client.containers.run(
        IMAGE,
        detach=True,
        name=CONTAINER,
        labels={"portus-stack.test": NAME},
        environment={**known, "TOKEN_LETTERS": "64"},
        volumes={str(folder): {"bind": "/tls", "mode": "ro"}},
        ports={"443/tcp": (address, PROVIDER_PORT)},
    )
    try:
        wait_for(lambda: b"serving" in container.logs(), 60, lambda: container.logs(tail=20).decode())
        yield GitLab(address, tls.ca.certificate_pem)
    finally:
        container.remove(force=True, v=True)
        client.close()


def config(provider: GitLab) -> Config:
    """The local stack that lets people of the provider in."""
    gitlab = {"enabled": True, "application_id": CLIENT_ID, "secret": CLIENT_SECRET, "server": provider.server}
    settings = {"oauth": {"gitlab": gitlab}}
    portus = {"image": portus_image(2), "settings": settings, "trusted_ca_pem": provider.ca_pem}
    return local_config(NAME, PORT, portus=portus)


def test_people_of_a_provider_push_and_nobody_becomes_somebody_else(tmp_path: Path) -> None:
    with (
        served(tmp_path / "provider") as provider,
        prepared(NAME, tmp_path / "stack", config(provider)) as deployment,
    ):
        deployment.up()
        edge = Edge.of(deployment)
        with trusted(edge):
            newcomer_pushes_and_is_seen(edge, provider, tmp_path / "client")
        hidden = PortusApi(edge)
        assert through(hidden, provider, identity(HIDDEN_EMAIL, "mallory")) == "/users/sign_in"
        assert hidden.page("/users/edit").status != 200, "she is signed in"
        deployment.up("--expect-no-changes")
        deployment.destroy()
        assert deployment.leftovers() == []


def through(browser: PortusApi, provider: GitLab, who: dict[str, object]) -> str:
    """To the provider and back; where Portus leads then."""
    assert provider.ask("POST", "/next", json.dumps(who)).status == 200
    sent = browser.page("/users/auth/gitlab")
    assert sent.status == 302, sent.body
    back = provider.ask("GET", _target(sent))
    assert back.status == 302 and back.headers["Location"].startswith(CALLBACK), back.body
    arrived = browser.page(_target(back))
    assert arrived.status == 302, arrived.body
    return _target(arrived)


def _target(answer: Answer) -> str:
    """Path and query of a redirection."""
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def newcomer_pushes_and_is_seen(edge: Edge, provider: GitLab, folder: Path) -> None:
    """Somebody new chooses a name, makes a token for docker, pushes, and comes back as the same one."""
    who, browser = identity(f"{secrets.token_hex(4)}@people.test", "dora"), PortusApi(edge)
    assert through(browser, provider, who) == REGISTRATION
    made = browser.submit(REGISTRATION, {"user[username]": "dora", "user[display_name]": ""})
    assert made.status == 302, made.body
    administrator, client = PortusApi.as_administrator(edge), DockerClient(edge, folder)
    (number,) = [one["id"] for one in administrator.get("/api/v1/users?all=true") if one["username"] == "dora"]
    token = browser.post(f"/api/v1/users/{number}/application_tokens", {"application": "docker"})["plain_token"]
    code, output = client.login("dora", token)
    assert code == 0, f"{output}\n{edge.deployment.logs()}"
    client.push_new_image("dora/app")
    wait_for(lambda: administrator.tags("app") == {"1": "dora"}, 60 * patience(), edge.deployment.logs)
    again = PortusApi(edge)
    assert through(again, provider, who) == "/"
    assert again.page("/users/edit").status == 200
