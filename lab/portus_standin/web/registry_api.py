"""What registries and their clients use: the token endpoint and the event endpoint.

Sources: SUSE/Portus app/controllers/api/v2/{tokens,events,ping}_controller.rb, app/controllers/api/base_controller.rb.
"""

from __future__ import annotations

import hmac
import logging
import re
from urllib.parse import unquote_plus

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from ..accounts import may_sign_in, user_of_application_token
from ..events import EventError, receive
from ..models import User
from ..releases import mended, webhook_secret
from ..tokens import Asker, ScopeError, authorized_access, encode, find_registry, load_key
from .context import current_user, db, portus, user_of_cookie, user_of_password

log = logging.getLogger(__name__)
blueprint = Blueprint("registry_api", __name__, url_prefix="/v2")


def _unauthorized(message: str) -> Response:
    answer = jsonify(error=message)
    answer.status_code = 401
    answer.headers["WWW-Authenticate"] = 'Basic realm="Application"'
    return answer


@blueprint.get("/")
def ping() -> Response:
    """Whether the credentials are good."""
    return (
        Response(status=200) if current_user() else _unauthorized("You need to sign in or sign up before continuing.")
    )


def _user_of_credentials() -> User | str:
    """A session, an application token, then the password, which counts failures."""
    session_user = user_of_cookie()
    if session_user is not None:
        return session_user
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        user = user_of_application_token(db(), basic.username or "", basic.password or "")
        if user:
            allowed = may_sign_in(user, portus().settings.generation)
            return user if allowed else "Sorry, this account has been disabled."
    return user_of_password() or "You need to sign in or sign up before continuing."


@blueprint.get("/token")
@blueprint.get("/token.json")
def token() -> Response:
    """A token for what the asker may do. Without credentials or session only what everybody may do."""
    user = user_of_cookie()
    if "Authorization" in request.headers:
        found = _user_of_credentials()
        if isinstance(found, str):
            return _unauthorized(found)
        user = found
    state = portus()
    question = rack_query(request.query_string.decode())
    service, scopes = question.get("service", [None])[-1], question.get("scope", [])
    registry = find_registry(db(), service or "", state.options.generation)
    access = []
    if registry is not None:
        try:
            access = authorized_access(Asker(db(), registry, user, state.options), scopes)
        except ScopeError as error:
            log.info("Denied access on these grounds: %s", error)
            return Response(status=401)
    without_scope = registry is not None and not scopes
    key = load_key(state.settings.key_path)
    # Whoever asks says on whose behalf (tokens_controller.rb:35); the registry's events repeat it.
    account = question.get("account", [None])[-1]
    if mended("token_subject"):
        account = user.username if user else None
    return jsonify(encode(key, account, service, None if without_scope else access, state.options))


def rack_query(text: str) -> dict[str, list[str]]:
    """A query as Rack takes it apart: `;` separates too."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"[&;] *", text):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    return found


def _knows_the_secret() -> bool:
    """Whether the request bears what the patch webhook_secret asks registries for."""
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {webhook_secret()}".encode())


@blueprint.post("/webhooks/events")
def events() -> Response:
    """Notifications of the registry. Portus asks nobody who they are here: keep it away from the outside."""
    if mended("webhook_secret") and not _knows_the_secret():
        return Response(status=401)
    body = request.get_json(force=True)
    if not isinstance(body, dict) or not isinstance(body.get("events"), list):
        raise BadRequest("no events")
    state = portus()
    found = [event for event in body["events"] if isinstance(event, dict)]
    try:
        receive(db(), found, state.settings.portus_password, state.options)
    except EventError as error:
        log.error("%s", error)
        return Response(status=500)
    return Response(status=202)
