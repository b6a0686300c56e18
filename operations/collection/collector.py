"""The registry's garbage collector, as the script in its container runs it (roles/registry_collector.py)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..console import OperationError
from ..inside import Inside

_SCRIPT = "/etc/portus-stack/collect.sh"
_BUSY = 75
_COUNTS = re.compile(r"^(\d+) blobs marked, (\d+) blobs and (\d+) manifests eligible for deletion", re.MULTILINE)
_ENDED = re.compile(r"collector ended with (\d+)\s*\Z")
_FOUND = re.compile(r"^(?:blob|manifest) eligible for deletion: .*", re.MULTILINE)
_VERSION = re.compile(r"distribution(?:/v\d+)? v?(\d+)\.")
_KIBIBYTE = 1024
_LONGEST = 600


@dataclass(frozen=True)
class Found:
    """What the collector keeps and what it removes, or would remove.

    Attributes:
        kept: blobs that images need: manifests, configurations and layers.
        blobs: blobs that none needs.
        manifests: manifests that it removes because they have no tag.
        lines: what is removed, a line each, in the collector's words.
    """

    kept: int
    blobs: int
    manifests: int
    lines: Sequence[str]


class Collector:
    """In the container or pod ``place``."""

    def __init__(self, inside: Inside, place: str) -> None:
        self._inside, self.place = inside, place

    def major(self) -> int:
        """The major version of the registry's program. Raises OperationError when it tells none."""
        _, printed = self._script("version")
        told = _VERSION.search(printed)
        if told is None:
            raise OperationError(f"the registry does not tell its version, but {printed.strip()!r}")
        return int(told[1])

    def look(self, *options: str) -> Found:
        """What it would remove; nothing is changed. Raises OperationError when it fails."""
        return found_in(*self._script("look", *options))

    def run(self, *options: str) -> Found:
        """Remove it. Somebody has to call `wanted` all the while. Raises OperationError when it fails or is ended."""
        return found_in(*self._script("run", *options))

    def wanted(self) -> None:
        """Let it go on for 20 seconds more."""
        self._script("wanted")

    def stop(self) -> None:
        """End it, wherever it is, and wait until it has ended. What it has not removed is found the next time."""
        self._script("stop")

    def size(self) -> int | None:
        """How many bytes all blobs take on the registry's volume; None in a bucket."""
        _, printed = self._script("size")
        return int(printed) * _KIBIBYTE if printed.strip() else None

    def _script(self, *words: str) -> tuple[int, str]:
        return self._inside.run(self.place, ("sh", _SCRIPT, *words))


def found_in(code: int, printed: str) -> Found:
    """What the script printed. Raises OperationError for a collector that did not end well."""
    if code == _BUSY:
        raise OperationError("the registry's garbage collector is at work already", "wait until it has ended")
    ended, counts = _ENDED.search(printed), _COUNTS.search(printed)
    if code or ended is None:
        raise OperationError(f"the registry's garbage collector was ended: {printed.strip()[-_LONGEST:] or code}")
    if ended[1] != "0" or counts is None:
        raise OperationError(
            f"the registry's garbage collector failed: {printed[: ended.start()].strip()[-_LONGEST:]}",
            "correct what it says, or run this again where an image was deleted meanwhile",
        )
    kept, blobs, manifests = map(int, counts.groups())
    return Found(kept, blobs, manifests, _FOUND.findall(printed))
