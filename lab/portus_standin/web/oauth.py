"""Signing in by OAuth: to a provider and back, and the page that asks somebody new for a user name.

Sources: SUSE/Portus 2.4.3 and v2.5 app/controllers/auth/omniauth_{callbacks,registrations}_controller.rb,
app/models/user.rb; omniauth 1.9.0, Devise 4.4.0 and 4.6.2 app/controllers/devise/omniauth_callbacks_controller.rb.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask import session as cookie
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from .. import oauth
from ..accounts import PORTUS_USER, Invalid, NewUser, create_user, find_user, may_sign_in
from ..models import User
from ..releases import mended
from .context import check_ssl_usage, current_user, db, is_secure, portus, sign_in

log = logging.getLogger(__name__)
blueprint = Blueprint("oauth", __name__)
Page = str | BaseResponse | tuple[str, int]

_KEY = "omniauth.auth"
_STATE, _NONCE = "omniauth.state", "omniauth.nonce"
_MOST_IN_A_COOKIE = 4096
_MOST_TRIES = 999
_PASSWORD_LETTERS = 20
#: What a session holds beside: its id, the token of forms.
_BESIDE = {"session_id": "0" * 32, "_csrf_token": "0" * 44}


@blueprint.before_request
def only_what_is_on() -> BaseResponse | None:
    """Without a strategy the request goes on to check_user, which knows nobody."""
    provider = (request.view_args or {}).get("provider")
    if provider is None or provider in portus().options.providers():
        return None
    if provider not in portus().options.known_providers():
        raise NotFound()
    return redirect(url_for("pages.sign_in_form"))


@blueprint.get("/users/auth/<provider>")
def to_provider(provider: str) -> Page:
    """Send the browser to the provider."""
    attempt = _attempt(provider, secrets.token_hex(24), secrets.token_hex(16))
    try:
        address = oauth.address(portus().options, attempt)
    except oauth.Broken as error:
        return _broken(error)
    cookie[_STATE], cookie[_NONCE] = attempt.state, attempt.nonce
    return redirect(address)


@blueprint.get("/users/auth/<provider>/callback")
def from_provider(provider: str) -> Page:
    """Somebody came back: signed in by the e-mail address, or asked for a user name."""
    state = cookie.pop(_STATE, "")
    attempt = _attempt(provider, state, cookie.pop(_NONCE, ""))
    if refusal := request.args.get("error"):
        return _failed(provider, refusal.replace("_", " ").capitalize())
    if not state or request.args.get("state") != state:
        return ("401 Unauthorized", 401) if provider == "openid_connect" else _failed(provider, "Csrf detected")
    try:
        found = oauth.account(portus().options, attempt, request.args.get("code", ""))
        return check_ssl_usage() or _let_in(found)
    except oauth.Failed as error:
        return _failed(provider, str(error))
    except oauth.Broken as error:
        return _broken(error)


@blueprint.get("/users/oauth")
def registration_form() -> Page:
    """Ask somebody new for a user name."""
    if elsewhere := check_ssl_usage():
        return elsewhere
    if _KEY not in cookie:
        return redirect(url_for("pages.sign_in_form"))
    info = cookie[_KEY]["info"]
    return render_template("oauth.html", username=_suggested(info), display_name=info.get("name") or "")


@blueprint.post("/users/oauth")
def registration_submit() -> Page:
    """Make the user."""
    if elsewhere := check_ssl_usage():
        return elsewhere
    if _KEY not in cookie:
        if portus().options.release >= (2, 5):
            return _broken(oauth.Broken("undefined method `[]' for nil"))
        return _again("undefined method `[]' for nil:NilClass")
    email = cookie[_KEY]["info"].get("email") or ""
    wanted: str | None = request.form.get("user[display_name]", "")
    taken = db().scalar(select(User.id).where(User.display_name == wanted)) is not None
    if mended("oauth_registration"):
        wanted = None if taken or not wanted else wanted
    elif taken:
        return _not_unique()
    new = NewUser(request.form.get("user[username]", ""), email, secrets.token_hex(_PASSWORD_LETTERS // 2))
    try:
        user = create_user(db(), new)
    except Invalid as error:
        return _again("\n".join(Invalid.sentences(error.errors)))
    user.display_name = wanted
    sign_in(user)
    flash(f"Successfully registered as '{user.username}'!")
    return redirect("/")


def _not_unique() -> Page:
    """Display names are unique in the database alone; 2.4 shows what it says."""
    reason = "Mysql2::Error: Duplicate entry for key 'index_users_on_display_name'"
    return _broken(oauth.Broken(reason)) if portus().options.release >= (2, 5) else _again(reason)


def _attempt(provider: str, state: str, nonce: str) -> oauth.Attempt:
    host = request.host_url.replace("http://", "https://") if is_secure() else request.host_url
    return oauth.Attempt(provider, f"{host}users/auth/{provider}/callback", state, nonce)


def _let_in(found: oauth.Account) -> Page:
    """check_user, with what the patches change of it."""
    if refusal := (_refusal(found) if mended("oauth_identity") else None) or _outside(found):
        return _sign_in_page(refusal)
    user = _user_of(found.info.get("email"))
    if user is None:
        return _ask_for_a_name(found)
    if not may_sign_in(user, portus().settings.generation):
        return _sign_in_page("Sorry, this account has been disabled.")
    sign_in(user)
    return redirect("/" if user.email else url_for("pages.profile"))


def _refusal(found: oauth.Account) -> str | None:
    """Why nobody gets in by this, with the patch `oauth_identity`."""
    email = found.info.get("email")
    if not isinstance(email, str) or "@" not in email:
        return "Your account has no email address."
    if str(found.told.get("email_verified")).lower() == "false":
        return "Your email address is not verified."
    user = _user_of(email)
    if user and (user.username == PORTUS_USER or (user.email or "").encode().lower() != email.encode().lower()):
        return "Your email address is somebody else's."
    return None


def _outside(found: oauth.Account) -> str | None:
    """Why somebody is not one of those who are let in: the address's domain, the group. Raises Broken."""
    if wanted := oauth.domain(portus().options, found.provider):
        if found.info.get("email") is None:
            raise oauth.Broken("undefined method `match' for nil")
        _, _, domain = found.info["email"].partition("@")
        if domain != wanted:
            return f"Email addresses on the domain {domain} aren't allowed."
    return None if oauth.in_group(portus().options, found) else "The Gitlab account isn't in allowed group."


def _user_of(email: str | None) -> User | None:
    """The first user whom the database finds by an address; without one whoever has none."""
    return db().scalar(select(User).where(User.email == email).order_by(User.id))


def _ask_for_a_name(found: oauth.Account) -> Page:
    kept = found.in_session()
    if _cookie_size(kept) > _MOST_IN_A_COOKIE:
        return _broken(oauth.Broken("ActionDispatch::Cookies::CookieOverflow"))
    cookie[_KEY] = kept
    return redirect(url_for("oauth.registration_form"))


def _cookie_size(kept: Mapping[str, object]) -> int:
    """The session as Rails puts it into a cookie: JSON, encrypted, in base64, and signed, in base64 again."""
    plain = len(json.dumps({**_BESIDE, _KEY: kept}, separators=(",", ":")))
    inner = _base64((plain // 16 + 1) * 16) + len("--") + _base64(16)
    return _base64(inner) + len("--") + 40


def _base64(size: int) -> int:
    return 4 * -(-size // 3)


def _suggested(info: Mapping[str, str | None]) -> str:
    """A user name that is free, as User#suggest_username finds it."""
    wanted = info.get("nickname") or info.get("username") or (info.get("email") or "").partition("@")[0]
    candidate, number = wanted, 1
    while find_user(db(), candidate) and number < _MOST_TRIES:
        candidate, number = f"{wanted}_{number:02}", number + 1
    return candidate


def _failed(provider: str, reason: str) -> BaseResponse:
    kind = oauth.KINDS.get(provider, provider)
    return _sign_in_page(f'Could not authenticate you from {kind} because "{reason}".')


def _sign_in_page(alert: str) -> BaseResponse:
    flash(alert)
    return redirect("/" if current_user() else url_for("pages.sign_in_form"))


def _again(alert: str) -> BaseResponse:
    flash(alert)
    return redirect(url_for("oauth.registration_form"))


def _broken(error: oauth.Broken) -> Page:
    log.error("%s", error)
    abort(500)
