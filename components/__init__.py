"""The library (``portus``) and, beside it, its multi-language plugin."""

from .portus import OUTPUTS, PortusStack, PortusStackArgs

__all__ = ["OUTPUTS", "PortusStack", "PortusStackArgs"]
