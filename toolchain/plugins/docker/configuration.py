"""The provider's configuration: which Docker engine, how it is reached, and who signs in to which registry.

`disableDockerDaemonCheck` is accepted and changes nothing, as in the official plugin: its native half asks the engine
in any case, and hosts behind SSH are asked with their first use only.

Source: `provider.go` and `config.go` of kreuzwerker/terraform-provider-docker v4.5.0; `image.go` of pulumi-docker.
"""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from toolchain.plugins.framework import UNKNOWN, Properties, ProviderError, Value

DEFAULT_HOST = "unix:///var/run/docker.sock"
_DOCKER_HUB = (
    "https://index.docker.io/v1/",
    "registry-1.docker.io",
    "index.docker.io",
    "docker.io",
    "registry.hub.docker.com",
)
_MATERIALS = {
    "caMaterial": "DOCKER_CA_MATERIAL",
    "certMaterial": "DOCKER_CERT_MATERIAL",
    "keyMaterial": "DOCKER_KEY_MATERIAL",
}


@dataclass(frozen=True)
class Configuration:
    """What the provider was told. `registries`: host name to user name and password."""

    host: str
    host_given: bool
    ssh_options: tuple[str, ...] = ()
    ca: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    certificate_folder: str = ""
    registries: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)


def decoded(config: Properties) -> Properties:
    """Values of other types than string arrive as JSON text."""
    return {
        name: _decode(value) if name in ("sshOpts", "registryAuth", "disableDockerDaemonCheck") else value
        for name, value in config.items()
    }


def _decode(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        found: Value = json.loads(value)
    except ValueError:
        return value
    return found


def configuration(config: Properties) -> Configuration:
    """Read the provider's inputs and the environment. Raises `ProviderError` when they contradict each other or a file
    cannot be read.
    """
    values = decoded(config)
    if any(value is UNKNOWN for value in values.values()):
        raise ProviderError("the Docker provider's configuration is not known before the update")
    materials = {name: _text(values.get(name)) or os.environ.get(variable, "") for name, variable in _MATERIALS.items()}
    folder = _text(values.get("certPath")) or os.environ.get("DOCKER_CERT_PATH", "")
    if any(materials.values()) and not all(materials.values()):
        raise ProviderError("certMaterial, keyMaterial, and caMaterial must all be specified")
    if any(materials.values()) and folder:
        raise ProviderError("when using caMaterial, certMaterial and keyMaterial, certPath must not be specified")
    host, given = _host(values)
    return Configuration(
        host,
        given,
        _ssh_options(values.get("sshOpts")),
        materials["caMaterial"],
        materials["certMaterial"],
        materials["keyMaterial"],
        folder,
        _registries(values.get("registryAuth")),
    )


def _host(values: Properties) -> tuple[str, bool]:
    context = _text(values.get("context")) or os.environ.get("DOCKER_CONTEXT", "")
    if context:
        return _context_host(context), True
    given = _text(values.get("host")) or os.environ.get("DOCKER_HOST", "")
    return given or DEFAULT_HOST, bool(given)


def _context_host(name: str) -> str:
    folder = Path.home() / ".docker" / "contexts" / "meta"
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        problem = f"could not read contexts directory: {error}"
        raise ProviderError(f"Error loading Docker context '{name}': {problem}") from error
    for file in files:
        try:
            meta = json.loads((file / "meta.json").read_text())
        except (OSError, ValueError):
            continue  # another program's folder; the official plugin skips it too
        if meta.get("Name") == name and "docker" in meta.get("Endpoints", {}):
            return str(meta["Endpoints"]["docker"]["Host"])
    raise ProviderError(f"Error loading Docker context '{name}': context '{name}' not found")


def _ssh_options(value: Value) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(option) for option in value)
    return tuple(os.environ.get("DOCKER_SSH_OPTS", "").split())


def _registries(value: Value) -> dict[str, tuple[str, str]]:
    entries = [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
    registries = {}
    for entry in entries:
        host = _registry_host(_text(entry.get("address")))
        registries[host] = _sign_in(entry, host)
    return registries


def _registry_host(address: str) -> str:
    return address.removeprefix("http://").removeprefix("https://").split("/", 1)[0]


def _sign_in(entry: Mapping[str, Value], host: str) -> tuple[str, str]:
    if entry.get("authDisabled") is True:
        return "username", "password"  # the engine wants some; the registry looks at none
    username = _text(entry.get("username")) or os.environ.get("DOCKER_REGISTRY_USER", "")
    if username:
        return username, _text(entry.get("password")) or os.environ.get("DOCKER_REGISTRY_PASS", "")
    content = _text(entry.get("configFileContent"))
    return _from_config(content or _config_file(entry), host)


def _config_file(entry: Mapping[str, Value]) -> str:
    folder = os.environ.get("DOCKER_CONFIG", "")
    fallback = (
        str(Path(folder) / "config.json" if Path(folder).is_dir() else Path(folder))
        if folder
        else "~/.docker/config.json"
    )
    path = Path(_text(entry.get("configFile")) or fallback).expanduser()
    try:
        return path.read_text()
    except OSError as error:
        problem = f"could not open config file from filePath: {path}. Error: {error}"
        raise ProviderError(f"Error loading registry auth config: {problem}") from error


def _from_config(content: str, host: str) -> tuple[str, str]:
    try:
        config = json.loads(content)
        entries: Mapping[str, Mapping[str, str]] = config.get("auths", {})
    except (ValueError, AttributeError) as error:
        raise ProviderError("Error loading registry auth config: the Docker configuration is not JSON") from error
    if config.get("credHelpers", {}).get(host) or config.get("credsStore"):
        raise ProviderError(
            f"Error loading registry auth config: credential helpers are not covered by this stand-in plugin ({host})"
        )
    names = [*_DOCKER_HUB] if host in _DOCKER_HUB else [host, f"https://{host}", f"http://{host}"]
    entry = next((entries[name] for name in names if name in entries), {})
    if "auth" in entry:
        username, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
        return username, password
    return entry.get("username", ""), entry.get("password", "")


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
