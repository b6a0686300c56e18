"""Which release of Portus this is an imitation of, and which of PortusStack's patches lie in its container."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

RELEASE_VARIABLE = "PORTUS_STAND_IN_RELEASE"
#: Where PortusStack puts what mends Portus, as `portus_stack_NAME.rb`. The double only looks which are there.
INITIALIZERS = Path("/srv/Portus/config/initializers")
WEBHOOK_SECRET = Path("/etc/portus-stack/webhook-secret")

#: Defaults of a generation, for tests that have no image.
_LAST = {1: (2, 2), 2: (2, 4)}


def release_of(generation: int, environment: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """The minor release, for example (2, 4); built into the image."""
    text = environment.get(RELEASE_VARIABLE, "")
    if not text:
        return _LAST[generation]
    major, minor = text.split(".")[:2]
    return int(major), int(minor)


def mended(patch: str) -> bool:
    """Whether the patch of that name is installed. Without it the double has Portus' hole."""
    return (INITIALIZERS / f"portus_stack_{patch}.rb").is_file()


def webhook_secret() -> str:
    """What registries have to know to send notifications, with the patch `webhook_secret`. Raises OSError."""
    return WEBHOOK_SECRET.read_text().strip()
