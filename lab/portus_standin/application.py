"""The WSGI application as gunicorn loads it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .options import Options
from .server import PLAIN_HTTP_VARIABLE
from .settings import read
from .web import create_app
from .web.context import CHECKS_CACHE
from .web.plain_http import PlainHttp
from .web.puma import Puma

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def make() -> WSGIApplication:
    """The application with the process' settings; on port 80 of generation 1 behind the redirection."""
    settings = read()
    CHECKS_CACHE.unlink(missing_ok=True)
    app = create_app(settings, Options.of_process(settings.generation))
    if settings.generation > 1:
        return Puma(app.wsgi_app)
    return PlainHttp(app.wsgi_app) if os.environ.get(PLAIN_HTTP_VARIABLE) else app
