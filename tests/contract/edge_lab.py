"""A real nginx with the edge's configuration, and behind it, for both roles, a server that tells what it was asked."""

from __future__ import annotations

import json
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

from components.portus.roles.edge import _START_SCRIPT
from components.portus.roles.edge_configuration import OUTSIDE_PORT, UPSTREAMS, EdgeNames, nginx_configuration
from tests.contract.standin_harness import Lab, lab, logs, wait_until
from tests.contract.standin_settings import FQDN, PUBLIC_REGISTRY_NAME

INSIDE_PORT = 8443
_EDGE, _PYTHON = "portus-stack.lab/edge:1.22", "portus-stack.lab/python:3.11"
_ECHO = """\
import json, ssl, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1")
        told = {"role": sys.argv[1], "method": self.command, "path": self.path, "body": body}
        told["headers"] = [[name.lower(), value] for name, value in self.headers.items()]
        content = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Set-Cookie", "_portus_session=given; path=/; HttpOnly")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *arguments):
        pass

server = ThreadingHTTPServer(("", int(sys.argv[2])), Echo)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/lab/tls.crt", "/lab/tls.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; ``passed`` is what the role behind the edge was asked, None when the edge answered by itself."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def passed(self) -> dict[str, Any] | None:
        if self.status != 200 or not self.body.startswith(b'{"role"'):
            return None
        told: dict[str, Any] = json.loads(self.body)
        return told


def basic(user: str | bytes, password: str = "wrong") -> dict[str, str]:
    """The header of Basic credentials."""
    name = user.encode() if isinstance(user, str) else user
    return {"Authorization": f"Basic {b64encode(name + b':' + password.encode()).decode()}"}


class EdgeLab:
    """The edge, as outsiders reach it and as the roles inside do."""

    def __init__(self, laboratory: Lab, host: str, registry_host: str, limited: bool) -> None:
        self._lab, self.host, self.registry_host = laboratory, host, registry_host
        self._context = ssl.create_default_context(cafile=str(laboratory.folder / "ca/ca.crt"))
        names = EdgeNames(host, registry_host, INSIDE_PORT, 0, "portus:3000", "registry:5000")
        folder = laboratory.folder
        configuration = nginx_configuration(names)
        if not limited:
            configuration = re.sub("burst=[0-9]+", "burst=1000000", configuration)
        for name, text in (("nginx.conf", configuration), ("start.sh", _START_SCRIPT), ("echo.py", _ECHO)):
            (folder / name).write_text(text, encoding="utf-8")
        pairs = {"ca.crt": "ca/ca.crt", "edge.crt": "tls.crt", "edge.key": "tls.key"}
        mounts = [f"--volume={folder / source}:/etc/portus-stack/{name}:ro" for name, source in pairs.items()]
        mounts += [f"--volume={folder / name}:/etc/portus-stack/{name}:ro" for name in ("nginx.conf", "start.sh")]
        for role, port in (("portus", 3000), ("registry", 5000)):
            command = ("python3", "/lab/echo.py", role, str(port))
            laboratory.start(role, _PYTHON, f"--volume={folder}:/lab:ro", "--user=0", command=command)
        start = ("sh", "/etc/portus-stack/start.sh", "/etc/portus-stack/nginx.conf", UPSTREAMS)
        self.container = laboratory.start(
            "edge", _EDGE, *mounts, "--read-only", "--tmpfs=/tmp", command=(*start, "portus:3000", "registry:5000")
        )
        self.address = laboratory.address(self.container)
        wait_until(self._answers, "the edge answers", lambda: logs(self.container))

    def _answers(self) -> bool:
        try:
            return self.get("/").passed is not None and self.get("/v2/", host=self.registry_host).passed is not None
        except OSError:
            return False

    def connection(self, inside: bool = False, host: str = "") -> HTTPSConnection:
        """A connection that several requests may share."""
        name, port = host or self.host, INSIDE_PORT if inside else OUTSIDE_PORT
        connection = HTTPSConnection(name, port, context=self._context, timeout=30)
        plain = socket.create_connection((self.address, port), timeout=30)
        connection.sock = self._context.wrap_socket(plain, server_hostname=name)
        return connection

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, *, inside: bool = False, host: str = ""
    ) -> Answer:
        """One GET on a connection of its own."""
        return self.request("GET", path, headers, inside=inside, host=host)

    def request(  # noqa: PLR0913 - what makes a request, and from where
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        inside: bool = False,
        host: str = "",
    ) -> Answer:
        """One request on a connection of its own."""
        connection = self.connection(inside, host)
        try:
            return ask(connection, method, path, headers, body)
        finally:
            connection.close()


def ask(
    connection: HTTPSConnection,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """One request; the path goes out byte by byte as it is."""
    connection.putrequest(method, "/", skip_host="Host" in (headers or {}), skip_accept_encoding=True)
    connection._buffer[0] = f"{method} {path} HTTP/1.1".encode("latin-1")  # type: ignore[attr-defined]
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    return Answer(response.status, dict(response.getheaders()), response.read())


@contextmanager
def edge_lab(folder: Path, *, one_host: bool = False, limited: bool = True) -> Iterator[EdgeLab]:
    """The edge for two host names, or for one; without limits on how often one comes, where a test comes often."""
    with lab(folder) as laboratory:
        yield EdgeLab(laboratory, FQDN, FQDN if one_host else PUBLIC_REGISTRY_NAME, limited)
