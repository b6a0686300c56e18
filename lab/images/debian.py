"""Debian as this machine gets it: the same mirrors, keyrings and transport settings, none of which stays in an image.

The packages of an image are installed in a container that borrows the machine's apt configuration through mounts, and
the container is committed: mounts and tmpfs are not part of the commit. The images themselves have no package sources.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.images.catalogue import DEBIAN_SUITE, REPOSITORY_PREFIX, Image
from lab.images.commands import BuildError, docker, run
from lab.images.fingerprint import SOURCE_LABEL, fingerprint, package_fingerprint

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
_CREDENTIALS = Path("/etc/apt/auth.conf.d")
#: Where the machine's apt configuration is mounted while packages are installed. The folder is there in every Debian.
_LENT = "/mnt"
_TARGET_FORMAT = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
_ORIGIN = "Debian"
_INSTALL = """set -eu
export DEBIAN_FRONTEND=noninteractive
export APT_CONFIG=/mnt/apt.conf
[ ! -e /mnt/before-packages ] || sh -eu /mnt/before-packages
apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends "$@"
rm -rf /var/log/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/*
"""


def _sources(suite: str) -> list[tuple[str, str, str]]:
    """The machine's own Debian sources, as they are for ``suite``: (address, release, component)."""
    listing = run(["apt-get", "indextargets", "--format", _TARGET_FORMAT, "Created-By: Packages"])
    found: dict[tuple[str, str, str], None] = {}
    for line in listing.splitlines():
        origin, address, release, component = line.split("|")
        if origin == _ORIGIN and release.startswith(DEBIAN_SUITE):
            found[address, release.replace(DEBIAN_SUITE, suite), component] = None
    if not any(release == suite and component == "main" for _, release, component in found):
        raise BuildError(
            f"apt has no source for Debian {DEBIAN_SUITE}, component main. "
            "The lab's images are built from the machine's own sources: add one and run `apt-get update`."
        )
    return list(found)


def _transport_settings() -> str:
    """Proxies, certificates and time-outs of the machine's apt."""
    dump = run(["apt-config", "dump", "Acquire"])
    wanted = ("Acquire::http", "Acquire::https", "Acquire::Retries", "Acquire::ForceIPv")
    return "".join(f"{line}\n" for line in dump.splitlines() if line.startswith(wanted))


@contextmanager
def _lent_configuration(image: Image) -> Iterator[str]:
    """A folder with the machine's apt configuration and the image's own preparation, for the mount `_LENT`."""
    with tempfile.TemporaryDirectory(prefix="portus-stack-apt-") as private:
        folder = Path(private, "lent")
        folder.mkdir(mode=0o755)
        key = f"{_LENT}/{_KEYRING.name}"
        lines = [
            f"deb [signed-by={key}] {uri} {release} {component}\n" for uri, release, component in _sources(image.suite)
        ]
        (folder / "sources.list").write_text("".join(lines))
        settings = [_transport_settings(), f'Dir::Etc::sourcelist "{_LENT}/sources.list";\n']
        shutil.copy(_KEYRING, folder)
        if _CA_BUNDLE.exists():
            shutil.copy(_CA_BUNDLE, folder)
            settings.append(f'Acquire::https::CAInfo "{_LENT}/{_CA_BUNDLE.name}";\n')
        if _CREDENTIALS.is_dir():
            shutil.copytree(_CREDENTIALS, folder / _CREDENTIALS.name)
            settings.append(f'Dir::Etc::netrcparts "{_LENT}/{_CREDENTIALS.name}";\n')
        (folder / "apt.conf").write_text("".join(settings))
        if (image.directory / "before-packages").exists():
            shutil.copy(image.directory / "before-packages", folder)
        yield str(folder)


def make_base(image: Image) -> None:
    """Make the root file system with debootstrap and import it. Needs root."""
    if os.geteuid() != 0:
        raise BuildError("debootstrap needs root: run this command as root once (the images stay)")
    if shutil.which("debootstrap") is None:
        run(["apt-get", "-o", "DPkg::Lock::Timeout=900", "install", "--quiet", "--yes", "debootstrap"])
    mirror = next(uri for uri, release, _ in _sources(image.suite) if release == image.suite)
    with tempfile.TemporaryDirectory(prefix="portus-stack-base-") as folder:
        root = Path(folder, "root")
        run(["debootstrap", "--variant=minbase", f"--keyring={_KEYRING}", image.suite, str(root), mirror])
        (root / "etc/apt/sources.list").unlink(missing_ok=True)
        for rubbish in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
            run(["find", str(root / rubbish), "-mindepth", "1", "-delete"])
        archive = Path(folder, "root.tar")
        run(["tar", "--create", "--numeric-owner", "--file", str(archive), "--directory", str(root), "."])
        label = f"LABEL {SOURCE_LABEL}={fingerprint(image)}"
        docker("import", "--change", label, "--change", 'CMD ["bash"]', str(archive), image.reference)


def make_package_layer(image: Image) -> str:
    """Install the image's Debian packages on its parent, once, and return the result's name for FROM."""
    assert image.parent is not None
    parent = f"{REPOSITORY_PREFIX}/{image.parent}"
    if not image.packages:
        return parent
    result = f"{REPOSITORY_PREFIX}/packages:{package_fingerprint(image)}"
    if docker("images", "--quiet", result):
        return result
    container = f"portus-stack-lab-{uuid.uuid4().hex[:12]}"
    with _lent_configuration(image) as folder:
        mounts = [
            f"--volume={folder}:{_LENT}:ro",
            "--tmpfs=/var/cache/apt",
            "--tmpfs=/var/lib/apt/lists",
            "--network=host",
        ]
        try:
            docker("run", f"--name={container}", *mounts, parent, "sh", "-c", _INSTALL, "sh", *image.packages)
            docker("commit", "--change", 'CMD ["bash"]', container, result)
        finally:
            docker("rm", "--force", "--volumes", container)
    return result
