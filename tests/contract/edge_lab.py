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

from components.portus.roles import edge_hold
from components.portus.roles.edge import _START_SCRIPT
from components.portus.roles.edge_configuration import OUTSIDE_PORT, UPSTREAMS, EdgeNames, nginx_configuration
from tests.contract.standin_harness import TEST_LABEL, Lab, docker, lab, logs, wait_until
from tests.contract.standin_settings import FQDN, PUBLIC_REGISTRY_NAME

INSIDE_PORT = 8443
_EDGE, _PYTHON = "portus-stack.lab/edge:1.22", "portus-stack.lab/python:3.11"
_COMMAND = (
    *("sh", "/etc/portus-stack/start.sh", "/etc/portus-stack/nginx.conf", UPSTREAMS, "portus:3000", "registry:5000"),
)
LARGE = 64 * 1024 * 1024
"""Bytes of a layer that the registry sends: more than lies in all buffers on the way to who does not read."""
PAGE = 3 * 1024 * 1024
"""Bytes of a large file that Portus sends."""
_ECHO = f"""\
import json, socket, ssl, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

busy = set()

class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        busy.add(self)
        try:
            if "/large" in self.path or "/blobs/sha256:" in self.path:
                self.send_large({PAGE} if "/large" in self.path else {LARGE})
            else:
                self.tell()
        finally:
            busy.discard(self)

    def send_large(self, size):
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        for _ in range(size // 65536):
            self.wfile.write(bytes(65536))

    def tell(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1")
        told = {{"role": sys.argv[1], "method": self.command, "path": self.path, "body": body, "busy": len(busy)}}
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

class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    request_queue_size = 100

server = Server(("", int(sys.argv[2])), Echo)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/lab/tls.crt", "/lab/tls.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; ``passed`` is what the role behind the edge was asked, None when the edge answered by itself.

    ``busy`` in it are the requests that the role was answering then, this one included.
    """

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


@dataclass(frozen=True)
class Proxies:
    """What the edge knows of proxies in front of it.

    ``trusted``: this machine is one. ``preface`` is what it sends first, in the PROXY protocol.
    """

    trusted: bool = False
    preface: bytes = b""
    inside_addresses: tuple[str, ...] = ()


class EdgeLab:
    """The edge, as outsiders reach it and as the roles inside do."""

    def __init__(
        self, laboratory: Lab, host: str, registry_host: str, figures: Mapping[str, str], proxies: Proxies = Proxies()
    ) -> None:
        self._lab, self.host, self.registry_host = laboratory, host, registry_host
        self.gateway = docker(
            "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", laboratory.network
        )
        self.preface = proxies.preface
        self._context = ssl.create_default_context(cafile=str(laboratory.folder / "ca/ca.crt"))
        names = EdgeNames(
            *(host, registry_host, INSIDE_PORT, 0, "portus:3000", "registry:5000"),
            inside_addresses=proxies.inside_addresses,
            trusted_proxies=(f"{self.gateway}/32",) if proxies.trusted else (),
            proxy_protocol=bool(proxies.preface),
        )
        folder = laboratory.folder
        configuration = nginx_configuration(names)
        for figure, other in figures.items():
            configuration, found = re.subn(figure, other, configuration)
            assert found, figure
        ours = {"nginx.conf": configuration, "start.sh": _START_SCRIPT, "hold.sh": edge_hold.SCRIPT}
        for name, text in (ours | {"echo.py": _ECHO}).items():
            (folder / name).write_text(text, encoding="utf-8")
        pairs = {"ca.crt": "ca/ca.crt", "edge.crt": "tls.crt", "edge.key": "tls.key"}
        mounts = [f"--volume={folder / source}:/etc/portus-stack/{name}:ro" for name, source in pairs.items()]
        mounts += [f"--volume={folder / name}:/etc/portus-stack/{name}:ro" for name in ours]
        roles = self.roles = {role: self._echo(role, port) for role, port in (("portus", 3000), ("registry", 5000))}
        if laboratory.six:
            mounts += [f"--add-host={role}:{laboratory.address(container)}" for role, container in roles.items()]
        limits = ("--memory=256m", "--memory-swap=256m", "--ulimit=nofile=16384:16384")
        self._options = (*mounts, *limits, "--read-only", "--tmpfs=/tmp:size=64m")
        self.container = laboratory.start("edge", _EDGE, *self._options, command=_COMMAND)
        self.address = laboratory.address(self.container)
        wait_until(self._answers, "the edge answers", lambda: logs(self.container))

    def _echo(self, role: str, port: int) -> str:
        command = ("python3", "/lab/echo.py", role, str(port))
        return self._lab.start(role, _PYTHON, f"--volume={self._lab.folder}:/lab:ro", "--user=0", command=command)

    @property
    def folder(self) -> Path:
        """Where files for containers may lie."""
        return self._lab.folder

    def alone(self, *options: str) -> str:
        """Start one more edge without a network, with more options of `docker run`; its container."""
        label = f"--label={TEST_LABEL}={self._lab.identity}"
        return docker("run", "--detach", label, "--network=none", *self._options, *options, _EDGE, *_COMMAND)

    def _answers(self) -> bool:
        try:
            return self.get("/").passed is not None and self.get("/v2/", host=self.registry_host).passed is not None
        except OSError:
            return False

    def connection(self, inside: bool = False, host: str = "", buffer: int = 0) -> HTTPSConnection:
        """A connection that several requests may share; ``buffer`` bytes may lie here unread, 0: any number."""
        name, port = host or self.host, INSIDE_PORT if inside else OUTSIDE_PORT
        connection = HTTPSConnection(name, port, context=self._context, timeout=30)
        plain = socket.socket(socket.AF_INET6 if ":" in self.address else socket.AF_INET)
        plain.settimeout(30)
        if buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.connect((self.address, port))
        if not inside:
            plain.sendall(self.preface)
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
def edge_lab(  # noqa: PLR0913 - what makes an edge
    folder: Path,
    *,
    one_host: bool = False,
    limited: bool = True,
    figures: Mapping[str, str] | None = None,
    six: bool = False,
    proxies: Proxies = Proxies(),
) -> Iterator[EdgeLab]:
    """The edge for two host names, or for one.

    Args:
        limited: False takes the limits on how often one comes away, where a test comes often.
        figures: expressions for words of the configuration, and what stands there instead.
        six: clients and roles come by IPv6.
        proxies: whom it believes who the client is.
    """
    others = {} if limited else {"burst=[0-9]+": "burst=1000000"}
    with lab(folder, six=six) as laboratory:
        registry_host = FQDN if one_host else PUBLIC_REGISTRY_NAME
        yield EdgeLab(laboratory, FQDN, registry_host, {**others, **(figures or {})}, proxies)
