"""Portus as its users meet it, in both generations: sign-in form, session, bearer tokens.

Facts from SUSE/Portus at 2.2.0, 2.3.7, 2.4.3 and v2.5: app/controllers, config/initializers/devise.rb, lib/api.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from http_client import REDIRECTS, HttpClient, Response
from task import Failure, Json, Section

# Portus locks an account after 10 refused passwords in a row, for 5 hours (2.1, 2.2) or 10 minutes (2.3+)
# [config/initializers/devise.rb]; a task that kept trying would lock people out.
TRIES_PER_PASSWORD = 3
UNLOCK = (
    "Somebody tried wrong passwords. Portus unlocks the user 10 minutes (2.3 and later; before, 5 hours) after the "
    "last lock; this task goes on by itself"
)
LOCKED = "Your account is locked"
"""What a locked user is told [config/locales/devise.en.yml, devise.failure.locked]."""
PROFILE = "/users/edit"
"""A page that every user has, and nobody who is not signed in."""


@dataclass(frozen=True)
class Account:
    """A user of Portus."""

    username: str
    password: str
    email: str = ""

    @classmethod
    def read(cls, section: Section, with_email: bool) -> "Account":
        """Read `username`, `password_file` and, if asked for, `email`."""
        username, password = section.text("username"), section.secret("password_file")
        account = cls(username, password, section.text("email") if with_email else "")
        section.finish()
        return account


class Refused(Failure):
    """Portus does not accept this username and password."""


class Locked(Failure):
    """Portus let nobody in as this user for a while, whatever the password; trying again does not lengthen it."""


class NotAllowed(Failure):
    """The user who is signed in may not do this."""


class Refusals:
    """Counts refused passwords over all attempts of a task, so that it stops before Portus locks the account."""

    def __init__(self) -> None:
        self._times: Counter[str] = Counter()

    def check(self, step: str, account: Account) -> None:
        """Raise Refused if this password was refused too often to be shown again."""
        if self._times[account.username] >= TRIES_PER_PASSWORD:
            raise Refused(
                step,
                f'Portus refused the password of "{account.username}" {TRIES_PER_PASSWORD} times; '
                "it is not tried again, so that the account is not locked",
                _reset_password(account),
            )

    def refused(self, step: str, account: Account, words: str) -> Failure:
        """Count one refusal and return the failure to raise; a lock says nothing about the password."""
        if LOCKED in words:
            return Locked(step, f'Portus refused "{account.username}": {words}', UNLOCK)
        self._times[account.username] += 1
        return Refused(step, f'Portus refused "{account.username}": {words}', _reset_password(account))

    def accepted(self, account: Account) -> None:
        """The password is right; Portus' own counter starts over, and so does ours."""
        del self._times[account.username]


def _reset_password(account: Account) -> str:
    return (
        f'If the password of "{account.username}" was changed in Portus, set it back to the one in the stack\'s '
        "outputs or secrets, then restart this task"
    )


def expect(step: str, response: Response, *statuses: int, remedy: str = "Look at the log of Portus") -> Response:
    """The response, if its status is one of `statuses`; else raise Failure (NotAllowed) with the server's words."""
    if response.status not in statuses:
        kind = NotAllowed if response.status in (401, 403) else Failure
        raise kind(step, response.summary(), remedy)
    return response


def claims_of(token: str) -> dict[str, Json]:
    """What a bearer token says. Its signature is the registry's business. Raises Failure."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if isinstance(claims, dict):
            return claims
    except (IndexError, ValueError):
        pass
    raise Failure("read the token", "what /v2/token gave is not a JSON Web Token", "Look at its log") from None


def granted(token: str) -> dict[str, frozenset[str]]:
    """What a bearer token grants: actions by `type:name`. Raises Failure."""
    # Portus leaves `access` out, or null, when no scope was granted [lib/portus/jwt_token.rb].
    entries = claims_of(token).get("access") or []
    try:
        assert isinstance(entries, list)
        return {f"{entry['type']}:{entry['name']}": frozenset(entry["actions"]) for entry in entries}  # type: ignore
    except (AssertionError, KeyError, TypeError):
        raise Failure("read the token", "its access is not a list of scopes", "Look at the log of Portus") from None


class Portus:
    """One browser-like visit to Portus: its cookies last as long as this object."""

    def __init__(self, http: HttpClient, url: str, refusals: Refusals) -> None:
        self.http, self.url, self._refusals = http, url, refusals
        self._csrf_token = ""

    def page(self, step: str, path: str) -> Response:
        """GET a page, following Portus' own redirects; raises Failure unless the answer is 200."""
        response = expect(step, self.http.follow(step, self.url + path), 200)
        self._csrf_token = response.page.csrf_token or self._csrf_token
        return response

    def submit(self, step: str, path: str, fields: Mapping[str, str], come_from: str) -> Response:
        """Send a form with the CSRF token of the page `come_from`; the answer is returned as it is.

        The token of a page's <meta> is valid for every form of the session [Rails, also with per-form tokens].
        """
        self.page(step, come_from)
        return self.http.post_form(
            step, self.url + path, {"utf8": "✓", "authenticity_token": self._csrf_token, **fields}
        )

    def put(self, step: str, path: str) -> Response:
        """PUT without a body as the user interface's links do, with the token of the page visited last."""
        headers = {"X-CSRF-Token": self._csrf_token, "X-Requested-With": "XMLHttpRequest", "Accept": "text/javascript"}
        return self.http.request(step, "PUT", self.url + path, b"", headers)

    def api(self, step: str, method: str, path: str, data: Json = None) -> Response:
        """Call the API (2.3+), which also accepts the session of the sign-in form [lib/api/helpers.rb]."""
        return self.http.send_json(step, method, f"{self.url}/api/v1{path}", data)

    def sign_in(self, account: Account) -> None:
        """Sign in by form. Raises Refused with Portus' words."""
        step = f'sign in to Portus as "{account.username}"'
        self._refusals.check(step, account)
        fields = {"user[username]": account.username, "user[password]": account.password, "user[remember_me]": "0"}
        response = self.submit(step, "/users/sign_in", fields, come_from="/users/sign_in")
        if self._leads_away(response):
            self._see_profile(step)
            self._refusals.accepted(account)
            return
        if response.status in REDIRECTS and not urlsplit(response.location).path.startswith("/500"):
            response = self.http.follow(step, response.location)
        if response.status in (200, 401):
            raise self._refusals.refused(step, account, response.page.alert or "no reason given")
        raise Failure(step, response.summary(), "Look at the log of Portus")

    @staticmethod
    def _leads_away(response: Response) -> bool:
        """Whether the answer to a sign-in sends to where the user wanted to go.

        Its hidden user Portus 2.3.4 to 2.4.3 sends there with 200: the record cannot be saved [app/models/user.rb,
        portus_user_validation]. A refusal shows the form again (200, no Location) or, while there is nobody who could
        sign in, redirects to the sign-up form.
        """
        path = urlsplit(response.location).path
        return response.status in {200, *REDIRECTS} and path != "" and not path.startswith(("/users/sign_", "/500"))

    def _see_profile(self, step: str) -> None:
        """Make sure that the session is a user's: what the sign-in answered is not enough."""
        profile = self.http.get(step, self.url + PROFILE)
        if profile.status != 200:  # noqa: PLR2004 - HTTP status
            raise Failure(step, f"no session came of it: {profile.summary()}", "Look at the log of Portus")

    def own_namespace(self, account: Account, generation: int) -> str:
        """The namespace of the user who is signed in, as Portus calls it; "" while it has none.

        Portus makes the name from the user's and changes it on the way [app/models/namespace.rb, make_valid].
        Generation 1 has no number of it: its page of namespaces shows the user's own under the user's name.
        """
        step = f'find the namespace of "{account.username}"'
        page = self.page(step, "/namespaces")
        if generation == 1:
            return account.username if any(cells[:1] == [account.username] for _, cells in page.page.rows) else ""
        # app/views/namespaces/index.html.erb, 2.3.0 to v2.5
        number = re.search(r':user-namespace-id="(\d+)"', page.text)
        if number is None:
            return ""
        data = expect(step, self.api(step, "GET", f"/namespaces/{number[1]}"), 200).json()
        if not isinstance(data, dict) or not isinstance(data.get("name"), str):
            raise Failure(step, "the API gave no namespace", "Check that `generation` fits the image of Portus")
        return str(data["name"])

    def token(self, service: str, account: Account, scope: str) -> str:
        """A bearer token for the registry `service`. Raises Refused if Portus does not accept the password."""
        step = f'get a registry token as "{account.username}"'
        self._refusals.check(step, account)
        query = urlencode({"account": account.username, "service": service, "scope": scope})
        headers = {"Accept": "application/json", **self.http.basic(account.username, account.password)}
        response = self.http.get(step, f"{self.url}/v2/token?{query}", headers)
        if response.status == 401:  # noqa: PLR2004 - HTTP status
            raise self._refusals.refused(step, account, response.words())
        data = expect(step, response, 200).json()
        token = data.get("token") if isinstance(data, dict) else None
        if not isinstance(token, str):
            raise Failure(step, "/v2/token answered without a token", "Look at the log of Portus")
        self.http.redactor.add(token)
        self._refusals.accepted(account)
        return token
