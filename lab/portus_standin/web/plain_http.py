"""Port 80 of generation 1: everything but the event endpoint is sent to HTTPS, and the path gets lost on the way.

Source: openSUSE/docker-containers portus-2.2 docker/apache.conf: the rewrite rule names a group that its
pattern does not have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import STAND_IN_HEADER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_EVENTS = "/v2/webhooks/events"


class PlainHttp:
    """The application behind the redirection."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if str(environ.get("PATH_INFO", "")).startswith(_EVENTS):
            return self._application(environ, start_response)
        host = str(environ.get("HTTP_HOST", "localhost")).split(":")[0]
        start_response(
            "302 Found", [("Location", f"https://{host}/"), (STAND_IN_HEADER, "true"), ("Content-Length", "0")]
        )
        return [b""]
