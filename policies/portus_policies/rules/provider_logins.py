"""What a provider signs in with: it lies in the state of every stack that has the provider."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..resource import Resource
from ..rule import CRITICAL, MANDATORY, rule
from ..values import Bad, Node, Verdicts

_DOCKER, _KUBERNETES = "pulumi:providers:docker", "pulumi:providers:kubernetes"
_LOGIN = re.compile(
    r"[\"']?\b(?:client-key-data|token|id-token|refresh-token|access-token|password|client-secret|secret-access-key)[\"']?"
    r"\s*:\s*[\"']?[^\s\"'{}\[\],]{4,}",
    re.IGNORECASE,
)
"""A credential in a kubeconfig, as YAML or as JSON; ``tokenFile`` and ``client-key`` name files."""


@rule(
    *("S13", "stack-provider-login", "what a provider signs in with is marked secret", MANDATORY, CRITICAL),
    reason="a kubeconfig, a daemon's key or a registry's password in the open lets in whoever reads the state",
    fix="`config.require_secret(…)` with `secure:` in the stack file, or the path of a file",
    source="Pulumi secrets",
    types=(_DOCKER, _KUBERNETES),
)
def provider_login(provider: Resource) -> Verdicts:
    """Secrecy can be told from an exported state only; elsewhere there is nothing to evaluate."""
    for node in _logins(provider) if provider.secrets is not None else ():
        marked = (
            node.path == path or node.path.startswith((f"{path}.", f"{path}[")) for path in provider.secrets or ()
        )
        if not any(marked):
            yield Bad(node.path)


def _logins(provider: Resource) -> Iterator[Node]:
    """Credentials themselves, not the names of files that hold them."""
    if provider.type == _KUBERNETES:
        if _LOGIN.search(provider.at("kubeconfig").text):
            yield provider.at("kubeconfig")
        return
    if provider.at("keyMaterial").text:
        yield provider.at("keyMaterial")
    logins = provider.at("registryAuth")
    if isinstance(logins.value, str):  # providers take lists as JSON text
        if _LOGIN.search(logins.text):
            yield logins
        return
    for each in logins.each():
        for name in ("password", "configFileContent"):
            if each.at(name).text:
                yield each.at(name)
