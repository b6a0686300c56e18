"""What registries and their clients use: the token endpoint and the event endpoint.

Sources: SUSE/Portus app/controllers/api/v2/{tokens,events,ping}_controller.rb, app/controllers/api/base_controller.rb.
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from ..accounts import user_of_application_token
from ..events import receive
from ..models import User
from ..tokens import Asker, ScopeError, authorized_access, encode, find_registry, load_key
from .context import current_user, db, portus, user_of_password

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
    """An application token first, then the password, which counts failures."""
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        user = user_of_application_token(db(), basic.username or "", basic.password or "")
        if user:
            return user
    return user_of_password() or "You need to sign in or sign up before continuing."


@blueprint.get("/token")
def token() -> Response:
    """A token for what the asker may do. Without credentials only what everybody may do."""
    user: User | None = None
    if "Authorization" in request.headers:
        found = _user_of_credentials()
        if isinstance(found, str):
            return _unauthorized(found)
        user = found
    state = portus()
    service, scopes = request.args.get("service"), request.args.getlist("scope")
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
    return jsonify(encode(key, request.args.get("account"), service, None if without_scope else access, state.options))


@blueprint.post("/webhooks/events")
def events() -> Response:
    """Notifications of the registry. Portus asks nobody who they are here: keep it away from the outside."""
    body = request.get_json(force=True)
    if not isinstance(body, dict) or not isinstance(body.get("events"), list):
        raise BadRequest("no events")
    state = portus()
    found = [event for event in body["events"] if isinstance(event, dict)]
    receive(db(), found, state.settings.portus_password, state.options)
    return Response(status=202)
