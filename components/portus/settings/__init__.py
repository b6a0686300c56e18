"""Arguments become settings: frozen, validated, with every default filled in."""

from .from_args import settings_from_args
from .model import Settings
from .problems import InvalidSettings

__all__ = ["InvalidSettings", "Settings", "settings_from_args"]
