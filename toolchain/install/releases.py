"""Archives of Pulumi's releases, fetched from one place and compared with the checksums that another place publishes.

The archives are at Pulumi's download server, the lists of checksums beside the releases on GitHub: who changes a file
on its way, or on one of the two, is noticed. Nothing that was fetched runs before.
"""

import hashlib
import hmac
import os
import platform
import re
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .console import InstallError, say
from .packages import Plugin

VARIABLE = "PORTUS_STACK_RELEASES"
"""Where a mirror is that has both, under `releases/` and `pulumi/`."""

_REACH_SECONDS = 10
_PIECE = 1 << 20
_LONGEST_LIST = 1 << 20
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_DIGESTS = {40: "sha1", 64: "sha256", 128: "sha512"}
"""Number of hexadecimal digits → algorithm. The providers' lists are made by `shasum`, which is SHA-1 by default."""


@dataclass(frozen=True)
class Releases:
    """Where archives and lists are.

    Attributes:
        archives: https://get.pulumi.com/releases, or a mirror's.
        lists: https://github.com/pulumi, or a mirror's.
    """

    archives: str = "https://get.pulumi.com/releases"
    lists: str = "https://github.com/pulumi"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Releases":
        """Pulumi's own places, or the mirror of `PORTUS_STACK_RELEASES`."""
        mirror = environment.get(VARIABLE, "").rstrip("/")
        return cls(f"{mirror}/releases", f"{mirror}/pulumi") if mirror else cls()

    @contextmanager
    def pulumi(self, version: str) -> Iterator[Path]:
        """The engine's archive for this machine. Raises InstallError.

        Source of the addresses: github.com/actions/runner-images, which checks its Pulumi in this way.
        """
        name = f"pulumi-v{version}-{_system()}-{_machine().replace('amd64', 'x64')}.tar.gz"
        with self._checked(
            f"{self.archives}/sdk/{name}", f"{self.lists}/pulumi/releases/download/v{version}/SHA512SUMS"
        ) as archive:
            yield archive

    @contextmanager
    def plugin(self, plugin: Plugin) -> Iterator[Path]:
        """The archive of a provider for this machine. Raises InstallError.

        Source of the addresses: `.github/workflows/publish.yml` of the providers' repositories (ci-mgmt).
        """
        file = f"pulumi-resource-{plugin.name}-v{plugin.version}-{_system()}-{_machine()}.tar.gz"
        package = f"pulumi-{plugin.name}"
        release = f"{self.lists}/{package}/releases/download/v{plugin.version}"
        with self._checked(
            f"{self.archives}/plugins/{file}", f"{release}/{package}_{plugin.version}_checksums.txt"
        ) as archive:
            yield archive

    @contextmanager
    def _checked(self, archive: str, checksums: str) -> Iterator[Path]:
        name = archive.rpartition("/")[2]
        with _opened(checksums) as answer:
            wanted = digest_of(name, answer.read(_LONGEST_LIST).decode("utf-8", "replace"))
        if wanted is None:
            raise InstallError(f"{checksums} has no checksum of {name}: it is not installed")
        digest = hashlib.new(_DIGESTS[len(wanted)])
        with tempfile.TemporaryDirectory(prefix="portus-stack-") as folder:
            path = Path(folder) / name
            say(f"downloading {archive}")
            with _opened(archive) as answer, path.open("wb") as file:
                while piece := answer.read(_PIECE):
                    digest.update(piece)
                    file.write(piece)
            if not hmac.compare_digest(digest.hexdigest(), wanted):
                raise InstallError(
                    f"{archive} is not what {checksums} says: {digest.name} {digest.hexdigest()} instead of {wanted}. "
                    "It was removed and nothing of it ran; try again, and if it stays so, ask who is between"
                )
            yield path


def digest_of(name: str, checksums: str) -> str | None:
    """The checksum of a file in a list as `shasum` writes it, None where it has none. Raises InstallError for two."""
    lines = re.findall(r"^([0-9a-fA-F]{40,128})[ \t]+\*?(?:\./)?(\S+)[ \t]*$", checksums, re.MULTILINE)
    found = {digest.lower() for digest, file in lines if file == name and len(digest) in _DIGESTS}
    if len(found) > 1:
        raise InstallError(f"the list of checksums has several of {name}")
    return found.pop() if found else None


def _system() -> str:
    return platform.system().lower()


def _machine() -> str:
    try:
        return _MACHINES[platform.machine().lower()]
    except KeyError:
        raise InstallError(f"Pulumi has no release for {platform.machine()}") from None


@contextmanager
def _opened(address: str) -> Iterator[IO[bytes]]:
    try:
        with urllib.request.urlopen(address, timeout=_REACH_SECONDS) as answer:
            yield answer
    except (urllib.error.URLError, OSError) as error:
        raise InstallError(f"{address} cannot be had: {getattr(error, 'reason', error)}") from error
