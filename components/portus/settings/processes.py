"""Reads what several roles have in common."""

from .. import images
from . import patterns
from .model import Resources
from .reader import Reader


def read_image(reader: Reader, key: str, default: str) -> str:
    """The image at ``key``."""
    image = reader.text(key, default, *patterns.IMAGE)
    if not images.is_reference(image):
        reader.problem(key, f"must name a tag or a digest: {image} alone means whatever is newest")
    return image


def read_resources(reader: Reader, memory_mib: int, cpus: float) -> Resources:
    """A group of bounds, with its defaults."""
    resources = Resources(
        memory_mib=reader.integer("memory_mib", memory_mib, 16, 1024 * 1024, "MiB"),
        cpus=round(reader.number("cpus", cpus, 0.1, 256, "cores"), 2),
    )
    reader.finish()
    return resources
