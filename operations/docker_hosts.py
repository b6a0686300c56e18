"""The Docker hosts of a stack, as its state names them, and connections to them."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from docker import APIClient, TLSConfig
from docker.errors import DockerException

from .console import OperationError
from .engine import Engine
from .ssh_tunnel import tunnel
from .stack import DEFAULT_DOCKER_HOST
from .state import Resource, State, is_encrypted, plain

_TIMEOUT_SECONDS = 60
_MATERIAL = {"caMaterial": "ca.pem", "certMaterial": "cert.pem", "keyMaterial": "key.pem"}
"""Input of the Docker provider → file name."""


@dataclass(frozen=True)
class DockerHost:
    """How to reach one Docker daemon.

    Attributes:
        address: ``unix://``, ``ssh://`` or ``tcp://`` URL.
        ssh_options: options of the `ssh` program.
        material: PEM texts by file name, for ``tcp://`` with client certificates; never shown.
        certificate_folder: a folder with those files instead.
    """

    address: str
    ssh_options: tuple[str, ...] = ()
    material: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    certificate_folder: str = ""


def hosts_of(state: State, engine: Engine) -> dict[str, DockerHost]:
    """Hosts on which the state has or may have something, by the URN of their provider.

    Keys that are secret are decrypted in memory only.
    """
    used = {each.provider for each in (*state.docker_resources, *(operation.resource for operation in state.pending))}
    providers = [each for each in state.docker_providers if each.urn in used]
    if any(is_encrypted(value) for each in providers for value in each.inputs.values()):
        shown = engine.export(show_secrets=True)
        providers = [each for each in shown.docker_providers if each.urn in used] if shown else []
    return {each.urn: host_of(each) for each in providers}


def host_of(provider: Resource) -> DockerHost:
    """The host of a Docker provider.

    Where none is given, the plugin takes it from the environment (pulumi-docker, docs: installation and configuration),
    and so do we.
    """
    inputs = {key: plain(value) for key, value in provider.inputs.items()}
    options = inputs.get("sshOpts")
    if isinstance(options, str):  # a provider's inputs that are no strings stand in the state as JSON
        options = json.loads(options)
    address = str(inputs.get("host") or os.environ.get("DOCKER_HOST") or DEFAULT_DOCKER_HOST)
    certificates = os.environ.get("DOCKER_CERT_PATH") if address.startswith("tcp:") else ""
    return DockerHost(
        address=address,
        ssh_options=tuple(str(each) for each in options) if isinstance(options, list) else (),
        material=tuple((file, str(inputs[key])) for key, file in _MATERIAL.items() if inputs.get(key)),
        certificate_folder=str(inputs.get("certPath") or certificates or ""),
    )


class _Client(APIClient):
    """`requests` prefers the CA of ``REQUESTS_CA_BUNDLE`` to a session's own (psf/requests#3829); this one does not."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("verify", self.verify)
        return super().request(*args, **kwargs)


@contextmanager
def connected(host: DockerHost) -> Iterator[APIClient]:
    """The daemon's client. Raises OperationError when it does not answer."""
    with tempfile.TemporaryDirectory(prefix="portus-stack-") as folder:  # mode 0700
        try:
            if host.address.startswith("ssh://"):
                with tunnel(host.address, host.ssh_options, Path(folder) / "docker.sock") as address:
                    yield APIClient(address, version="auto", timeout=_TIMEOUT_SECONDS)
                    return
            tls = _tls(host, Path(folder))
            client = _Client(host.address, version="auto", timeout=_TIMEOUT_SECONDS, tls=tls or False)
        except DockerException as error:
            raise OperationError(
                f"the Docker daemon at {host.address} does not answer: {error}",
                "start it, or correct its address in the stack file, then run this again",
            ) from error
        with client:
            yield client


def _tls(host: DockerHost, folder: Path) -> TLSConfig | None:
    for name, material in host.material:
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(material)
    place = folder if host.material else Path(host.certificate_folder) if host.certificate_folder else None
    if place is None:
        return None
    pair = (str(place / "cert.pem"), str(place / "key.pem"))
    return TLSConfig(client_cert=pair, ca_cert=str(place / "ca.pem"), verify=True)
