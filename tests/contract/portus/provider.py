"""A real OpenID provider for the contract tests, which is a GitLab too: who signs in there, and what Portus is told."""

from __future__ import annotations

import json
import secrets

from tests.contract.standin_client import Client
from tests.contract.standin_harness import Lab, docker, logs, wait_until
from tests.contract.standin_settings import FQDN, PROVIDER_NAME

IMAGE = "portus-stack.lab/oidc:1"
CLIENT_ID, CLIENT_SECRET = "portus", "provider-pass-1"
ADDRESS = f"https://{PROVIDER_NAME}"
ELSEWHERE = {
    "google_oauth2": ("accounts.google.com", "ID"),
    "github": ("github.com", "CLIENT_ID"),
    "bitbucket": ("bitbucket.org", "KEY"),
}
"""Providers that are only asked: their host, and Portus' option for the client's id."""
_GITLAB_TOKEN_LETTERS = 64
_LONG_TOKEN_LETTERS = 3000


def callback(provider: str) -> str:
    """Where a provider sends the browser back to."""
    return f"https://{FQDN}:3000/users/auth/{provider}/callback"


def identity(email: str | None, username: str = "", **more: object) -> dict[str, object]:
    """The claims of somebody."""
    told = {"sub": secrets.token_hex(8), "name": "Somebody Example", **({"email": email} if email is not None else {})}
    return {**told, **({"preferred_username": username} if username else {}), **more}


def environment(openid: bool, **changes: str) -> dict[str, str | None]:
    """Portus' variables; ``changes`` are options below ``oauth`` with ``__`` for the dot.

    ``openid``: from 2.5 on. GitLab's server is the address of its API then (omniauth-gitlab 2.0.0).
    """
    options = {
        "GITLAB_ENABLED": "true",
        "GITLAB_APPLICATION_ID": CLIENT_ID,
        "GITLAB_SECRET": CLIENT_SECRET,
        "GITLAB_SERVER": f"{ADDRESS}/api/v4" if openid else ADDRESS,
        **{f"{name.upper()}_ENABLED": "true" for name in ELSEWHERE},
        **{f"{name.upper()}_{option}": CLIENT_ID for name, (_, option) in ELSEWHERE.items()},
    }
    if openid:
        told = {"ENABLED": "true", "ISSUER": f"{ADDRESS}/oidc", "IDENTIFIER": CLIENT_ID, "SECRET": CLIENT_SECRET}
        options |= {f"OPENID_CONNECT_{name}": value for name, value in told.items()}
    options |= {name.upper().replace("__", "_"): value for name, value in changes.items()}
    return {f"PORTUS_OAUTH_{name}": value for name, value in options.items()}


class Provider:
    """The provider of a lab. With ``long_tokens`` its GitLab hands out tokens that are as long as others' are."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.container = ""
        self.start()

    def start(self, *, long_tokens: bool = False) -> None:
        """Start it, in place of one that runs."""
        if self.container:
            docker("rm", "--force", "--volumes", self.container)
        variables = {
            "NAME": PROVIDER_NAME,
            "CLIENT_ID": CLIENT_ID,
            "CLIENT_SECRET": CLIENT_SECRET,
            "CALLBACKS": " ".join(callback(name) for name in ("gitlab", "openid_connect")),
            "TOKEN_LETTERS": str(_LONG_TOKEN_LETTERS if long_tokens else _GITLAB_TOKEN_LETTERS),
        }
        options = [f"--env={name}={value}" for name, value in variables.items()]
        options += [f"--volume={self._lab.folder}/tls.{kind}:/tls/tls.{kind}:ro" for kind in ("crt", "key")]
        self.container = self._lab.start("provider", IMAGE, *options, alias=(PROVIDER_NAME,))
        wait_until(lambda: "serving" in logs(self.container), "the provider serves", lambda: logs(self.container))

    def browser(self, name: str) -> Client:
        """A client that finds Portus and the provider."""
        client = self._lab.client(name)
        client.places[f"{PROVIDER_NAME}:443"] = self._lab.address(self.container)
        (client.folder / "jar").unlink(missing_ok=True)
        return client

    def next(self, client: Client, who: dict[str, object]) -> None:
        """Who signs in next at the provider."""
        answer = client.request("POST", f"{ADDRESS}/next", data=json.dumps(who).encode())
        assert answer.status == 200, answer.text
