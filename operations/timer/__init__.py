"""What runs commands by a schedule: see :func:`timer`."""

from .command import timer

__all__ = ["timer"]
