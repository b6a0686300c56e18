"""YAML files among the inputs, parsed once: a dozen rules look at each."""

from __future__ import annotations

from functools import lru_cache

import yaml

from .values import Value

_LARGEST = 256 * 1024
_KEPT = 64
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@lru_cache(maxsize=_KEPT)
def parsed(text: str) -> Value:
    """The data of a YAML text, None where it is none. Not to be changed: it is shared."""
    if len(text) > _LARGEST:
        return None
    try:
        document: Value = yaml.load(text, _LOADER)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return document
