"""The bounds of one role, which several groups of arguments have."""

from typing_extensions import NotRequired, TypedDict


class ResourcesArgs(TypedDict):
    """Upper bounds of one role."""

    memory_mib: NotRequired[int]
    """Memory in MiB, 16 to 1048576. Default: per role, enough for a small team."""
    cpus: NotRequired[float]
    """CPU cores, 0.1 to 256. Default: per role."""
