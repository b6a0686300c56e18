"""Somebody outside who tries, all the time, to become the administrator; and a watch on the ports that are open."""

import json
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

from tests.engine.docker.deployment import NAME_LABEL, ROLE_LABEL, Deployment

_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 5
_SUCCESSES = range(200, 300)
BOOTSTRAP = "/api/v1/users/bootstrap"
PAGES = ("/", "/users/sign_up", "/users/sign_in")
ADMINISTRATOR_FIELD = "user[admin]"
"""What the sign-up form holds while whoever fills it in becomes administrator (SUSE/Portus, auth/registrations)."""
_WANTED = {"user": {"username": "stranger", "email": "stranger@example.com", "password": "a stranger's own words"}}


@dataclass
class Stranger:
    """Polls one host name; ``seen`` counts answers by path and status, ``found`` holds ways to become administrator."""

    host: str
    port: int
    seen: Counter[tuple[str, int | str]] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)

    def poll(self) -> None:
        """Look at every page once, over one connection, and try to be the first user."""
        with _connected(self.host, self.port) as connection:
            for path in PAGES:
                self._note(path, *_request(connection, "GET", path, ""))
            self._note(BOOTSTRAP, *_request(connection, "POST", BOOTSTRAP, json.dumps(_WANTED)))

    def try_to_poll(self) -> None:
        """Poll; a door that is closed is noted too."""
        try:
            self.poll()
        except (OSError, HTTPException) as error:
            self.seen["connection", type(error).__name__] += 1

    def _note(self, path: str, status: int, body: str) -> None:
        self.seen[path, status] += 1
        if makes_administrator(path, status, body):
            self.found.append(f"{self.host}{path}: {status} {body[:300]}")


def makes_administrator(path: str, status: int, body: str) -> bool:
    """Whether an answer lets a stranger become administrator, or tells that he has just become it."""
    return ADMINISTRATOR_FIELD in body or (path == BOOTSTRAP and status in _SUCCESSES)


@contextmanager
def _connected(host: str, port: int) -> Iterator[HTTPConnection]:
    """A connection of somebody who does not know the CA."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS) as plain:
        connection = HTTPConnection(host, port)
        connection.sock = context.wrap_socket(plain, server_hostname=host)
        with connection.sock:
            yield connection


def _request(connection: HTTPConnection, method: str, path: str, body: str) -> tuple[int, str]:
    headers = {"Host": f"{connection.host}:{connection.port}", "Content-Type": "application/json"}
    connection.request(method, path, body or None, headers)
    response = connection.getresponse()
    return response.status, response.read().decode(errors="replace")


@dataclass
class PortWatch:
    """Which ports Docker has published for a deployment's containers at any time, as (role, address, port)."""

    deployment: Deployment
    seen: set[tuple[str, str, int]] = field(default_factory=set)

    def look(self) -> None:
        """Look once."""
        labels = {"label": f"{NAME_LABEL}={self.deployment.name}"}
        for container in self.deployment.docker.api.containers(all=True, filters=labels):
            published = [each for each in container["Ports"] or [] if "PublicPort" in each]
            self.seen |= {(container["Labels"][ROLE_LABEL], each["IP"], each["PublicPort"]) for each in published}


@contextmanager
def watching(*looks: Callable[[], None]) -> Iterator[None]:
    """Call each again and again, every 50 ms, until the end; what one of them raises fails the test."""
    ended = threading.Event()
    errors: list[BaseException] = []

    def watch(look: Callable[[], None]) -> None:
        try:
            while not ended.is_set():
                begun = time.monotonic()
                look()
                ended.wait(max(0.0, _POLL_SECONDS - (time.monotonic() - begun)))
        except BaseException as error:
            errors.append(error)

    with ExitStack() as stack:
        for look in looks:
            thread = threading.Thread(target=watch, args=(look,), daemon=True)
            thread.start()
            stack.callback(thread.join)
        stack.callback(ended.set)
        yield
    assert not errors, errors
