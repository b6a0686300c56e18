"""What Portus by itself gives to whoever asks, and a stack of ours must not give: each is asked for, and refused.

The holes, with their places in SUSE/Portus: app/models/namespace/auth_scope.rb and registry/auth_scope.rb (an action
beside `*` is granted unchecked), lib/api/v1/application_tokens.rb (anybody's token for anybody),
app/controllers/api/v2/tokens_controller.rb (the token's subject is what `account` says).
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from http_client import HttpClient
from portus_client import Account, Portus, claims_of, granted
from task import Failure, Json

HIDDEN_USER, HIDDEN_USER_NUMBER = "portus", 1
"""Portus' own administrator, which its set-up makes first [db/seeds.rb]; her namespace is private."""
FOREIGN_SCOPES = (
    f"repository:{HIDDEN_USER}/forbidden:*,pull,push,delete",
    f"repository:{HIDDEN_USER}/forbidden:pull,*,push,delete",
    "registry:catalog:x,*",
    "registry:catalog:*",
)
APPLICATION = "smoke check's attempt on another user"
OPEN = "Portus gives rights to whoever asks: see `portus.patches` and docs/security.md; close the registry until then"


class Intrusions:
    """Attempts of a stranger and of the bot; `portus` is the bot's signed-in visit, each `client` has no session."""

    def __init__(self, portus: Portus, client: Callable[[], HttpClient], bot: Account, service: str) -> None:
        self._portus, self._client, self._bot, self._service = portus, client, bot, service

    def steps(self) -> Mapping[str, tuple[str, Callable[[str], None]]]:
        """Name of the patch that closes the hole → the step's name, and the step."""
        return {
            "widened_scopes": ("be refused a widened scope", self._be_refused_scopes),
            "token_subject": ("be refused another's name", self._be_refused_name),
            "foreign_tokens": ("be refused a token of another user", self._be_refused_foreign_token),
        }

    def _token(self, step: str, who: Account | None, **parameters: str) -> str:
        """The token that is given to `who`, None for anybody; "" when there is none, whoever refuses it."""
        client = self._client()
        headers = {"Accept": "application/json", **(client.basic(who.username, who.password) if who else {})}
        query = urlencode({"service": self._service, **parameters})
        response = client.get(step, f"{self._portus.url}/v2/token?{query}", headers)
        data = response.json()
        token = data.get("token") if isinstance(data, dict) else None
        if response.status >= 500:  # noqa: PLR2004 - an error of Portus is no refusal
            raise Failure(step, response.summary(), "Look at the log of Portus")
        if not isinstance(token, str):
            return ""
        client.redactor.add(token)
        return token

    def _be_refused_scopes(self, step: str) -> None:
        for who in (None, self._bot):
            for scope in FOREIGN_SCOPES:
                token = self._token(step, who, scope=scope)
                rights = granted(token) if token else {}
                if any(rights.values()):
                    told = "; ".join(f"{','.join(sorted(actions))} on {name}" for name, actions in rights.items())
                    asked = f'"{who.username}"' if who else "anybody"
                    raise Failure(step, f"{asked} asked for {scope} and got {told}", OPEN)

    def _be_refused_name(self, step: str) -> None:
        token = self._token(step, self._bot, account=HIDDEN_USER)
        if token and claims_of(token).get("sub") == HIDDEN_USER:
            raise Failure(step, f'"{self._bot.username}" got a token in the name of "{HIDDEN_USER}"', OPEN)

    def _be_refused_foreign_token(self, step: str) -> None:
        path = f"/users/{HIDDEN_USER_NUMBER}/application_tokens"
        response = self._portus.api(step, "POST", path, {"application": APPLICATION})
        made: Json = response.json()
        if not isinstance(made, dict) or "plain_token" not in made:
            if response.status >= 500 or response.status < 400:  # noqa: PLR2004 - neither done nor refused
                raise Failure(step, response.summary(), "Look at the log of Portus")
            return
        self._revoke(step, str(made["plain_token"]), made.get("id"))
        raise Failure(step, f'"{self._bot.username}" got an application token of user {HIDDEN_USER_NUMBER}', OPEN)

    def _revoke(self, step: str, token: str, number: Json) -> None:
        """Take back at once what must not have been given, with the very rights that it gives."""
        client = self._client()
        client.redactor.add(token)
        headers = {"Portus-Auth": f"{HIDDEN_USER}:{token}", "Accept": "application/json"}
        url = f"{self._portus.url}/api/v1/users/application_tokens/{number}"
        client.request(step, "DELETE", url, headers=headers)
