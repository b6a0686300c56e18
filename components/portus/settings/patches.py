"""Reads ``portus.patches``: which of Portus' defects are mended."""

from ..images import minor_release_of
from ..patches import NEWEST_MINOR, PATCHES, Patch, fitting
from .reader import Reader


def read_patches(reader: Reader, image: str, generation: int) -> tuple[Patch, ...]:
    """The patches that are on: all that fit the release, less those that are switched off.

    A release newer than every patch was tried on is refused, unless each security patch is switched off by name: its
    holes would be open without a word. Where neither tag nor generation tells the release, every patch of the
    generation is put in place, and each looks for itself whether it fits.
    """
    minor = minor_release_of(image)
    fit = fitting(minor, generation)
    on = []
    for patch in PATCHES.values():
        wanted = reader.boolean(patch.name, patch in fit)
        if wanted and patch not in fit:
            release = f"Portus 2.{minor}" if minor is not None else f"generation {generation} of Portus"
            reader.problem(patch.name, f"must be false: there is no such patch for {release}")
        elif wanted:
            on.append(patch)
    off = [patch.name for patch in PATCHES.values() if patch.security and not reader.given(patch.name)]
    if minor is not None and minor > NEWEST_MINOR and off:
        reader.problem(
            off[0],
            f"is required: no patch is known for Portus 2.{minor}, so its holes would be open; use 2.{NEWEST_MINOR} or "
            f"older, or say that they may be: set {', '.join(off)} to false",
        )
    reader.finish()
    return tuple(on)
