"""Default images, and what can be read off an image reference.

Official images are pinned by digests that at least five public files agree on. For Portus no digest was corroborated:
the tag stands, ``up`` reports the digest it resolved (output ``images``), and an operator pins that.
"""

import re

REGISTRY = "registry:2.8.3@sha256:a3d8aaa63ed8681a604f1dea0aa03f100d5895b6a58ace528858a7b332415373"
PORTUS = "opensuse/portus:2.4.3"
DATABASE = "mariadb:10.11@sha256:be981e4113326ada8d6004174dd09eeaefc03094037f811182a52d4f2e737350"
EDGE = "nginxinc/nginx-unprivileged:1.28-alpine@sha256:7377697a821c131a924a7105fafbe7414db4e9fcc77a6f08f776f33f141ec3f8"
TASK = "python:3.13-slim@sha256:6771159cd4fa5d9bba1258caf0b82e6b73458c694d178ad97c5e925c2d0e1a91"
RESTIC = "restic/restic:0.17.3@sha256:8f5a62b422a2cb1277ea0dd6e826fe1acf649e5b9f02d60e5268d5fd1976255a"

DOCKER_HUB = "docker.io"
_NAMES_OF_DOCKER_HUB = (DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")

STAND_IN_REPOSITORY = "portus-stack.lab/portus-standin"
"""Repository of the lab's test double for Portus; a stack that runs on it says so in its outputs."""

_REFERENCE = re.compile(
    r"^(?P<repository>[a-z0-9]+(?:[._:/-]+[a-z0-9]+)*?)(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)


def is_reference(image: str) -> bool:
    """Whether ``image`` is a ``repository[:tag][@sha256:…]`` that names a tag or a digest."""
    match = _REFERENCE.match(image)
    return bool(match and (match["tag"] or match["digest"]))


def tag_of(image: str) -> str | None:
    """The tag of ``image``, or None."""
    match = _REFERENCE.match(image)
    return match["tag"] if match else None


def registry_of(image: str) -> str:
    """``host[:port]`` of the registry that ``image`` comes from; :data:`DOCKER_HUB` where the reference names none.

    Source: distribution/reference, ``splitDockerDomain``: a host has a dot or a port, or is ``localhost``.
    """
    host, slash, _ = image.partition("/")
    named = slash and (host == "localhost" or "." in host or ":" in host)
    return registry_name(host) if named else DOCKER_HUB


def registry_name(host: str) -> str:
    """The one name of a registry: Docker Hub has several."""
    return DOCKER_HUB if host in _NAMES_OF_DOCKER_HUB else host


def mirrored(image: str, mirror: str) -> str:
    """``image`` from ``mirror`` (``host[:port][/path]``) instead of its own registry; its tag and digest stay.

    Docker Hub's own images are below ``library`` there, as on Docker Hub.
    """
    if not mirror or image.startswith(f"{mirror}/"):
        return image
    first, _, rest = image.partition("/")
    path = rest if rest and registry_of(image) == registry_name(first) else image
    own = registry_of(image) == DOCKER_HUB and "/" not in path
    return f"{mirror}/library/{path}" if own else f"{mirror}/{path}"


def resolved(image: str, repo_digest: str, image_id: str) -> str:
    """What ``image`` is on a Docker host: ``repository@sha256:…`` of its own repository, else its id there.

    Docker keeps a digest for each repository that an image was pulled from or pushed to. Where there is none for the
    repository that was asked for, the provider takes another one's (kreuzwerker/terraform-provider-docker 4.5,
    ``internal/provider/resource_docker_image_funcs.go``): nobody could pull that one by ``image``.
    """
    return repo_digest if _familiar(repo_digest) == _familiar(image) else image_id


def _familiar(image: str) -> str | None:
    """The repository as Docker writes it: without the name of Docker Hub."""
    match = _REFERENCE.match(image)
    return match["repository"].removeprefix("docker.io/").removeprefix("library/") if match else None


def is_stand_in(image: str) -> bool:
    """Whether ``image`` is the lab's stand-in for Portus, which has the last part of its name from a mirror, too."""
    match = _REFERENCE.match(image)
    return bool(match and match["repository"].rpartition("/")[2] == STAND_IN_REPOSITORY.rpartition("/")[2])


def minor_release_of(image: str) -> int | None:
    """The x of Portus 2.x by the image's tag; None when the tag does not say."""
    version = re.match(r"^2\.(\d+)(?:\.\d+)?(?:$|[-_])", tag_of(image) or "")
    return int(version[1]) if version else None


def generation_of(image: str) -> int | None:
    """The generation of a Portus image by its tag: 1 for 2.0-2.2, 2 for 2.3 and later, None when the tag does not say.

    Source: openSUSE/docker-containers, branches portus-2.1 … portus-2.5 (Apache until 2.2, Puma from 2.3).
    """
    tag = tag_of(image) or ""
    if tag in ("head", "latest"):
        return 2
    minor = minor_release_of(image)
    if minor is None:
        return None
    return 1 if minor <= 2 else 2  # noqa: PLR2004 - the last release of generation 1 is 2.2
