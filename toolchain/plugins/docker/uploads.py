"""Files that are put into a container before its first process starts."""

import base64
import io
import tarfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.plugins.docker.reading import blocks, flag, text
from toolchain.plugins.framework import Properties, ProviderError

if TYPE_CHECKING:
    from docker import APIClient

_SOURCES = ("content", "contentBase64", "source")


def upload_all(client: "APIClient", container: str, state: Properties) -> None:
    """Put every upload of the state into the container. Raises `ProviderError`; Docker's refusals are `APIError`.

    All at once, where the official plugin brings one after the other: for each archive the engine mounts the container.
    """
    if uploads := blocks(state, "uploads"):
        client.put_archive(container, "/", _archive(uploads))


def _archive(uploads: Iterable[Properties]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for upload in uploads:
            content = _content(upload)
            entry = tarfile.TarInfo(text(upload, "file"))  # owner root
            entry.size = len(content)
            entry.mode = _mode(upload)
            entry.mtime = int(time.time())
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _mode(upload: Properties) -> int:
    if permissions := text(upload, "permissions"):
        return int(permissions, 8)
    return 0o744 if flag(upload, "executable") else 0o644


def _content(upload: Properties) -> bytes:
    """The one source that is not empty."""
    given = [name for name in _SOURCES if text(upload, name)]
    if len(given) != 1:
        amount = (
            "only one of 'content', 'content_base64', or 'source' can be"
            if given
            else ("one of 'content', 'content_base64', or 'source' must be")
        )
        raise ProviderError(f"error with upload content: {amount} set")
    value = text(upload, given[0])
    if given[0] == "content":
        return value.encode()
    if given[0] == "contentBase64":
        return base64.b64decode(value)
    try:
        return Path(value).read_bytes()
    except OSError as error:
        raise ProviderError(f"could not read file: {error}") from error
