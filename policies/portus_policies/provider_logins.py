"""What a provider signs in with, wherever it can be written among its inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .resource import Resource
from .values import Node

DOCKER, KUBERNETES = "pulumi:providers:docker", "pulumi:providers:kubernetes"
_LOGIN = re.compile(
    r"[\"']?\b(?:client-key-data|token|id-token|refresh-token|access-token|password|client-secret|secret-access-key)[\"']?"
    r"\s*:\s*[\"']?[^\s\"'{}\[\],]{4,}",
    re.IGNORECASE,
)
"""A credential in a kubeconfig, as YAML or as JSON; ``tokenFile`` and ``client-key`` name files."""


def logins(provider: Resource) -> Iterator[Node]:
    """Credentials themselves, not the names of files that hold them."""
    if provider.type == KUBERNETES:
        if _LOGIN.search(provider.at("kubeconfig").text):
            yield provider.at("kubeconfig")
        return
    if provider.at("keyMaterial").text:
        yield provider.at("keyMaterial")
    registries = provider.at("registryAuth")
    if isinstance(registries.value, str):  # providers take lists as JSON text
        if _LOGIN.search(registries.text):
            yield registries
        return
    for each in registries.each():
        for name in ("password", "configFileContent"):
            if each.at(name).text:
                yield each.at(name)
