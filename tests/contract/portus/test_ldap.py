"""Signing in while LDAP is on: with Portus as it is, mended by `own_users`, and after LDAP was switched off again.

One database goes through all of it, as that of a stack whose `portus.settings.ldap` is changed. Lines are those of
2.4.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote

import pytest

from tests.contract.portus.directory import ALICE_PASSWORD, IMPOSTER_PASSWORD, Directory, entries, environment
from tests.contract.standin_bootstrap import ADMIN_PASSWORD, BOT_PASSWORD, bootstrap_by_api, wait_ready
from tests.contract.standin_client import Answer, Client, Image, push
from tests.contract.standin_harness import Lab, docker, lab, logs, wait_until
from tests.contract.standin_settings import FQDN, HIDDEN_PASSWORD, PUBLIC_REGISTRY_NAME, REGISTRY_NAME
from tests.portus_image import is_original, release

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

URL = f"https://{FQDN}:3000"
NEW_PASSWORD = "alice-pass-2"
IMAGE = Image(
    config=b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}', layer=b"alice's layer"
)


@dataclass
class Stage:
    """Portus with a directory beside it; ``start`` puts it on another footing with the same database."""

    lab: Lab
    directory: Directory
    admin_token: str = ""
    _running: list[str] = field(default_factory=list)
    _somebody: Client | None = None

    def start(self, ldap: bool, *patches: str, background: bool = False) -> None:
        """Replace Portus by one with LDAP on or off."""
        if self._running:
            docker("rm", "--force", "--volumes", *self._running)
        changes = environment() if ldap else {}
        self._running = [self.lab.start_portus(2, changes=changes, patches=patches)]
        wait_ready(self.lab, self._running[0], f"{URL}/api/v1/_ping")
        self._somebody = None
        if background:
            changed = {**changes, "PORTUS_BACKGROUND": "true"}
            self._running.append(self.lab.start_portus(2, changes=changed, patches=patches, role="background"))

    def form(self, username: str, password: str, query: str = "") -> bool:
        """Whether the sign-in form lets the user in."""
        client = self._client()
        fields = {"user[username]": username, "user[password]": password}
        client.submit(f"{URL}/users/sign_in", f"{URL}/users/sign_in{query}", fields)
        return client.get(f"{URL}/users/edit").status == 200

    def token(self, username: str, password: str, query: str = "", scope: str = "") -> Answer:
        """What the token endpoint answers to Basic credentials; `account` is the user's unless the query has one."""
        account = "" if "account=" in query else f"&account={quote(username)}"
        asked = f"&scope={scope}" if scope else ""
        url = f"{URL}/v2/token?service={REGISTRY_NAME}{account}{asked}{query}"
        return self._client().get(url, "--user", f"{username}:{password}")

    def accepted(self, username: str, password: str, query: str = "") -> bool:
        """Whether the token endpoint takes these credentials."""
        answer = self.token(username, password, query)
        assert answer.status in (200, 401), f"{answer.text}\n{self.evidence()}"
        return answer.status == 200

    def api(self, path: str) -> list[dict[str, object]]:
        """A list of the API, read with the administrator's application token."""
        answer = self._client().get(f"{URL}/api/v1/{path}", "--header", f"Portus-Auth: admin:{self.admin_token}")
        assert answer.status == 200, answer.text
        return cast("list[dict[str, object]]", answer.json())

    def evidence(self) -> str:
        """What the processes said last."""
        return "\n".join(f"--- {name}\n{logs(name)[-3000:]}" for name in (*self._running, self.directory.container))

    def _client(self) -> Client:
        """Somebody new each time; where Portus is, is looked up once a start."""
        self._somebody = self._somebody or self.lab.client("somebody")
        (self._somebody.folder / "jar").unlink(missing_ok=True)
        return self._somebody


@pytest.fixture(scope="module")
def without_ldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Administrator, registry record and an ordinary user, made while LDAP is off."""
    with lab(tmp_path_factory.mktemp("lab")) as started:
        started.start_database()
        started.start_registry("portus-stack.lab/registry:2.8", 2)
        stage = Stage(started, Directory(started))
        stage.start(False)
        registry = {"name": "registry", "hostname": REGISTRY_NAME, "use_ssl": "1"}
        registry["external_hostname"] = f"{PUBLIC_REGISTRY_NAME}:5000"
        stage.admin_token, _ = bootstrap_by_api(started.client("admin"), URL, registry)
        yield stage


@pytest.fixture(scope="module")
def unmended(without_ldap: Stage) -> Stage:
    """LDAP switched on, Portus as it is."""
    without_ldap.start(True)
    return without_ldap


@pytest.fixture(scope="module")
def mended(unmended: Stage) -> Stage:
    """The same with the patch; meanwhile alice got another password in the directory."""
    assert unmended.accepted("alice", ALICE_PASSWORD)
    unmended.directory.write(entries(NEW_PASSWORD))
    unmended.directory.restart()
    unmended.start(True, "own_users", background=True)
    return unmended


@pytest.fixture(scope="module")
def off_again(mended: Stage) -> Stage:
    """LDAP switched off, the patch still there."""
    mended.start(False, "own_users")
    return mended


def test_unmended_own_users_are_locked_out(unmended: Stage) -> None:
    """errors.rb:33 halts; from 2.5 on the database is asked about users whom it knows (connection.rb:35)."""
    falls_back = release() >= (2, 5)
    assert unmended.form("admin", ADMIN_PASSWORD) is falls_back
    assert unmended.accepted("admin", ADMIN_PASSWORD) is falls_back
    assert unmended.form("portus", HIDDEN_PASSWORD) is falls_back
    # configuration.rb:41: the background process sends this.
    assert unmended.accepted("portus", HIDDEN_PASSWORD, "&account=portus")


def test_unmended_somebody_of_the_administrators_name_is_administrator(unmended: Stage) -> None:
    """login.rb:28 takes the record of that name, whoever LDAP meant; the database knows no case."""
    assert unmended.accepted("admin", IMPOSTER_PASSWORD)
    assert unmended.form("Admin", IMPOSTER_PASSWORD)


def test_unmended_a_parameter_chooses_the_database(unmended: Stage) -> None:
    """configuration.rb:41: `account=portus` of anybody skips LDAP."""
    assert not unmended.accepted("smoke-check", BOT_PASSWORD) or release() >= (2, 5)
    assert unmended.accepted("smoke-check", BOT_PASSWORD, "&account=portus")
    assert unmended.form("smoke-check", BOT_PASSWORD, "?account=portus")


def test_own_users_sign_in_by_the_database(mended: Stage) -> None:
    for username, password in (("admin", ADMIN_PASSWORD), ("smoke-check", BOT_PASSWORD), ("portus", HIDDEN_PASSWORD)):
        assert mended.form(username, password), mended.evidence()
        assert mended.accepted(username, password), mended.evidence()
    assert mended.accepted("portus", HIDDEN_PASSWORD, "&account=portus"), mended.evidence()


@pytest.mark.parametrize("name", ["admin", "Admin", "ADMIN", "smoke-check", "portus", "Portus"])
def test_nobody_of_their_names_gets_in_by_ldap(mended: Stage, name: str) -> None:
    assert not mended.accepted(name, IMPOSTER_PASSWORD)
    assert not mended.form(name, IMPOSTER_PASSWORD)


def test_ldap_users_sign_in_and_the_first_time_makes_them(mended: Stage) -> None:
    """login.rb:27-60: a user with a namespace and the e-mail address of his entry, no administrator."""
    assert mended.form("alice", NEW_PASSWORD), mended.evidence()
    alice = next(user for user in mended.api("users") if user["username"] == "alice")
    assert (alice["email"], alice["admin"]) == ("alice@people.test", False)
    owned = "SELECT n.name FROM users u JOIN namespaces n ON n.id = u.namespace_id WHERE u.username = 'alice'"
    assert mended.lab.sql(owned) == [["alice"]]


@pytest.mark.parametrize("password", ["", "wrong-pass-1", ALICE_PASSWORD])
def test_other_passwords_are_refused(mended: Stage, password: str) -> None:
    """Neither the one that the directory does not know any more, which Portus keeps from the first sign-in (2.4)."""
    falls_back = release() >= (2, 5) and password == ALICE_PASSWORD and _password_kept(mended)
    assert mended.accepted("alice", password) is falls_back
    assert mended.form("alice", password) is falls_back


def _password_kept(stage: Stage) -> bool:
    return stage.lab.sql("SELECT encrypted_password != '' FROM users WHERE username = 'alice'") == [["1"]]


@pytest.mark.parametrize(
    "query", ["&account=portus", "&user[username]=portus", "&user[username]=admin&account=portus", "&account=admin"]
)
def test_nothing_beside_the_credentials_chooses_the_database(mended: Stage, query: str) -> None:
    """The password of alice's first sign-in is the database's, and no longer hers."""
    found = mended.accepted("alice", ALICE_PASSWORD, quote(query, safe="&="))
    assert found is (release() >= (2, 5) and _password_kept(mended))
    assert mended.accepted("alice", NEW_PASSWORD, quote(query, safe="&="))


def test_who_the_filter_leaves_out_is_refused_and_not_made(mended: Stage) -> None:
    assert not mended.accepted("bob", "bob-pass-1")
    assert "bob" not in {user["username"] for user in mended.api("users")}


def test_ldap_users_push_and_are_seen(mended: Stage) -> None:
    answer = mended.token("alice", NEW_PASSWORD, scope="repository:alice/thing:pull,push")
    token = str(cast("dict[str, object]", answer.json())["token"])
    pushed = push(mended.lab.client("docker"), token, "alice/thing", "1", IMAGE)
    assert pushed.status == 201, pushed.text

    def authors() -> set[object]:
        found = [one for one in mended.api("repositories") if one["full_name"] == "alice/thing"]
        tags = [tag for one in found for tag in mended.api(f"repositories/{one['id']}/tags")]
        return {cast("dict[str, object]", tag["author"])["name"] for tag in tags if tag["name"] == "1"}

    wait_until(lambda: authors() == {"alice"}, "the push is shown", mended.evidence)


def test_off_again_the_database_is_asked(off_again: Stage) -> None:
    """Who came by LDAP keeps the password of his first sign-in (2.4) or has none (2.5: user.rb:116)."""
    assert off_again.form("admin", ADMIN_PASSWORD)
    assert off_again.accepted("smoke-check", BOT_PASSWORD)
    assert not off_again.accepted("admin", IMPOSTER_PASSWORD)
    assert not off_again.accepted("alice", NEW_PASSWORD)
    assert off_again.accepted("alice", ALICE_PASSWORD) is _password_kept(off_again)
    assert not is_original(2) or _password_kept(off_again) is (release() < (2, 5))
