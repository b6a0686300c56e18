"""The client of one Docker engine.

The Docker SDK is imported here, in `tls_client.py` and in `ssh.py` only, with the first connection: it takes longer
than the rest of the plugin's start.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING

from toolchain.plugins.docker.configuration import Configuration
from toolchain.plugins.framework import ProviderError

if TYPE_CHECKING:
    from docker import APIClient, TLSConfig

_TIMEOUT = 20 * 60  # seconds without an answer; operations have limits of their own
_POOL = 256  # connections that are kept; as many requests as the plugin serves at once
_OLDEST_VERSION = "1.40"  # Docker Engine 19.03; asks for the version only
_SSH_URL = "http://ssh.invalid:2375"  # never resolved: the transport is a process
_NO_DAEMON = (
    "docker native provider returned an unexpected error from Configure: failed to connect to any docker daemon"
)


class Connection:
    """Connects with the first use, in any thread, and keeps the client."""

    def __init__(self) -> None:
        self._configuration: Configuration | None = None
        self._client: APIClient | None = None
        self._lock = Lock()
        self.cancelled = Event()

    def configure(self, configuration: Configuration) -> None:
        """Take the configuration and make sure that the engine answers, as the official plugin does at every preview:
        an SSH host is not asked, and without an explicit host the user's own sockets are tried too. Raises
        `ProviderError`.
        """
        self._configuration = configuration
        if configuration.host.startswith("ssh://"):
            return
        hosts = [configuration.host]
        if not configuration.host_given:
            home = Path.home() / ".docker"
            hosts += [f"unix://{home}/{folder}/docker.sock" for folder in ("run", "desktop")]
        failures = []
        for host in hosts:
            try:
                self._client = _connect(configuration, host)
            except ProviderError as error:
                failures.append(str(error))
            else:
                return
        raise ProviderError(f"{_NO_DAEMON}: {failures[0]}")

    @property
    def configuration(self) -> Configuration:
        if self._configuration is None:
            raise ProviderError("the Docker provider was not configured")
        return self._configuration

    def client(self) -> "APIClient":
        """The engine's client. Raises `ProviderError` when the engine does not answer."""
        with self._lock:
            if self._client is None:
                self._client = _connect(self.configuration, self.configuration.host)
            return self._client


def _connect(configuration: Configuration, host: str) -> "APIClient":
    from docker.errors import DockerException  # noqa: PLC0415 - loaded with the first connection, see above

    from toolchain.plugins.docker.tls_client import TlsClient  # noqa: PLC0415

    problem = f"Error pinging Docker server, please make sure that {host} is reachable and has a  '_ping' endpoint."
    try:
        if host.startswith("ssh://"):
            return _over_ssh(host, configuration)
        with _tls(configuration) as tls:
            return TlsClient(host, version="auto", timeout=_TIMEOUT, tls=tls or False, max_pool_size=_POOL)
    except (DockerException, OSError, ValueError) as error:
        raise ProviderError(f"{problem} Error: {error}") from error


def _over_ssh(host: str, configuration: Configuration) -> "APIClient":
    # The SDK's own SSH transport knows no options, so ours is put in its place before anything is sent.
    asked = _ssh_client(host, configuration, _OLDEST_VERSION).version(api_version=False)["ApiVersion"]
    return _ssh_client(host, configuration, str(asked))


def _ssh_client(host: str, configuration: Configuration, version: str) -> "APIClient":
    from docker import APIClient  # noqa: PLC0415

    from toolchain.plugins.docker.ssh import SshAdapter  # noqa: PLC0415

    client = APIClient(_SSH_URL, version=version, timeout=_TIMEOUT)
    client.mount(_SSH_URL, SshAdapter(host, configuration.ssh_options))
    return client


@contextmanager
def _tls(configuration: Configuration) -> "Iterator[TLSConfig | None]":
    if configuration.certificate_folder:
        yield _tls_config(Path(configuration.certificate_folder))
    elif configuration.certificate:
        # The SDK takes files only. It reads them with each new connection, so they live as long as the process.
        folder = tempfile.TemporaryDirectory(prefix="portus-stack-docker-tls-")
        _KEPT.append(folder)
        for name, material in (
            ("ca.pem", configuration.ca),
            ("cert.pem", configuration.certificate),
            ("key.pem", configuration.key),
        ):
            path = Path(folder.name) / name
            path.touch(mode=0o600)
            path.write_text(material)
        yield _tls_config(Path(folder.name))
    else:
        yield None


_KEPT: "list[tempfile.TemporaryDirectory[str]]" = []


def _tls_config(folder: Path) -> "TLSConfig":
    from docker import TLSConfig  # noqa: PLC0415

    certificate = (str(folder / "cert.pem"), str(folder / "key.pem"))
    return TLSConfig(client_cert=certificate, ca_cert=str(folder / "ca.pem"), verify=True)
