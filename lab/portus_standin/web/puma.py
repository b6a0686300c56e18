"""What Puma, the web server of generation 2, takes of a request's first line; gunicorn's own bound is switched off.

Source: puma 3.10.0 and 3.12.1 (Gemfile.lock of SUSE/Portus 2.4.3 and v2.5), ext/puma_http11/puma_http11.c:54-57.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import STAND_IN_HEADER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LONGEST_QUERY = 10 * 1024
_LONGEST_PATH = 2048


class Puma:
    """The application behind the bounds; what is longer is a bad request."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, _, query = str(environ["RAW_URI"]).partition("?")
        if len(path) <= _LONGEST_PATH and len(query) <= _LONGEST_QUERY:
            return self._application(environ, start_response)
        start_response("400 Bad Request", [(STAND_IN_HEADER, "true"), ("Content-Length", "0")])
        return [b""]
