"""What Portus asks OAuth providers: where a browser is sent, and who came back.

Sources: SUSE/Portus 2.4.3 and v2.5 config/initializers/devise/oauth.rb; omniauth-oauth2 1.6.0, omniauth-gitlab 1.0.2
and 2.0.0, omniauth_openid_connect 0.2.4, openid_connect 1.1.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode, urljoin

import jwt
import requests
from certifi import where

from .options import Options
from .registry_client import CA_BUNDLE
from .releases import mended

_SECONDS = 10
_OK = 200
_GITLAB = "https://gitlab.com"
#: Providers elsewhere: where they ask, the option with the client's id, the scope. Nobody comes back from there.
_ELSEWHERE = {
    "google_oauth2": ("https://accounts.google.com/o/oauth2/auth", "id", "email profile"),
    "github": ("https://github.com/login/oauth/authorize", "client_id", "read:user,user:email,read:org"),
    "bitbucket": ("https://bitbucket.org/site/oauth2/authorize", "key", ""),
}
KINDS = {"gitlab": "GitLab", "openid_connect": "OpenIDConnect"}
"""What Portus calls providers in its messages."""

Json = Mapping[str, Any]


class Failed(Exception):
    """The provider did not do what was asked: back to the sign-in page."""


class Broken(Exception):
    """What Portus does not catch: error 500."""


@dataclass(frozen=True)
class Attempt:
    """A browser that was sent to a provider; it comes back to ``callback``."""

    provider: str
    callback: str
    state: str
    nonce: str


@dataclass(frozen=True)
class Account:
    """Who came back. ``credentials`` are the provider's tokens, ``told`` is all that it says of somebody."""

    provider: str
    uid: str | None
    info: Json
    credentials: Json
    told: Json

    def in_session(self) -> dict[str, object]:
        """What Portus keeps until somebody new has a user name: without the patch all but ``told``."""
        if mended("oauth_registration"):
            kept = {name: self.info[name] for name in ("email", "nickname", "username", "name") if self.info.get(name)}
            return {"provider": self.provider, "uid": self.uid, "info": kept}
        return {"provider": self.provider, "uid": self.uid, "info": self.info, "credentials": self.credentials}


def address(options: Options, attempt: Attempt) -> str:
    """Where the browser is sent. Raises Broken."""
    common = {"redirect_uri": attempt.callback, "response_type": "code", "state": attempt.state}
    if attempt.provider == "openid_connect":
        scope = "openid email profile" if mended("openid_connect") else "openid email profile address"
        asked = {"client_id": _text(options, "openid_connect.identifier"), "scope": scope, "nonce": attempt.nonce}
        return f"{_discovered(options)['authorization_endpoint']}?{urlencode({**common, **asked})}"
    if attempt.provider == "gitlab":
        query = urlencode({**common, "client_id": _text(options, "gitlab.application_id")})
        return f"{_at_gitlab(options, '/oauth/authorize')}?{query}"
    if attempt.provider not in _ELSEWHERE:
        raise Broken(f"{attempt.provider} is not imitated")
    page, identity, scope = _ELSEWHERE[attempt.provider]
    asked = {"client_id": _text(options, f"{attempt.provider}.{identity}"), **({"scope": scope} if scope else {})}
    return f"{page}?{urlencode({**common, **asked})}"


def account(options: Options, attempt: Attempt, code: str) -> Account:
    """Who came back with this code. Raises Failed, Broken."""
    if attempt.provider == "openid_connect":
        return _of_openid(options, attempt, code)
    if attempt.provider == "gitlab":
        return _of_gitlab(options, attempt, code)
    raise Broken(f"{attempt.provider} is not imitated")


def in_group(options: Options, found: Account) -> bool:
    """Whether GitLab knows somebody as a member of the group that is wanted, if one is. Raises Broken."""
    group = _text(options, "gitlab.group") if found.provider == "gitlab" else ""
    if not group:
        return True
    server = _text(options, "gitlab.server") or _GITLAB
    asked = {"page": "1", "per_page": "100", "access_token": str(found.credentials["token"])}
    answer = _request("GET", f"{server}/api/v4/groups", CA_BUNDLE, params=asked)
    if answer.status_code != _OK:
        raise Broken("the groups are no JSON")
    return any(one.get("name") == group for one in answer.json())


def domain(options: Options, provider: str) -> str:
    """The only domain of e-mail addresses that gets in; "" for any. `openid_connect` has no such option."""
    return "" if provider == "openid_connect" else _text(options, f"{provider}.domain")


def _text(options: Options, name: str) -> str:
    return options.text(f"oauth.{name}")


def _at_gitlab(options: Options, path: str) -> str:
    """An end point below the server, or at its root when it begins with a slash, as URI#+ has it."""
    server = _text(options, "gitlab.server") or _GITLAB
    return urljoin(f"{server.rstrip('/')}/", path)


def _of_gitlab(options: Options, attempt: Attempt, code: str) -> Account:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": attempt.callback,
        "client_id": _text(options, "gitlab.application_id"),
        "client_secret": _text(options, "gitlab.secret"),
    }
    given = _request("POST", _at_gitlab(options, "/oauth/token"), CA_BUNDLE, data=form)
    if given.status_code != _OK:
        raise Failed("Invalid credentials")
    token = given.json()["access_token"]
    page = "user" if options.release >= (2, 5) else "/api/v3/user"
    answer = _request("GET", _at_gitlab(options, page), CA_BUNDLE, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code != _OK:
        raise Failed("Invalid credentials")
    told = answer.json()
    info = {"image": told.get("avatar_url"), **{name: told.get(name) for name in ("name", "username", "email")}}
    return Account("gitlab", str(told.get("id")), info, {"token": token, "expires": False}, told)


def _own_cas() -> str:
    """The CAs by which OpenID providers are judged: a list that came with the HTTP client, or the image's."""
    return CA_BUNDLE if mended("openid_connect") else where()


def _discovered(options: Options) -> Json:
    issuer = _text(options, "openid_connect.issuer")
    answer = _request("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", _own_cas())
    found = cast(Json, answer.json()) if answer.status_code == _OK else {}
    if found.get("issuer") != issuer:
        raise Broken("OpenIDConnect::Discovery::DiscoveryFailed")
    return found


def _of_openid(options: Options, attempt: Attempt, code: str) -> Account:
    found = _discovered(options)
    client = _text(options, "openid_connect.identifier")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": attempt.callback}
    basic = (client, _text(options, "openid_connect.secret"))
    given = _request("POST", found["token_endpoint"], _own_cas(), data=form, auth=basic)
    if given.status_code != _OK:
        raise Broken(f"Rack::OAuth2::Client::Error: {given.text}")
    tokens = given.json()
    keys = jwt.PyJWKSet.from_dict(_request("GET", found["jwks_uri"], _own_cas()).json())
    key = keys[jwt.get_unverified_header(tokens["id_token"])["kid"]]
    try:
        claims = jwt.decode(tokens["id_token"], key, ["RS256"], audience=client, issuer=found["issuer"])
    except jwt.InvalidTokenError as error:
        raise Broken(f"OpenIDConnect::ResponseObject::IdToken::InvalidToken: {error}") from error
    if claims.get("nonce") != attempt.nonce:
        raise Broken("OpenIDConnect::ResponseObject::IdToken::InvalidNonce")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    told = _request("GET", found["userinfo_endpoint"], _own_cas(), headers=bearer).json()
    names = {"nickname": "preferred_username", "first_name": "given_name", "last_name": "family_name"}
    info = {
        "name": told.get("name"),
        "email": told.get("email"),
        **{ours: told.get(its) for ours, its in names.items()},
    }
    credentials = {
        "token": tokens["access_token"],
        **{name: tokens.get(name) for name in ("id_token", "refresh_token")},
    }
    return Account("openid_connect", told.get("sub"), info, credentials, told)


def _request(method: str, url: str, trusted: str, **more: Any) -> requests.Response:
    try:
        return requests.request(method, url, verify=trusted, timeout=_SECONDS, **more)
    except requests.RequestException as error:
        raise Broken(str(error)) from error
