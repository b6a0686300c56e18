"""Puts right what an interrupted or outside hand left: see :func:`repair`."""

from .repair import repair

__all__ = ["repair"]
