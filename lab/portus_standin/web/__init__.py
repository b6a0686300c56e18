"""The stand-in's HTTP side: the registry's API (`/v2`), Portus' own API (`/api/v1`, generation 2) and the pages."""

from __future__ import annotations

import logging

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFError, CSRFProtect  # type: ignore[import-untyped]

from .. import STAND_IN_HEADER
from ..boot import boot
from ..options import Options
from ..settings import Settings
from . import admin, api, api_content, oauth, pages, registry_api, teams
from .context import Portus, close_session, finish_session


def create_app(settings: Settings, options: Options) -> Flask:
    """The application for one process. Needs a database that is ready."""
    app = Flask(__name__)
    app.secret_key = settings.secret_key_base
    app.config.update(
        SESSION_COOKIE_NAME="_portus_session",
        WTF_CSRF_FIELD_NAME="authenticity_token",
        WTF_CSRF_HEADERS=["X-CSRF-Token"],
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.extensions["portus"] = Portus(settings, options)
    csrf = CSRFProtect(app)
    for blueprint in (registry_api.blueprint, api.blueprint, api_content.blueprint):
        csrf.exempt(blueprint)
    app.register_blueprint(registry_api.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(admin.blueprint)
    if settings.generation > 1:
        app.register_blueprint(api.blueprint)
        app.register_blueprint(api_content.blueprint)
        app.register_blueprint(oauth.blueprint)
        app.register_blueprint(teams.blueprint)
    app.register_error_handler(CSRFError, _refuse_forgery)
    app.after_request(finish_session)
    app.after_request(_mark)
    app.teardown_request(close_session)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    boot(settings, options)
    return app


def _refuse_forgery(error: CSRFError) -> tuple[str, int]:
    return f"Can't verify CSRF token authenticity: {error.description}\n", 422


def _mark(response: Response) -> Response:
    response.headers[STAND_IN_HEADER] = "true"
    if request.path.startswith("/api/"):
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response
