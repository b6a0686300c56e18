"""How a Portus becomes usable: administrator, registry record, user, application token; by forms (1) and by API (2)."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from tests.contract.standin_client import Answer, Client
from tests.contract.standin_harness import Lab, logs, wait_until

ADMIN_PASSWORD = "admin-pass-1"
BOT_PASSWORD = "smoke-pass-1"


def wait_ready(started: Lab, container: str, url: str) -> None:
    """Wait until Portus answers."""

    def answers() -> bool:
        try:
            return started.client().get(url).status in (200, 302)
        except ConnectionError:
            return False

    wait_until(answers, f"{url} answers", lambda: logs(container))


def _path(answer: Answer) -> str:
    """Where a redirection leads; Rails writes the host too."""
    return urlsplit(answer.headers.get("location", "")).path


def bootstrap_by_forms(admin: Client, url: str, registry: dict[str, str]) -> tuple[str, str]:
    """Generation 1: sign up, registry form, user form, application token form. Returns both tokens."""
    password = {"user[password]": ADMIN_PASSWORD, "user[password_confirmation]": ADMIN_PASSWORD}
    fields = {"user[username]": "admin", "user[email]": "admin@portus.test", "user[admin]": "true", **password}
    signed_up = admin.submit(f"{url}/users/sign_up", f"{url}/users", fields)
    assert (signed_up.status, _path(signed_up)) == (302, "/"), signed_up.text
    assert _path(admin.get(f"{url}/dashboard")) == "/admin/registries/new"
    form = {f"registry[{name}]": value for name, value in registry.items()}
    created = admin.submit(f"{url}/admin/registries/new", f"{url}/admin/registries", form)
    assert _path(created) == "/admin/registries", f"{created.headers} {admin.get(f'{url}/admin/registries/new').text}"
    password = {"user[password]": BOT_PASSWORD, "user[password_confirmation]": BOT_PASSWORD}
    fields = {"user[username]": "smoke-check", "user[email]": "smoke@portus.test", **password}
    assert _path(admin.submit(f"{url}/admin/users/new", f"{url}/admin/users", fields)) == "/admin/users"
    return create_token_by_form(admin, url), ""


def create_token_by_form(client: Client, url: str) -> str:
    """The signed-in user's new application token."""
    accept = ("--header", "Accept: text/javascript", "--header", "X-Requested-With: XMLHttpRequest")
    answer = client.submit(
        f"{url}/users/edit", f"{url}/application_tokens", {"application_token[application]": "test"}, *accept
    )
    assert answer.status == 200, answer.text
    return answer.text.split("<code>")[1].split("</code>")[0]


def bootstrap_by_api(admin: Client, url: str, registry: dict[str, str]) -> tuple[str, str]:
    """Generation 2: bootstrap, registries, users, application_tokens. Returns both tokens."""
    api = f"{url}/api/v1"
    assert admin.get(f"{api}/health").status == 503
    user = {"username": "admin", "email": "admin@portus.test", "password": ADMIN_PASSWORD}
    answer = admin.post_json(f"{api}/users/bootstrap", {"user": user})
    assert answer.status == 201, answer.text
    token = str(cast("dict[str, object]", answer.json())["plain_token"])
    assert admin.post_json(f"{api}/users/bootstrap", {"user": user}).status == 400
    header = ("--header", f"Portus-Auth: admin:{token}")
    created = admin.post_json(
        f"{api}/registries", {"registry": {**registry, "use_ssl": registry["use_ssl"] == "1"}}, *header
    )
    assert created.status == 201, created.text
    user = {"username": "smoke-check", "email": "smoke@portus.test", "password": BOT_PASSWORD}
    bot = admin.post_json(f"{api}/users", {"user": user}, *header)
    assert bot.status == 201, bot.text
    identity = cast("dict[str, object]", bot.json())["id"]
    made = admin.post_json(f"{api}/users/{identity}/application_tokens", {"application": "smoke"}, *header)
    assert made.status == 201, made.text
    assert admin.get(f"{api}/health").status == 200
    return token, str(cast("dict[str, object]", made.json())["plain_token"])
