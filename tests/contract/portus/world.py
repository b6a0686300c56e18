"""A Portus with a registry, a team and a user of every kind: what the cases of this folder are about.

Portus is the lab's stand-in, or the original that `PORTUS` names. Set-ups differ in the patches of PortusStack.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

import pytest

from tests.contract.standin_bootstrap import wait_ready
from tests.contract.standin_client import MANIFEST_TYPE, Answer, Client
from tests.contract.standin_harness import Lab, docker, logs, wait_until
from tests.contract.standin_settings import FQDN, HIDDEN_PASSWORD, PUBLIC_REGISTRY_NAME, REGISTRY_NAME
from tests.portus_image import release

URL = f"https://{FQDN}:3000"
API = f"{URL}/api/v1"
REALM = f"{URL}/v2/token"
WEBHOOK = f"{URL}/v2/webhooks/events"
PUBLIC_REGISTRY = f"{PUBLIC_REGISTRY_NAME}:5000"
PASSWORD = "password-of-all-1"
HIDDEN = "portus"
TEAM = "crew"
RELEASE = release()
source = pytest.mark.source
"""Where in Portus (2.4.3, if nothing else is said) the behaviour of a case comes from: file and line."""

Json = dict[str, Any]
_STATUSES = ("done", "progress", "fresh", "set aside", "begun again", "given up")
"""Of stored events; from the fourth on they are those of the patch `background_survival`."""


@dataclass(frozen=True)
class Person:
    """A user. The namespace is None for a bot; ``token`` is an application token of hers, if she has one."""

    id: int
    username: str
    namespace_id: int | None
    token: str = ""


@dataclass
class World:
    """One running Portus."""

    lab: Lab
    patches: tuple[str, ...]
    portus: str = ""
    admin_token: str = ""
    people: dict[str, Person] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)

    def mended(self, patch: str) -> bool:
        """Whether the patch is in place."""
        return patch in self.patches

    # Asking.

    def client(self, name: str) -> Client:
        """A client that keeps its cookies."""
        if name not in self.clients:
            self.clients[name] = self.lab.client(name)
        return self.clients[name]

    def api(self, method: str, path: str, body: object = None, *, token: str | None = None) -> Answer:
        """The API with an application token `user:token`, the administrator's by default; "" for none."""
        credentials = f"admin:{self.admin_token}" if token is None else token
        header = ("--header", f"Portus-Auth: {credentials}") if credentials else ()
        return self._send(self.client("program"), method, path, body, *header)

    def session(self, who: str, method: str, path: str, body: object = None) -> Answer:
        """The API with the session of somebody who signed in by the form."""
        client = self.client(f"browser-of-{who}")
        if not (client.folder / "jar").exists():
            self.sign_in(who)
        return self._send(client, method, path, body)

    @staticmethod
    def _send(client: Client, method: str, path: str, body: object, *arguments: str) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        header = ("--header", "Content-Type: application/json") if body is not None else ()
        return client.request(method, f"{API}{path}", *header, *arguments, data=data)

    def sign_in(self, who: str, password: str = PASSWORD, client: Client | None = None) -> Answer:
        """Fill in the form."""
        page = f"{URL}/users/sign_in"
        fields = {"user[username]": who, "user[password]": password}
        return (client or self.client(f"browser-of-{who}")).submit(page, page, fields)

    def get(self, path: str, **options: Any) -> Any:
        """GET as JSON; anything but 200 fails."""
        answer = self.api("GET", path, **options)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.text}"
        return answer.json()

    # Tokens.

    def ask_token(self, *scopes: str, who: str = "", password: str = PASSWORD, account: str | None = None) -> Answer:
        """Ask the realm as a client does; without ``who`` as nobody."""
        query = [f"service={REGISTRY_NAME}", *(f"scope={quote(scope)}" for scope in scopes)]
        if account is not None:
            query.append(f"account={account}")
        credentials = ("--user", f"{who}:{password}") if who else ()
        client = self.client("registry-client")
        (client.folder / "jar").unlink(missing_ok=True)  # these clients keep no cookies, and Portus sends some
        return client.request("GET", f"{REALM}?{'&'.join(query)}", *credentials)

    def token(self, *scopes: str, **options: Any) -> str:
        """A token; anything but 200 fails."""
        answer = self.ask_token(*scopes, **options)
        assert answer.status == 200, f"{scopes} {options}: {answer.status} {answer.text}"
        return str(cast(Json, answer.json())["token"])

    def access(self, *scopes: str, **options: Any) -> dict[str, list[str]]:
        """What a token grants: name → actions."""
        granted = claims(self.token(*scopes, **options)).get("access")
        return {entry["name"]: entry["actions"] for entry in granted or []}

    # Events.

    def event(self, repository: str, **target: Any) -> Json:
        """A push as the registry tells it; ``target`` replaces or (None) removes what is pushed."""
        wanted = {"mediaType": MANIFEST_TYPE, "repository": repository, "tag": "v1", "digest": "sha256:00", **target}
        return {
            "id": str(uuid.uuid4()),
            "action": "push",
            "target": {key: value for key, value in wanted.items() if value is not None},
            "request": {"host": PUBLIC_REGISTRY},
            "actor": {"name": "admin"},
        }

    def notify(self, *events: Json, secret: str | None = None) -> Answer:
        """Send a batch as the registry does; ``secret`` replaces the right one, "" sends none."""
        wanted = self.lab.webhook_secret if secret is None else secret
        header = ("--header", f"Authorization: Bearer {wanted}") if wanted else ()
        kind = ("--header", "Content-Type: application/vnd.docker.distribution.events.v1+json")
        body = json.dumps({"events": events}).encode()
        return self.client("notifier").request("POST", WEBHOOK, *kind, *header, data=body)

    def status_of(self, event: Json) -> str | None:
        """How far a stored event is; None when it was not stored."""
        rows = self.lab.sql(f"SELECT status FROM registry_events WHERE event_id = '{event['id']}'")
        return _STATUSES[int(rows[0][0])] if rows else None

    def evidence(self) -> str:
        """Logs of everything but the database."""
        names = docker("ps", "--all", "--filter", f"network={self.lab.network}", "--format", "{{.Names}}").split()
        return "\n".join(f"--- {name}\n{logs(name)[-3000:]}" for name in names if not name.endswith("database"))

    def tags(self, repository: str) -> dict[str, str | None]:
        """Tag → author of a repository by its full name, as the API shows them; {} when it is unknown."""
        found = [one["id"] for one in self.get("/repositories?all=true") if one["full_name"] == repository]
        if not found:
            return {}
        return {tag["name"]: tag["author"]["name"] for tag in self.get(f"/repositories/{found[0]}/tags")}

    # Making the world.

    def make(self) -> None:
        """Administrator, registry record, users and namespaces."""
        wait_ready(self.lab, self.portus, f"{API}/_ping")
        user = {"username": "admin", "email": "admin@portus.test", "password": PASSWORD}
        answer = self.api("POST", "/users/bootstrap", {"user": user}, token="")
        assert answer.status == 201, answer.text
        self.admin_token = str(cast(Json, answer.json())["plain_token"])
        registry = {"name": "registry", "hostname": REGISTRY_NAME, "external_hostname": PUBLIC_REGISTRY}
        answer = self.api("POST", "/registries", {"registry": {**registry, "use_ssl": True}})
        assert answer.status == 201, f"{answer.text}\n{self.evidence()}"
        for name in ("alice", "bob", "carol", "dave-smith"):
            self.add(name)
        self.add("robot", bot=True)
        self.people["admin"] = self.look_up("admin")
        self._make_team()

    def add(self, username: str, *, bot: bool = False) -> Person:
        """A new user."""
        user = {"username": username, "email": f"{uuid.uuid4().hex}@portus.test", "password": PASSWORD, "bot": bot}
        answer = self.api("POST", "/users", {"user": user})
        assert answer.status == 201, answer.text
        made = cast(Json, answer.json())
        self.people[username] = Person(made["id"], username, made["namespace_id"])
        return self.people[username]

    def look_up(self, username: str) -> Person:
        """A user as the API shows her now."""
        found = next(one for one in self.get("/users") if one["username"] == username)
        return Person(found["id"], username, found["namespace_id"])

    def add_token(self, who: str) -> str:
        """An application token that somebody makes for herself, as `user:token`."""
        path = f"/users/{self.people[who].id}/application_tokens"
        answer = self.session(who, "POST", path, {"application": uuid.uuid4().hex})
        assert answer.status == 201, answer.text
        return f"{who}:{cast(Json, answer.json())['plain_token']}"

    def _make_team(self) -> None:
        owner = self.people["alice"].id
        team = cast(Json, self.api("POST", "/teams", {"name": TEAM, "owner_id": owner}).json())["id"]
        for name, role in (("bob", "contributor"), ("carol", "viewer")):
            answer = self.api("POST", f"/teams/{team}/members", {"user": name, "role": role})
            assert answer.status == 201, answer.text
        for visibility in ("private", "protected", "public"):
            answer = self.api("POST", "/namespaces", {"name": f"crew_{visibility}", "team": TEAM})
            assert answer.status == 201, answer.text
            path = f"/namespaces/{cast(Json, answer.json())['id']}"
            answer = self.api("PUT", path, {"namespace": {"visibility": visibility}})
            assert answer.status == 200, answer.text

    def namespace_id(self, name: str) -> int:
        """A namespace's id."""
        return int(self.lab.sql(f"SELECT id FROM namespaces WHERE name = '{name}'")[0][0])

    def add_repository(self, namespace: str, name: str) -> int:
        """A repository that is in Portus' database only."""
        self.lab.sql(
            "INSERT INTO repositories (name, namespace_id, created_at, updated_at, marked) "
            f"VALUES ('{name}', {self.namespace_id(namespace)}, NOW(), NOW(), 0)"
        )
        row = f"SELECT id FROM repositories WHERE name = '{name}' AND namespace_id = {self.namespace_id(namespace)}"
        return int(self.lab.sql(row)[0][0])

    # Containers beside the first.

    def start_background(self, role: str, changes: Mapping[str, str | None] | None = None) -> str:
        """A background process of its own."""
        wanted = {"PORTUS_BACKGROUND": "true", **(changes or {})}
        return self.lab.start_portus(2, changes=wanted, role=role, patches=self.patches)

    def stop(self, container: str) -> None:
        """Remove a container."""
        docker("rm", "--force", "--volumes", container)

    def is_running(self, container: str) -> bool:
        """Whether a container's first process lives."""
        return docker("inspect", "--format", "{{.State.Running}}", container) == "true"

    def wait_for_end(self, container: str, seconds: float = 180) -> int:
        """Wait until a container's first process has ended; its exit code."""
        wait_until(lambda: not self.is_running(container), f"{container} ends", lambda: logs(container), seconds)
        return int(docker("inspect", "--format", "{{.State.ExitCode}}", container))


def claims(token: str) -> Json:
    """The claims of a token; the signature is the registry's affair."""
    part = token.split(".")[1]
    return cast(Json, json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def is_home(location: str) -> bool:
    """Whether a redirection leads to Portus' first page, written in full or not."""
    return location in ("/", f"{URL}/")


HIDDEN_CREDENTIALS = {"who": HIDDEN, "password": HIDDEN_PASSWORD}
