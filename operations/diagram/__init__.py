"""The picture of a stack: see :func:`diagram`."""

from .command import diagram

__all__ = ["diagram"]
