"""The Secret with which nodes sign in to registries that images come from."""

import base64
import json
from collections.abc import Sequence

import pulumi
from pulumi_kubernetes import core

from ...images import DOCKER_HUB
from ...settings.registries import RegistryLogin
from .instance import Instance

_KEY_OF_DOCKER_HUB = "https://index.docker.io/v1/"
"""What a kubelet looks for when an image comes from Docker Hub (kubernetes, ``pkg/credentialprovider/keyring.go``)."""


def pull_secrets(instance: Instance) -> tuple[pulumi.Input[str], ...]:
    """The names of all that pods pull with: the one that is made of ``kubernetes.registry_auth``, then the given ones.

    Immutable, with a name of its own for each content: pods that still run keep theirs.
    """
    kubernetes = instance.kubernetes
    if not kubernetes.registry_auth:
        return kubernetes.pull_secrets
    made = core.v1.Secret(
        instance.resource_name("pull-secret"),
        metadata=instance.metadata("pull-secret", None),
        type="kubernetes.io/dockerconfigjson",
        immutable=True,
        string_data={".dockerconfigjson": _configuration(kubernetes.registry_auth)},
        opts=pulumi.ResourceOptions(parent=instance.target),
    )
    return (made.metadata.name, *kubernetes.pull_secrets)


def _configuration(logins: Sequence[RegistryLogin]) -> pulumi.Output[str]:
    """In the form of docker's own configuration."""
    passwords = pulumi.Output.all(*(login.password for login in logins))

    def text(known: Sequence[str]) -> str:
        entries = {
            _key(login.address): {
                "username": login.username,
                "password": password,
                "auth": base64.b64encode(f"{login.username}:{password}".encode()).decode(),
            }
            for login, password in zip(logins, known, strict=True)
        }
        return json.dumps({"auths": entries}, sort_keys=True)

    return pulumi.Output.secret(passwords.apply(text))


def _key(address: str) -> str:
    return _KEY_OF_DOCKER_HUB if address == DOCKER_HUB else address
