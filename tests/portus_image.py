"""Which image of Portus the tests run: the lab's stand-in, or the one that the variable `PORTUS` names.

With it the contract and engine tests judge the original: `PORTUS=opensuse/portus:2.4.3 make test`.
"""

import os
import re

from components.portus import images

VARIABLE = "PORTUS"
GIVEN = os.environ.get(VARIABLE, "")
STAND_INS = {1: f"{images.STAND_IN_REPOSITORY}:2.2", 2: f"{images.STAND_IN_REPOSITORY}:2.4"}
"""Generation → the stand-in's image."""


def generation_of(image: str) -> int:
    """The generation of an image whose tag tells it. Raises LookupError otherwise."""
    generation = images.generation_of(image)
    if generation is None:
        raise LookupError(f"{VARIABLE}={image}: the tag has to begin with Portus' release, for example 2.4.3")
    return generation


def portus_image(generation: int) -> str:
    """The given image if it is of that generation, else the stand-in's."""
    return GIVEN if GIVEN and generation_of(GIVEN) == generation else STAND_INS[generation]


def is_original(generation: int) -> bool:
    """Whether tests of that generation run something else than the stand-in."""
    return not images.is_stand_in(portus_image(generation))


def release(generation: int = 2) -> tuple[int, int]:
    """The minor release of the image, for example (2, 4)."""
    return release_of(portus_image(generation))


def release_of(image: str) -> tuple[int, int]:
    """The minor release of an image by its tag; one that nothing tells is newer than all."""
    found = re.match(r"2\.(\d+)", images.tag_of(image) or "")
    return (2, int(found[1])) if found else (2, 99)


def newer_image() -> str:
    """The release after 2.4, of the same make."""
    return re.sub(r":2\.4(?:\.\d+)?(?=[^:]*$)", ":2.5", portus_image(2))


def patience() -> float:
    """By what time limits made for the stand-in are stretched: the original starts Ruby on Rails several times."""
    return 8 if GIVEN and not images.is_stand_in(GIVEN) else 1
