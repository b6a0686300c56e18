"""What a policy configuration (``stacks/policy.<stack>.json``) can say beside the levels of rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

PROFILES = ("strict", "compat")


class InvalidSettings(ValueError):
    """The configuration cannot be followed; the message names the key and what it may be."""


@dataclass(frozen=True)
class Settings:
    """Settings of one environment.

    Attributes:
        profile: ``strict`` (every rule) or ``compat`` (the announced Portus image as it is: exceptions that name this
            profile apply).
        production: trial names and self-signed servers are refused.
        ephemeral: nothing in the stack is worth protecting (trials, tests).
        public_tls_ports: host ports that may be open to everybody, TLS behind each.
        redirect_ports: host ports that the edge may open beside them, to redirect.
        image_registries: prefixes that images may have; empty for any.
        local_images: prefixes of images that are built on the host itself and so have no digest to pin.
        kubernetes_minor: the minor version of the cluster, which decides which sysctls are safe.
        public_cidr: whether a load balancer may be reached from everywhere.
    """

    profile: str = "strict"
    production: bool = False
    ephemeral: bool = False
    public_tls_ports: tuple[int, ...] = (443, 8443)
    redirect_ports: tuple[int, ...] = (80, 8080)
    image_registries: tuple[str, ...] = ()
    local_images: tuple[str, ...] = ()
    kubernetes_minor: int = 36
    public_cidr: bool = True

    @classmethod
    def from_mapping(cls, given: Mapping[str, object]) -> Settings:
        """Settings from a configuration's entry ``settings``. Raises InvalidSettings."""
        known = {each.name: each.default for each in fields(cls)}
        values: dict[str, object] = {}
        for key, value in given.items():
            if key not in known:
                raise InvalidSettings(f"settings.{key}: there is no such setting; known: {', '.join(known)}")
            values[key] = _converted(key, value, known[key])
        settings = cls(**values)  # type: ignore[arg-type]
        if settings.profile not in PROFILES:
            raise InvalidSettings(f"settings.profile: must be one of {', '.join(PROFILES)}")
        return settings


def _converted(key: str, value: object, default: object) -> object:
    if isinstance(default, tuple):
        wanted = int if default and isinstance(default[0], int) else str
        if isinstance(value, list | tuple) and all(_is(each, wanted) for each in value):
            return tuple(wanted(each) for each in value)
        raise InvalidSettings(f"settings.{key}: must be a list of {'integers' if wanted is int else 'strings'}")
    kind = type(default)
    if not _is(value, kind):
        raise InvalidSettings(f"settings.{key}: must be a {kind.__name__}")
    return kind(value)  # type: ignore[call-arg]


def _is(value: object, kind: type) -> bool:
    if kind is int:  # integers arrive as floats
        return not isinstance(value, bool) and isinstance(value, int | float) and float(value).is_integer()
    return isinstance(value, kind)


SCHEMA: dict[str, dict[str, Any]] = {
    "profile": {"type": "string", "enum": list(PROFILES)},
    "production": {"type": "boolean"},
    "ephemeral": {"type": "boolean"},
    "public_tls_ports": {"type": "array", "items": {"type": "integer"}},
    "redirect_ports": {"type": "array", "items": {"type": "integer"}},
    "image_registries": {"type": "array", "items": {"type": "string"}},
    "local_images": {"type": "array", "items": {"type": "string"}},
    "kubernetes_minor": {"type": "integer"},
    "public_cidr": {"type": "boolean"},
}
"""JSON schema of the settings, for the engine; a test ties it to :class:`Settings`."""
