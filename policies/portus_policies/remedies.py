"""Repairs for rules whose level is set to `remediate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Properties = Mapping[str, object]
Remedy = Callable[[str, Properties], "Properties | None"]

REMEDIES: dict[str, Remedy] = {}
"""Rule → its repair: takes a resource's type and raw inputs, gives new ones, or None where nothing is to repair."""
