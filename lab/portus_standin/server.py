"""gunicorn's configuration: which address, over TLS or not, how many workers.

Generation 2 is Puma's place (SUSE/Portus 2.4.3 config/puma.rb), generation 1 Apache's: its two ports are two of these,
told apart by PORTUS_STAND_IN_PLAIN_HTTP.
"""

from __future__ import annotations

import logging
import os
import ssl
import sys
from typing import TYPE_CHECKING

from . import database
from .settings import generation_of

if TYPE_CHECKING:
    from collections.abc import Callable

_GENERATION_1_CERTIFICATE, _GENERATION_1_KEY = "/certificates/portus-ca.crt", "/secrets/portus.key"
PLAIN_HTTP_VARIABLE = "PORTUS_STAND_IN_PLAIN_HTTP"


def _certificate() -> tuple[str, str] | None:
    """Certificate and key, or None for plain HTTP."""
    if generation_of() == 1:
        return None if os.environ.get(PLAIN_HTTP_VARIABLE) else (_GENERATION_1_CERTIFICATE, _GENERATION_1_KEY)
    if "PORTUS_PUMA_TLS_KEY" not in os.environ:
        return None
    files = os.environ.get("PORTUS_PUMA_TLS_CERT", ""), os.environ["PORTUS_PUMA_TLS_KEY"]
    if not all(files):
        sys.exit(
            "PORTUS_PUMA_TLS_KEY is set: it and PORTUS_PUMA_TLS_CERT have to name files (unset both for plain HTTP)"
        )
    return files


def _address() -> str:
    if generation_of() > 1:
        return os.environ.get("PORTUS_PUMA_HOST", "0.0.0.0:3000")
    return "0.0.0.0:80" if os.environ.get(PLAIN_HTTP_VARIABLE) else "0.0.0.0:443"


def _context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        sys.exit(f"cannot use {certificate} with {key}: {error}")
    return context


bind = [_address()]
worker_class = "gthread"
workers = int(os.environ.get("PORTUS_PUMA_WORKERS") or (4 if generation_of() > 1 else 2))
threads = int(os.environ.get("PORTUS_PUMA_MAX_THREADS") or 4)
preload_app = True
# The most that Apache takes (LimitRequestLine); Puma's bounds are portus_standin.web.puma's.
limit_request_line = 8190 if generation_of() == 1 else 0
wsgi_app = "portus_standin.application:make()"
accesslog = "-"
# Method, path without the query, status, size, seconds: nothing of a request that could be secret.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(L)s'
loglevel = "warning"
timeout = 150
graceful_timeout = 10
control_socket_disable = True

if generation_of() == 1:
    user, group = "wwwrun", "www"

if files := _certificate():
    certfile, keyfile = files
    # Loaded once and before privileges are dropped, as Apache does: the application itself may be unable to read it.
    _tls = _context(*files)

    def ssl_context(_: object, __: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        """The context made at the start."""
        return _tls


def post_fork(_: object, __: object) -> None:
    """Connections of the parent are not the worker's."""
    database.engine().dispose(close=False)
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
