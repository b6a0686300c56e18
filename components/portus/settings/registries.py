"""Reads where images come from, and how to sign in there."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pulumi

from .. import images
from . import patterns
from .reader import Reader

if TYPE_CHECKING:
    from .model import Settings

_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class RegistryLogin:
    """A login of the registry that image references name ``address``."""

    address: str
    username: str
    password: pulumi.Output[str]


def read_mirror(reader: Reader) -> str:
    """Reads the ``images`` group: the mirror, "" for none."""
    mirror = _in_range(reader, "mirror", reader.text("mirror", "", *patterns.MIRROR))
    reader.finish()
    return mirror


def read_registry_auth(reader: Reader) -> tuple[RegistryLogin, ...]:
    """Reads the list ``registry_auth`` of a target's group."""
    logins: list[RegistryLogin] = []
    for each in reader.groups("registry_auth"):
        address = _in_range(each, "address", each.text("address", None, *patterns.REGISTRY))
        login = RegistryLogin(
            address=images.registry_name(address),
            username=each.text("username", None, *patterns.REGISTRY_USER),
            password=each.secret("password", *patterns.REGISTRY_PASSWORD),
        )
        each.finish()
        if login.address in [other.address for other in logins] and each.sound("address"):
            each.problem("address", f"is there twice: {login.address}")
        logins.append(login)
    return tuple(logins)


def from_mirror(settings: "Settings", mirror: str) -> "Settings":
    """``settings`` with every image from ``mirror``; the same when that is ""."""
    backup = settings.backup
    return replace(
        settings,
        portus=replace(settings.portus, image=images.mirrored(settings.portus.image, mirror)),
        registry=replace(settings.registry, image=images.mirrored(settings.registry.image, mirror)),
        database=replace(settings.database, image=images.mirrored(settings.database.image, mirror)),
        edge=replace(settings.edge, image=images.mirrored(settings.edge.image, mirror)),
        task_image=images.mirrored(settings.task_image, mirror),
        backup=backup and replace(backup, image=images.mirrored(backup.image, mirror)),
    )


def _in_range(reader: Reader, key: str, address: str) -> str:
    """``address``, whose host may have a port."""
    port = address.partition("/")[0].partition(":")[2]
    if port and int(port) > _HIGHEST_PORT:
        reader.problem(key, f"must have a port from 1 to {_HIGHEST_PORT}, not {port}")
    return address
