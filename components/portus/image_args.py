"""The arguments that say where images come from."""

import pulumi
from typing_extensions import NotRequired, TypedDict


class ImagesArgs(TypedDict):
    """Where all images come from, the default ones and those that are given."""

    mirror: NotRequired[str]
    """``host[:port][/path]`` that takes the place of every image's registry; tags and digests stay. Default: none.

    ``nginx:1``, ``docker.io/nginx:1`` and ``docker.io/library/nginx:1`` become ``MIRROR/library/nginx:1``,
    ``quay.io/team/app@sha256:…`` becomes ``MIRROR/team/app@sha256:…``; what begins with ``MIRROR/`` stays as it is.
    """


class RegistryAuthArgs(TypedDict):
    """How to sign in to a registry that images come from."""

    address: str
    """``host[:port]`` as image references name the registry; ``docker.io`` is Docker Hub. Each one once."""
    username: str
    """User name: letters, digits and ``. _ - @ $ + ~ = | /`` and backslash."""
    password: pulumi.Input[str]
    """Password or access token, at most 8192 printable ASCII characters in one line; always kept secret."""
