"""Connections to a Docker engine through the system's `ssh` program.

The remote end is `docker system dial-stdio`, as the Docker client does it (docker/cli, `cli/connhelper`), so that
`~/.ssh/config`, agents and jump hosts work. No password is ever asked for: there is no terminal.
"""

import shlex
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests.adapters
import urllib3
import urllib3.connection
from docker.transport.basehttpadapter import BaseHTTPAdapter

_CONNECT_TIMEOUT = "ConnectTimeout=30"  # seconds; the Docker client's own


@dataclass(frozen=True)
class SshTarget:
    """`ssh://[user@]host[:port][/path/of/docker.sock]`. Raises `ValueError` for anything else."""

    host: str
    user: str | None
    port: int | None
    path: str

    @classmethod
    def parse(cls, url: str) -> "SshTarget":
        parts = urlsplit(url)
        if parts.scheme != "ssh" or not parts.hostname:
            raise ValueError(f"invalid SSH URL: {url}")
        if parts.password is not None:
            raise ValueError("plain-text password is not supported in an SSH URL")
        if parts.query or parts.fragment:
            raise ValueError(f"extra query or fragment in SSH URL: {url}")
        if parts.hostname.startswith("-") or (parts.username or "").startswith("-"):
            raise ValueError(f"invalid SSH URL: {url}")  # ssh would read it as an option
        return cls(parts.hostname, parts.username, parts.port, parts.path if parts.path.strip("/") else "")

    def command(self, options: Sequence[str]) -> list[str]:
        """The `ssh` command line that reaches the remote engine.

        ssh takes the first value of an option, so that user and port of the URL win over those of `options`. The remote
        command is one argument, quoted, because a shell reads it there.
        """
        given = any("ConnectTimeout" in option for option in options)
        command = ["ssh", *(["-l", self.user] if self.user else []), *(["-p", str(self.port)] if self.port else [])]
        command += [*options, *([] if given else ["-o", _CONNECT_TIMEOUT]), *([] if "-T" in options else ["-T"])]
        remote = ["docker", *([f"--host=unix://{self.path}"] if self.path else []), "system", "dial-stdio"]
        return [*command, "--", self.host, shlex.join(remote)]


class _SshConnection(urllib3.connection.HTTPConnection):
    """An HTTP connection whose other end is an `ssh` process."""

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__("localhost", timeout=None)
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                self._command, stdin=theirs.fileno(), stdout=theirs.fileno(), start_new_session=True
            )
        self.sock = ours

    def close(self) -> None:
        super().close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


class _SshPool(urllib3.HTTPConnectionPool):
    def __init__(self, command: Sequence[str]) -> None:
        super().__init__("localhost", timeout=None, maxsize=256)
        self._command = command

    def _new_conn(self) -> _SshConnection:
        return _SshConnection(self._command)


class SshAdapter(BaseHTTPAdapter):
    """Sends the Docker SDK's requests through `ssh`."""

    def __init__(self, url: str, options: Sequence[str]) -> None:
        self._pool = _SshPool(SshTarget.parse(url).command(options))
        super().__init__()

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: object, proxies: object = None, cert: object = None
    ) -> urllib3.HTTPConnectionPool:
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: object) -> str:
        return request.path_url

    def close(self) -> None:
        self._pool.close()
        super().close()
