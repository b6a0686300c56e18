"""Portus with an OpenID provider beside it, and browsers that sign in there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from tests.contract.portus.provider import Provider, environment
from tests.contract.standin_bootstrap import wait_ready
from tests.contract.standin_client import Answer, Client
from tests.contract.standin_harness import Lab, docker, logs
from tests.contract.standin_settings import FQDN
from tests.portus_image import release_of

URL = f"https://{FQDN}:3000"
API = f"{URL}/api/v1"
SIGN_IN, REGISTRATION, HOME = "/users/sign_in", "/users/oauth", "/"


@dataclass
class Stage:
    """Portus with a provider beside it; ``start`` puts it on another footing with the same database."""

    lab: Lab
    provider: Provider
    image: str
    admin_token: str = ""
    portus: str = ""
    browsers: list[Client] = field(default_factory=list)

    @property
    def has_openid(self) -> bool:
        """Whether this Portus knows OpenID Connect; GitLab's server is the address of its API then."""
        return release_of(self.image) >= (2, 5)

    def start(self, *patches: str, **changes: str) -> None:
        """Replace Portus; ``changes`` are options below ``oauth``."""
        if self.portus:
            docker("rm", "--force", "--volumes", self.portus)
        options = environment(self.has_openid, **changes)
        self.portus = self.lab.start_portus(2, changes=options, patches=patches, image=self.image)
        wait_ready(self.lab, self.portus, f"{API}/_ping")

    def browser(self) -> Client:
        """Somebody new."""
        self.browsers.append(self.provider.browser(f"browser-{len(self.browsers)}"))
        return self.browsers[-1]

    def sign_in(self, client: Client, who: dict[str, object], provider: str = "gitlab") -> Answer:
        """Go to the provider and back; Portus' answer then."""
        self.provider.next(client, who)
        sent = client.get(f"{URL}/users/auth/{provider}")
        assert sent.status == 302, f"{sent.status} {logs(self.portus)[-3000:]}"
        back = client.get(sent.headers["location"])
        assert back.status == 302, f"{back.text}\n{sent.headers}"
        return client.get(back.headers["location"])

    def register(self, client: Client, username: str, display_name: str = "") -> Answer:
        """Choose a user name."""
        fields = {"user[username]": username, "user[display_name]": display_name}
        return client.submit(f"{URL}{REGISTRATION}", f"{URL}{REGISTRATION}", fields)

    def user(self, username: str) -> dict[str, object] | None:
        """A user as the API shows her."""
        answer = self.browser().get(f"{API}/users?all=true", "--header", f"Portus-Auth: admin:{self.admin_token}")
        assert answer.status == 200, answer.text
        found = [one for one in cast("list[dict[str, object]]", answer.json()) if one["username"] == username]
        return found[0] if found else None


def place(answer: Answer) -> str:
    """Where a redirection leads to in Portus."""
    assert answer.status == 302, f"{answer.status} {answer.text[:500]}"
    return urlsplit(answer.headers["location"]).path


def said(client: Client, page: str = SIGN_IN) -> str:
    """What a page shows, with its message."""
    return client.get(f"{URL}{page}").text.replace("&#39;", "'").replace("&quot;", '"').replace("&#34;", '"')


def email_of(client: Client) -> str | None:
    """As whom a browser is signed in."""
    page = client.get(f"{URL}/users/edit")
    found = re.search(r"[\w.é-]+@[\w.-]+", re.sub(r"(?s)<head>.*?</head>", "", page.text))
    return found[0] if page.status == 200 and found else None


def is_admin(client: Client) -> bool:
    """Whether a browser is an administrator's."""
    return client.get(f"{API}/users").status == 200
