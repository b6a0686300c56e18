"""A hash of everything that goes into an image, kept in the image as a label: the same hash means nothing to build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from lab.images.catalogue import LAB_DIRECTORY, Image, find

#: Label of the finished image with the hash of its sources.
SOURCE_LABEL = "org.portus-stack.lab.source"
#: Raised when the way of building changes what comes out.
RECIPE_VERSION = "1"
_IGNORED_FOLDERS = {"__pycache__", ".mypy_cache", ".ruff_cache"}


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _IGNORED_FOLDERS.intersection(path.relative_to(folder).parts):
            yield path


def package_fingerprint(image: Image) -> str:
    """Hash of what the layer of Debian packages is made from: images that agree in it share the layer."""
    assert image.parent is not None
    before = image.directory / "before-packages"
    preparation = before.read_bytes() if before.exists() else b""
    text = f"{RECIPE_VERSION}\n{fingerprint(find(image.parent))}\n{image.packages}\n"
    return hashlib.sha256(text.encode() + preparation).hexdigest()[:16]


def fingerprint(image: Image) -> str:
    """Hash of the image's files (name, mode, content), its catalogue entry and its parent's hash: 32 hex digits."""
    digest = hashlib.sha256(f"{RECIPE_VERSION}\n{image}\n".encode())
    if image.parent:
        digest.update(fingerprint(find(image.parent)).encode())
    folders = [image.directory]
    if image.python_package:
        folders.append(LAB_DIRECTORY / image.python_package)
    for folder in folders:
        for path in _files(folder):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            executable = bool(path.stat().st_mode & 0o100)
            digest.update(f"{path.relative_to(folder)} {executable} {content}\n".encode())
    return digest.hexdigest()[:32]
