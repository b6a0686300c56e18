"""The logins with which a Docker provider pulls images.

The provider itself knows those only that it is told of, the machine's own not: `docker login` alone does not help.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_docker as docker

from ...images import DOCKER_HUB, registry_name, registry_of
from ...settings import Settings

_ADDRESSES_OF_DOCKER_HUB = (DOCKER_HUB, "registry-1.docker.io")
"""What the provider looks for when an image names Docker Hub, and when it names no registry
(kreuzwerker/terraform-provider-docker 4.5, ``parseImageOptions``)."""


def registry_auth(settings: Settings) -> list[docker.ProviderRegistryAuthArgs] | None:
    """Those of ``docker.registry_auth``, and the machine's for the other registries of images; None: there are none.

    Of the machine's, the provider is told the address only: it reads the password in docker's configuration, or asks
    the credential helper that is named there. So the same stands in the state, whoever deploys.
    """
    given = {login.address: login for login in settings.docker.registry_auth}
    others = {registry_of(image) for image in settings.images} - given.keys()
    known = registries_in(configuration_file()) if others else frozenset()
    found = [
        docker.ProviderRegistryAuthArgs(address=address, username=login.username, password=login.password)
        for registry, login in sorted(given.items())
        for address in _addresses(registry)
    ]
    found += [
        docker.ProviderRegistryAuthArgs(address=address)
        for registry in sorted(others & known)
        for address in _addresses(registry)
    ]
    return found or None


def configuration_file() -> Path:
    """Where `docker login` on this machine keeps what it knows."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"


def registries_in(path: Path) -> frozenset[str]:
    """The registries that docker's configuration has a login or a credential helper for.

    Where a credential store keeps the logins, `docker login` still notes the registry's name in this file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except OSError as error:
        return _without_logins(f"{path} cannot be read: {error.strerror}")
    try:
        found = json.loads(text)
    except ValueError:
        return _without_logins(f"{path} is not JSON")
    groups = [found.get(key) for key in ("auths", "credHelpers")] if isinstance(found, dict) else []
    names = {str(name) for group in groups if isinstance(group, Mapping) for name in group}
    return frozenset(registry_name(name.partition("://")[2].partition("/")[0] or name) for name in names)


def _without_logins(reason: str) -> frozenset[str]:
    """Public images need none, so it is no error yet."""
    pulumi.log.warn(f"{reason}: images are pulled without this machine's logins")
    return frozenset()


def _addresses(registry: str) -> tuple[str, ...]:
    return _ADDRESSES_OF_DOCKER_HUB if registry == DOCKER_HUB else (registry,)
