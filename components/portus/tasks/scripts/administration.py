"""What an administrator of Portus does for the bootstrap: the registry record and users, by form or by API.

Forms: generation 1, and the registry record on 2.3. API: 2.3+ for users, 2.4+ for the record.
Facts from SUSE/Portus: app/controllers/admin, app/views/admin at 2.2.0 and 2.3.7; lib/api/v1 at 2.3.7, 2.4.3 and v2.5.
"""

import re
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from http_client import REDIRECTS, Response
from portus_client import Account, Portus, expect
from task import Failure, Json

CREATE_RECORD = "create the registry record"
CORRECT_RECORD = "correct the registry record"
READ_RECORD = "read the registry record"
MAKE_ADMINISTRATOR = "Check in Portus that this user is an administrator"
LAST_PAGE = 1000


@dataclass(frozen=True)
class RegistryRecord:
    """Portus' record of its registry: `hostname` is what Portus dials and the token service.

    `number` is Portus' own, 0 for a record that is wanted.
    """

    name: str
    hostname: str
    external_hostname: str
    use_ssl: bool
    number: int = 0

    def differing(self, other: "RegistryRecord") -> dict[str, Json]:
        """What of this differs in `other` and matters; the name is for people and may change."""
        wanted: dict[str, Json] = {
            "hostname": self.hostname,
            "external_hostname": self.external_hostname,
            "use_ssl": self.use_ssl,
        }
        return {key: value for key, value in wanted.items() if value != getattr(other, key)}

    def differences(self, other: "RegistryRecord") -> str:
        """The same in words."""
        differing = self.differing(other).items()
        return "; ".join(f"{key} is {getattr(other, key)!r} and should be {value!r}" for key, value in differing)


@dataclass(frozen=True)
class User:
    """A user as the list of users shows it."""

    id: int
    username: str
    email: str
    admin: bool


class AlreadyTaken(Failure):
    """The username or e-mail address belongs to a user already."""


class Administration(Protocol):
    """What the bootstrap needs; `Forms` and `Api` can do it."""

    def registry(self) -> RegistryRecord | None: ...

    def create_registry(self, record: RegistryRecord) -> None: ...

    def correct_registry(self, wanted: RegistryRecord, found: RegistryRecord) -> None: ...

    def users(self) -> list[User]: ...

    def create_user(self, account: Account) -> None: ...

    def remove_user(self, username: str, email: str) -> bool: ...


class Forms:
    """The pages of Portus' user interface."""

    def __init__(self, portus: Portus) -> None:
        self._portus = portus

    def registry(self) -> RegistryRecord | None:
        """The record, or None when there is none yet."""
        page = self._portus.page(READ_RECORD, "/admin/registries").page
        paths = [urlsplit(href).path for href, _ in page.links]
        path = next((path for path in paths if re.fullmatch(r"/admin/registries/\d+/edit", path)), None)
        if path is None:
            return None
        number = path.split("/")[3]
        cells = next((cells for row, cells in page.rows if row.get("id") == f"registry_{number}"), [])
        inputs = self._portus.page(READ_RECORD, path).page.inputs
        try:
            # The form leaves the host name out once there are repositories; the list always has it.
            hostname = inputs["registry[hostname]"]["value"] if "registry[hostname]" in inputs else cells[1]
            external = inputs["registry[external_hostname]"].get("value", "")
            use_ssl = "checked" in inputs["registry[use_ssl]"]
            return RegistryRecord(inputs["registry[name]"].get("value", ""), hostname, external, use_ssl, int(number))
        except (KeyError, IndexError):
            raise Failure(READ_RECORD, f"the page {path} has no form of a registry", MAKE_ADMINISTRATOR) from None

    def create_registry(self, record: RegistryRecord) -> None:
        """Create the record; Portus first checks that it can reach the registry."""
        fields = {
            "registry[name]": record.name,
            "registry[hostname]": record.hostname,
            "registry[use_ssl]": "1" if record.use_ssl else "0",
            "registry[external_hostname]": record.external_hostname,
        }
        response = self._portus.submit(CREATE_RECORD, "/admin/registries", fields, come_from="/admin/registries/new")
        if urlsplit(response.location).path == "/admin/registries":
            return
        raise Failure(CREATE_RECORD, self._why(CREATE_RECORD, response), f"Check that Portus reaches {record.hostname}")

    def correct_registry(self, wanted: RegistryRecord, found: RegistryRecord) -> None:
        """Change what differs; the form of a record that has repositories knows no host name, and ignores one."""
        path = f"/admin/registries/{found.number}"
        fields = {
            "_method": "put",
            "registry[name]": found.name,
            "registry[use_ssl]": "1" if wanted.use_ssl else "0",
            "registry[external_hostname]": wanted.external_hostname,
        }
        if "hostname" in wanted.differing(found):
            fields["registry[hostname]"] = wanted.hostname
        response = self._portus.submit(CORRECT_RECORD, path, fields, come_from=f"{path}/edit")
        if urlsplit(response.location).path == "/admin/registries":
            return
        why = self._why(CORRECT_RECORD, response)
        raise Failure(CORRECT_RECORD, why, f"Check that Portus reaches {found.hostname}")

    def users(self) -> list[User]:
        """All users but Portus' own."""
        found: list[User] = []
        for number in range(1, LAST_PAGE):
            page = self._portus.page("list the users", f"/admin/users?page={number}").page
            for row, cells in page.rows:
                match = re.fullmatch(r"user_(\d+)", row.get("id", ""))
                if match and len(cells) > 2:  # noqa: PLR2004 - name, e-mail, administrator
                    found.append(User(int(match[1]), cells[0], cells[1], "fa-toggle-on" in cells[2]))
            if not any(re.search(rf"[?&]page={number + 1}(&|$)", href) for href, _ in page.links):
                break
        return found

    def create_user(self, account: Account) -> None:
        """Create an ordinary user. Raises AlreadyTaken if there is one of this name."""
        step = f'create the user "{account.username}"'
        fields = {
            "user[username]": account.username,
            "user[email]": account.email,
            "user[password]": account.password,
            "user[password_confirmation]": account.password,
        }
        response = self._portus.submit(step, "/admin/users", fields, come_from="/admin/users/new")
        if urlsplit(response.location).path != "/admin/users":
            raise _not_created(step, self._why(step, response))

    def remove_user(self, username: str, email: str) -> bool:
        """The pages before 2.4 cannot remove a user [config/routes/admin.rb]."""
        return False

    def _why(self, step: str, response: Response) -> str:
        """Rails shows the reason on the page that it redirects to, or on the form again."""
        if response.status in REDIRECTS:
            response = self._portus.http.follow(step, response.location)
        return response.page.alert or response.summary()


class Api:
    """Portus' API, generation 2."""

    def __init__(self, portus: Portus) -> None:
        self._portus = portus

    def _list(self, step: str, path: str) -> list[dict[str, Json]]:
        response = expect(step, self._portus.api(step, "GET", path), 200, remedy=MAKE_ADMINISTRATOR)
        data = response.json()
        if not isinstance(data, list):
            raise Failure(step, response.summary(), "Check that `generation` fits the image of Portus")
        return [entry for entry in data if isinstance(entry, dict)]

    def registry(self) -> RegistryRecord | None:
        """The record, or None when there is none yet."""
        for entry in self._list(READ_RECORD, "/registries"):
            name, hostname, external = (str(entry.get(key) or "") for key in ("name", "hostname", "external_hostname"))
            number = int(str(entry.get("id") or 0))
            return RegistryRecord(name, hostname, external, entry.get("use_ssl") is True, number)
        return None

    def create_registry(self, record: RegistryRecord) -> None:
        """Create the record; Portus first checks that it can reach the registry. Portus 2.3 has only the form."""
        data: Json = {
            "name": record.name,
            "hostname": record.hostname,
            "use_ssl": record.use_ssl,
            "external_hostname": record.external_hostname,
        }
        response = self._portus.api(CREATE_RECORD, "POST", "/registries", {"registry": data})
        if response.status in (404, 405):
            Forms(self._portus).create_registry(record)
            return
        expect(CREATE_RECORD, response, 201, remedy=f"Check that Portus reaches {record.hostname}")

    def correct_registry(self, wanted: RegistryRecord, found: RegistryRecord) -> None:
        """Change what differs. Portus 2.3 has only the form.

        Only that is sent: a host name is refused while there are repositories, also the one that the record has
        [app/services/registries/update_service.rb].
        """
        path, data = f"/registries/{found.number}", wanted.differing(found)
        response = self._portus.api(CORRECT_RECORD, "PUT", path, {"registry": data})
        if response.status in (404, 405):
            Forms(self._portus).correct_registry(wanted, found)
            return
        expect(CORRECT_RECORD, response, 200, remedy=f"Check that Portus reaches {found.hostname}")

    def users(self) -> list[User]:
        """All users, Portus' own among them. `all` switches the pages of 2.5 off."""
        return [
            User(int(str(entry["id"])), str(entry["username"]), str(entry["email"]), entry.get("admin") is True)
            for entry in self._list("list the users", "/users?all=true")
        ]

    def create_user(self, account: Account) -> None:
        """Create an ordinary user. Raises AlreadyTaken if there is one of this name.

        Not one that Portus calls a bot: those get no namespace of their own [app/models/user.rb, 2.4+].
        """
        step = f'create the user "{account.username}"'
        data: Json = {
            "username": account.username,
            "email": account.email,
            "password": account.password,
            "bot": False,
        }
        response = self._portus.api(step, "POST", "/users", {"user": data})
        if response.status != 201:  # noqa: PLR2004 - HTTP status
            raise _not_created(step, response.summary())

    def remove_user(self, username: str, email: str) -> bool:
        """Remove an ordinary user who has both this name and this address; whether one was. Not before 2.4.

        The user's namespace stays, and what is in it.
        """
        step = f'remove the user "{username}"'
        for user in self.users():
            if (user.username, user.email, user.admin) != (username, email, False):
                continue
            response = self._portus.api(step, "DELETE", f"/users/{user.id}")
            if response.status not in (404, 405):
                expect(step, response, 204, 200)
                return True
        return False

    def revoke_tokens(self, username: str, application: str) -> None:
        """Delete the signed-in user's application tokens of that name (made by the bootstrap end point of 2.4+)."""
        step = "revoke the bootstrap token"
        for user in self.users():
            if user.username != username:
                continue
            for token in self._list(step, f"/users/{user.id}/application_tokens"):
                if token.get("application") == application:
                    path = f"/users/application_tokens/{token['id']}"
                    expect(step, self._portus.api(step, "DELETE", path), 204, 200)


def _not_created(step: str, words: str) -> Failure:
    if "already been taken" in words:
        return AlreadyTaken(step, words, "")
    return Failure(step, words, "Correct the username, e-mail address or password; see the cause")
