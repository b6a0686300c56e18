"""What Portus expects of its surroundings, as tables with their sources. Nothing here knows a target."""

from . import generation1, generation2
from .model import Contract


def contract_of(generation: int) -> Contract:
    """The contract of generation 1 or 2."""
    return {1: generation1.CONTRACT, 2: generation2.CONTRACT}[generation]
