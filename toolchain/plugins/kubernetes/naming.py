"""Names of objects that the program does not name.

Source: `metadata/naming.go` of pulumi-kubernetes and `NewUniqueName` of Pulumi's SDK.
"""

import hashlib
import secrets
from typing import Final

from toolchain.plugins.framework import UNKNOWN, CheckRequest, Properties, ProviderError
from toolchain.plugins.kubernetes.objects import (
    AUTONAMED,
    at,
    is_autonamed,
    mapping,
    name_of,
    plain_properties,
    with_metadata,
)

_DIGITS: Final = 8


def named(inputs: Properties, request: CheckRequest) -> Properties:
    """The inputs with a name: their own, the one they had, what the engine wants, or the resource's with a suffix.

    Raises:
        ProviderError: the engine forbids names that the program does not choose.
    """
    metadata = inputs.get("metadata")
    if metadata is UNKNOWN or at(inputs, "metadata", "name"):
        return inputs
    olds = plain_properties(request.olds)
    if olds:
        return _with_name(inputs, name_of(olds)) if is_autonamed(olds) else inputs
    wish = request.autonaming
    if wish is not None and wish.mode == "disable":
        raise ProviderError("autonaming is disabled, resource requires the .metadata.name field to be set")
    if wish is not None and wish.proposed_name:
        return _with_name(inputs, wish.proposed_name)
    return _with_name(inputs, f"{request.name}-{_suffix(request.random_seed)}")


def _with_name(inputs: Properties, name: str) -> Properties:
    annotations = at(inputs, "metadata", "annotations")
    if annotations is UNKNOWN:
        return with_metadata(inputs, name=name)
    return with_metadata(inputs, name=name, annotations={**mapping(annotations), AUTONAMED: "true"})


def _suffix(seed: bytes) -> str:
    """The same for the same seed, so that a preview and the update after it agree."""
    return hashlib.sha256(seed).hexdigest()[:_DIGITS] if seed else secrets.token_hex(_DIGITS // 2)
