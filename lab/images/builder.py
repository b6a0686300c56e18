"""Which images are missing or stale, and how one is built."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from lab.images.catalogue import IMAGES, LAB_DIRECTORY, Image, find
from lab.images.commands import BuildError, docker, run
from lab.images.debian import make_base, make_package_layer
from lab.images.fingerprint import SOURCE_LABEL, fingerprint

Report = Callable[[str], None]

#: Version of Python in the image that the stand-in runs on.
_IMAGE_PYTHON = "3.11"


def present(images: Iterable[Image]) -> set[str]:
    """Names of those images that Docker has, made from today's sources."""
    wanted = list(images)
    command = ["docker", "image", "inspect", *(image.reference for image in wanted)]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"docker does not answer: {error}") from error
    if shown.returncode != 0 and "No such image" not in shown.stderr:
        raise BuildError(f"docker does not answer: {shown.stderr.strip()}")
    labels: dict[str, str] = {}
    for found in json.loads(shown.stdout or "[]"):
        for tag in found["RepoTags"]:
            labels[tag] = (found["Config"]["Labels"] or {}).get(SOURCE_LABEL, "")
    return {image.name for image in wanted if labels.get(image.reference) == fingerprint(image)}


def with_parents(images: Iterable[Image]) -> list[Image]:
    """The images and what they start from, in the catalogue's order (parents come first in it)."""
    wanted: set[str] = set()
    for image in images:
        current: Image | None = image
        while current is not None:
            wanted.add(current.name)
            current = find(current.parent) if current.parent else None
    return [image for image in IMAGES if image.name in wanted]


def build(images: Iterable[Image], report: Report) -> list[Image]:
    """Build those of the images that are missing or stale, with their parents. Returns what was built."""
    wanted = list(images)
    have = present(with_parents(wanted))
    missing = [
        image for image in with_parents(image for image in wanted if image.name not in have) if image.name not in have
    ]
    for number, image in enumerate(missing, 1):
        report(f"[{number}/{len(missing)}] {image.reference}: building")
        started = time.monotonic()
        _build_one(image)
        report(f"[{number}/{len(missing)}] {image.reference}: built in {time.monotonic() - started:.0f} s")
    return missing


def _build_one(image: Image) -> None:
    if image.parent is None:
        make_base(image)
        return
    layer = make_package_layer(image)
    with tempfile.TemporaryDirectory(prefix="portus-stack-image-") as folder:
        context = Path(folder, "context")
        shutil.copytree(image.directory, context)
        if image.go_command:
            _build_go_command(image.directory, image.go_command, context / "program")
        if image.python_package:
            _add_python_package(LAB_DIRECTORY / image.python_package, context)
        arguments = [f"--build-arg={name}={value}" for name, value in (("PARENT", layer), *image.build_arguments)]
        label = f"--label={SOURCE_LABEL}={fingerprint(image)}"
        docker("build", "--network=none", f"--tag={image.reference}", label, *arguments, str(context))


def _build_go_command(module: Path, command: str, output: Path) -> None:
    """Build a static binary from the pinned module; Go verifies every download against go.sum."""
    go = os.environ.get("GO") or shutil.which("go")
    if not go:
        raise BuildError(f"{command} is built with Go: put `go` on PATH or its path into the environment variable GO")
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-trimpath -buildvcs=false"}
    flags = f"-s -w {_version_flag(module, command, go, environment)}"
    run([go, "build", "-ldflags", flags, "-o", str(output), command], directory=module, environment=environment)


def _version_flag(module: Path, command: str, go: str, environment: dict[str, str]) -> str:
    """Stamp the registry with its own module's version, as its Makefile does."""
    root = command.partition("/cmd/")[0]
    version = run([go, "list", "-m", "-f", "{{.Version}}", root], directory=module, environment=environment).strip()
    return f"-X {root}/version.version={version}"


def _add_python_package(package: Path, context: Path) -> None:
    """Copy the package and install its locked requirements beside it, for the image's Python and this processor."""
    shutil.copytree(package, context / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip"]
    target = ["--target", str(context / "site-packages"), "--python-version", _IMAGE_PYTHON, "--only-binary", ":all:"]
    machine = platform.machine()
    platforms = [f"--platform=manylinux{tag}_{machine}" for tag in ("2014", "_2_17", "_2_28", "_2_34", "_2_36")]
    requirements = ["--require-hashes", "--requirement", str(package / "requirements.txt")]
    run([*pip, "install", "--quiet", "--no-compile", "--disable-pip-version-check", *target, *platforms, *requirements])
