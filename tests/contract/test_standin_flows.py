"""Generation 1 with real registries of both majors: from an empty database to an image that Portus shows.

Generation 2 is in tests/contract/portus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest

from tests.contract.standin_bootstrap import (
    ADMIN_PASSWORD,
    BOT_PASSWORD,
    bootstrap_by_forms,
    create_token_by_form,
    wait_ready,
)
from tests.contract.standin_client import MANIFEST_TYPE, Answer, Client, Image, fetch_token, push
from tests.contract.standin_harness import Lab, docker, lab, logs, wait_until
from tests.contract.standin_settings import FQDN, PUBLIC_REGISTRY_NAME, REGISTRY_NAME

pytestmark = pytest.mark.engine

IMAGE = Image(
    config=b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}', layer=b"a layer"
)


@dataclass
class Stack:
    """A running stack after its bootstrap."""

    lab: Lab
    portus: str
    admin: Client
    admin_token: str
    bot_token: str

    @property
    def url(self) -> str:
        """Portus' address."""
        return f"https://{FQDN}:443"

    @property
    def realm(self) -> str:
        """The token endpoint."""
        return f"{self.url}/v2/token"

    def token(self, scope: str, credentials: str | None) -> str:
        """A token for the scope."""
        answer = fetch_token(self.lab.client("docker"), self.realm, scope, credentials)
        assert answer.status == 200, answer.text
        return str(cast("dict[str, object]", answer.json())["token"])

    def evidence(self) -> str:
        """Logs of the containers."""
        names = docker("ps", "--all", "--filter", f"network={self.lab.network}", "--format", "{{.Names}}").split()
        return "\n".join(f"--- {name}\n{logs(name)[-3000:]}" for name in names if not name.endswith("database"))


@pytest.fixture(scope="module", params=["registry:2.8", "registry:3.1"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack from an empty database to two users, once for all tests of the combination."""
    folder: Path = tmp_path_factory.mktemp("lab")
    with lab(folder) as started:
        started.start_database()
        started.start_registry(f"portus-stack.lab/{request.param}", 1)
        portus = started.start_portus(1)
        url = f"https://{FQDN}:443"
        wait_ready(started, portus, f"{url}/users/sign_in")
        registry = {
            "name": "registry",
            "hostname": REGISTRY_NAME,
            "use_ssl": "1",
            "external_hostname": f"{PUBLIC_REGISTRY_NAME}:5000",
        }
        admin = started.client("admin")
        admin_token, _ = bootstrap_by_forms(admin, url, registry)
        bot = started.client("bot")
        signed_in = bot.submit(
            f"{url}/users/sign_in",
            f"{url}/users/sign_in",
            {"user[username]": "smoke-check", "user[password]": BOT_PASSWORD},
        )
        assert urlsplit(signed_in.headers.get("location", "")).path == "/", signed_in.text
        yield Stack(started, portus, admin, admin_token, create_token_by_form(bot, url))


def shown(stack: Stack, repository: str, tag: str, author: str) -> bool:
    """Whether Portus shows the tag with its author on the repository's page."""
    namespace, name = repository.split("/")
    page = stack.admin.get(f"{stack.url}/repositories").text
    row = next((part for part in page.split("<tr>") if f">{name}</a>" in part and f">{namespace}</a>" in part), "")
    if not row:
        return False
    path = row.partition('href="')[2].partition('"')[0]
    detail = stack.admin.get(f"{stack.url}{path}").text
    return f">{tag}</div>" in detail and f"<td>{author}</td>" in detail


def test_pushed_image_is_shown_with_tag_and_author_and_comes_back_byte_for_byte(stack: Stack) -> None:
    token = stack.token("repository:smoke_check/probe:pull,push", f"smoke-check:{stack.bot_token}")
    client = stack.lab.client("docker")
    pushed = push(client, token, "smoke_check/probe", "v1", IMAGE)
    assert pushed.status == 201, f"{pushed.text}\n{stack.evidence()}"
    wait_until(
        lambda: shown(stack, "smoke_check/probe", "v1", "smoke-check"), "Portus shows the image", stack.evidence, 30
    )
    manifest = f"https://{PUBLIC_REGISTRY_NAME}:5000/v2/smoke_check/probe/manifests/v1"
    pulled = client.get(manifest, "--header", f"Authorization: Bearer {token}", "--header", f"Accept: {MANIFEST_TYPE}")
    assert pulled.body == IMAGE.manifest


def test_registry_refuses_without_token_and_without_scope(stack: Stack) -> None:
    client = stack.lab.client("docker")
    assert client.get(f"https://{PUBLIC_REGISTRY_NAME}:5000/v2/").status == 401
    for token in (
        stack.token("repository:smoke_check/probe:push", None),
        stack.token("repository:admin/x:push", f"smoke-check:{BOT_PASSWORD}"),
    ):
        assert push(client, token, "smoke_check/probe", "v2", IMAGE).status == 401


def test_wrong_password_is_unauthorized(stack: Stack) -> None:
    answer = fetch_token(stack.lab.client("docker"), stack.realm, "repository:a/b:pull", "smoke-check:wrong")
    assert answer.status == 401
    assert "www-authenticate" in answer.headers


def test_everybody_may_pull_from_the_public_global_namespace(stack: Stack) -> None:
    client = stack.lab.client("docker")
    token = stack.token("repository:shared:pull,push", f"admin:{ADMIN_PASSWORD}")
    assert push(client, token, "shared", "v1", IMAGE).status == 201
    anonymous = stack.token("repository:shared:pull,push", None)
    bearer = ("--header", f"Authorization: Bearer {anonymous}", "--header", f"Accept: {MANIFEST_TYPE}")
    assert client.get(f"https://{PUBLIC_REGISTRY_NAME}:5000/v2/shared/manifests/v1", *bearer).status == 200
    assert push(client, anonymous, "shared", "v2", IMAGE).status == 401


def send_event(stack: Stack, host: str, media_type: str, repository: str) -> Answer:
    event = {
        "id": f"forged-{host}-{media_type}",
        "action": "push",
        "target": {"mediaType": media_type, "repository": repository, "tag": "v1", "digest": "sha256:00"},
        "request": {"host": host},
        "actor": {"name": "admin"},
    }
    return stack.lab.client("forger").post_json(f"http://{FQDN}:80/v2/webhooks/events", {"events": [event]})


@pytest.mark.parametrize(
    ("host", "media_type"),
    [("elsewhere:5000", MANIFEST_TYPE), (REGISTRY_NAME, "application/vnd.oci.image.manifest.v1+json")],
    ids=["unknown-host", "oci-manifest"],
)
def test_events_that_portus_does_not_take_change_nothing(stack: Stack, host: str, media_type: str) -> None:
    assert send_event(stack, host, media_type, "admin/forged").status == 202
    assert send_event(stack, f"{PUBLIC_REGISTRY_NAME}:5000", MANIFEST_TYPE, "admin/witness").status == 202
    wait_until(
        lambda: bool(stack.lab.sql("SELECT 1 FROM repositories WHERE name = 'witness'")),
        "the later event is handled",
        stack.evidence,
    )
    assert stack.lab.sql("SELECT COUNT(*) FROM repositories WHERE name = 'forged'") == [["0"]]
    stack.lab.sql("DELETE t FROM tags t JOIN repositories r ON t.repository_id = r.id WHERE r.name = 'witness'")
    stack.lab.sql(
        "DELETE FROM repositories WHERE name = 'witness'; DELETE FROM registry_events WHERE event_id LIKE 'forged-%'"
    )


@pytest.mark.stand_in
def test_it_says_that_it_is_a_stand_in(stack: Stack) -> None:
    page = stack.lab.client("visitor").get(f"{stack.url}/users/sign_in")
    assert page.headers["x-portus-stand-in"] == "true"
    assert "stand-in for Portus" in page.text
    assert logs(stack.portus).startswith("Portus stand-in (a test double, not Portus)")


def test_no_secret_in_the_logs(stack: Stack) -> None:
    everything = stack.evidence()
    for secret in (
        ADMIN_PASSWORD,
        BOT_PASSWORD,
        stack.admin_token,
        stack.bot_token,
        "hidden-pass-1",
        "database-pass-1",
        "secret-key-base-1",
    ):
        assert secret not in everything
