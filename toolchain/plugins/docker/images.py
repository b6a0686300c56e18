"""Images on the engine: looking for one, pulling it, removing it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from toolchain.plugins.docker.configuration import Configuration
from toolchain.plugins.docker.engine_api import EngineError, Operation
from toolchain.plugins.docker.handler import DockerResource, GoneError
from toolchain.plugins.docker.reading import flag, text
from toolchain.plugins.framework import Properties, ProviderError

if TYPE_CHECKING:
    from docker import APIClient

_HUB = "registry-1.docker.io"
Image = Mapping[str, object]


def find_image(operation: Operation, name: str) -> Image | None:
    """Docker's description of a local image by name, digest or id."""
    try:
        found: Image = operation.call(lambda client: client.inspect_image(name))  # type: ignore[no-untyped-call]
    except EngineError as error:
        if error.missing:
            return None
        raise ProviderError(f"unable to inspect image {name}: {error}") from error
    return found


def ensure_image(operation: Operation, configuration: Configuration, name: str, platform: str) -> Image:
    """The local image, pulled only when it is absent. Raises `ProviderError` with Docker's words."""
    found = find_image(operation, name)
    if found is None:
        _pull(operation, configuration, name, platform)
        found = find_image(operation, name)
    if found is None:
        raise ProviderError(f"unable to find or pull image {name}")
    return found


def _pull(operation: Operation, configuration: Configuration, name: str, platform: str) -> None:
    problem = f"unable to pull image {name}: error pulling image {name}"
    username, password = configuration.registries.get(registry_of(name), ("", ""))
    login = {"username": username, "password": password} if username else {}

    def pull(client: "APIClient") -> None:
        # With the name's own tag or digest; an empty sign-in keeps the SDK away from the user's files.
        repository, tag = _reference(name)
        lines = client.pull(repository, tag=tag, stream=True, decode=True, auth_config=login, platform=platform or None)
        for line in lines:
            if "error" in line:
                raise ProviderError(f"{problem}: {line['error']}")
            operation.patience.status(_progress(name, line))

    try:
        operation.call(pull)
    except EngineError as error:
        raise ProviderError(f"{problem}: {error}") from error


def _progress(name: str, line: Mapping[str, object]) -> str:
    parts = (line.get("id"), line.get("status"), line.get("progress"))
    return f"pulling {name}: {' '.join(str(part) for part in parts if part)}"


def _reference(name: str) -> tuple[str, str]:
    """Repository, and tag or digest (`latest` when there is neither)."""
    if "@" in name:
        repository, _, digest = name.partition("@")
        return _without_tag(repository), digest
    repository = _without_tag(name)
    return repository, name[len(repository) + 1 :] or "latest"


def _without_tag(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return folder + slash + last.partition(":")[0]


def registry_of(name: str) -> str:
    """The registry's host name (with port) that `registryAuth` entries are looked up by."""
    first, slash, rest = name.partition("/")
    if slash and ("/" in rest or "." in first or ":" in first or first == "localhost"):
        return first
    return _HUB


def repo_digest(name: str, image: Image) -> str:
    """The repository digest that belongs to the name; empty for an image that was never pulled or pushed."""
    found = image.get("RepoDigests")
    digests = [str(digest) for digest in found] if isinstance(found, list) else []
    if len(digests) <= 1:
        return digests[0] if digests else ""
    repository = name.partition(":")[0]
    return next((digest for digest in digests if digest.startswith(repository)), digests[0])


class RemoteImage(DockerResource):
    """An image that is there, or is pulled. Its id is the image's id followed by the name."""

    def make(self, operation: Operation, state: Properties) -> tuple[str, Properties]:
        return self._found(operation, state)

    def look(self, operation: Operation, resource_id: str, state: Properties) -> tuple[str, Properties]:
        name = text(state, "name")  # an import has none, and is refused like a missing image
        image = find_image(operation, name) if name else None
        if image is None:
            raise GoneError
        return _described(image, state)

    def change(self, operation: Operation, resource_id: str, old: Properties, state: Properties) -> Properties:
        return self._found(operation, state)[1]

    def remove(self, operation: Operation, resource_id: str, state: Properties) -> None:
        name = text(state, "name")
        if flag(state, "keepLocally") or find_image(operation, name) is None:
            return
        force = flag(state, "forceRemove")
        try:
            operation.call(lambda client: client.remove_image(name, force=force))
        except EngineError as error:
            raise ProviderError(f"Unable to remove Docker image: {error}") from error

    def _found(self, operation: Operation, state: Properties) -> tuple[str, Properties]:
        name = text(state, "name")
        try:
            image = ensure_image(operation, self.connection.configuration, name, text(state, "platform"))
        except ProviderError as error:
            raise type(error)(f"Unable to read Docker image into resource: {error}") from error
        return _described(image, state)


def _described(image: Image, state: Properties) -> tuple[str, Properties]:
    image_id, name = str(image["Id"]), text(state, "name")
    return image_id + name, {**state, "imageId": image_id, "repoDigest": repo_digest(name, image)}
