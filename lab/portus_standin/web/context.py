"""What every request has: the settings, a database session, and the user.

Sources: SUSE/Portus app/controllers/application_controller.rb, lib/portus/{auth_from_token,checks}.rb,
lib/api/helpers.rb.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Response, abort, current_app, g, redirect, request
from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from .. import database, ldap
from ..accounts import admins, any_user, authenticate, may_sign_in, user_of_application_token
from ..models import Registry, User
from ..options import Options
from ..releases import mended
from ..settings import ROOT, Settings

_SERVER_ERROR = 500
#: Where the first page request's scheme is remembered, for all workers; the start script removes it.
CHECKS_CACHE = ROOT / "tmp/cache/portus-checks"


@dataclass(frozen=True)
class Portus:
    """What the application was started with."""

    settings: Settings
    options: Options


def portus() -> Portus:
    """This application's settings and options."""
    return cast(Portus, current_app.extensions["portus"])


def db() -> Session:
    """This request's database session; committed with the answer."""
    if "db" not in g:
        g.db = Session(database.engine())
    return cast(Session, g.db)


def finish_session(response: Response) -> Response:
    """Commit what the request did, unless it failed inside."""
    if "db" in g and response.status_code < _SERVER_ERROR:
        db().commit()
    return response


def close_session(_: BaseException | None) -> None:
    """Give the connection back."""
    if "db" in g:
        db().close()


def sign_in(user: User) -> None:
    """Remember the user in a new session cookie."""
    cookie.clear()
    cookie["user_id"] = user.id


def user_of_cookie() -> User | None:
    """The user of the session cookie."""
    user = db().get(User, cookie["user_id"]) if "user_id" in cookie else None
    return user if user and may_sign_in(user, portus().settings.generation) else None


def user_of_password() -> User | str | None:
    """The user of Basic credentials with the account's password; a message when wrong, None when there are none."""
    basic = request.authorization
    if basic is None or basic.type != "basic":
        return None
    return _authenticate(basic.username or "", basic.password or "", basic=True)


def user_of_token_header() -> User | None:
    """The user of the header `Portus-Auth: user:token`, whether enabled and unlocked or not."""
    name, token, *_ = [*request.headers.get("Portus-Auth", "").split(":"), "", ""]
    return user_of_application_token(db(), name, token)


def current_user() -> User | None:
    """Who asks for a page: by cookie, by Basic credentials, by application token (2.4)."""
    user = user_of_cookie()
    if user is None:
        by_password = user_of_password()
        user = by_password if isinstance(by_password, User) else None
    if user is None and portus().settings.generation > 1:
        user = user_of_token_header()
        user = user if user and may_sign_in(user, portus().settings.generation) else None
    return user


def api_user() -> User | None:
    """Who asks the API: by cookie or by application token, and nothing else (lib/api/helpers.rb:44).

    Nobody looks there whether the user of a token was disabled (lib/portus/auth_from_token.rb:19).
    """
    remembered = db().get(User, cookie["user_id"]) if "user_id" in cookie else None
    if remembered and not may_sign_in(remembered, portus().settings.generation):
        abort(500)  # Devise's refusal does not get past the API's own framework
    user = remembered or user_of_token_header()
    return None if user and not user.enabled and mended("disabled_users") else user


def is_internal() -> bool:
    """Whether the API is asked with a session, as Portus' own pages do (lib/api/helpers.rb:57)."""
    return user_of_cookie() is not None


def is_secure() -> bool:
    """Whether the client's side is HTTPS, as the proxy says."""
    forwarded = request.headers.get("X-Forwarded-Proto", "").split(",")[0].strip()
    return request.is_secure or forwarded == "https" or request.headers.get("X-Forwarded-Ssl") == "on"


def check_ssl_usage() -> BaseResponse | None:
    """Send every page to the error page if the first one came over plain HTTP: Portus looks once and remembers."""
    cache = CHECKS_CACHE
    if not cache.exists():
        wrong = portus().options.enabled("check_ssl_usage") and not is_secure()
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text("wrong" if wrong else "right")
    return redirect("/500?fixes=true") if cache.read_text() == "wrong" else None


def signup_allowed() -> bool:
    """Whether people may sign up."""
    return portus().options.enabled("signup")


def first_user_becomes_admin() -> bool:
    """Whether the sign-up form makes an administrator now."""
    return portus().options.enabled("first_user_admin") and not admins(db())


def nobody_signed_up() -> bool:
    """Whether there is no user but the hidden one."""
    return not any_user(db())


def any_registry() -> bool:
    """Whether the registry record exists."""
    return db().scalar(select(Registry.id)) is not None


def authenticate_form(username: str, password: str) -> User | str:
    """The user of the sign-in form, or why not."""
    return _authenticate(username, password)


def _authenticate(username: str, password: str, *, basic: bool = False) -> User | str:
    """By LDAP and nothing else if it is on and the user does not skip it, else by the database."""
    options = portus().options
    account, named = request.values.get("account", ""), request.values.get("user[username]")
    attempt = ldap.Attempt(username, password, account)
    if basic and named is not None and not ldap.PATCH.exists():
        # Parameters come before Basic credentials for LDAP, not for the database (authenticatable.rb:67).
        attempt = ldap.Attempt(named, request.values.get("user[password]", ""), account)
    if ldap.skips(db(), attempt, options):
        return authenticate(db(), username, password, options.generation)
    try:
        return ldap.sign_in(db(), attempt, options)
    except ldap.Refused as refused:
        return str(refused)
