"""How a stack is: see :func:`status`."""

from .command import status

__all__ = ["status"]
