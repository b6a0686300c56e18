"""Inputs as they are stored and sent.

Source: `clients/unstructured.go` and `provider.go` of pulumi-kubernetes, `Normalize` and `normalizeInputs`. Nothing is
done while anything is unknown.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from toolchain.plugins.framework import Properties, Value, contains_unknown
from toolchain.plugins.kubernetes.kinds import CRD, SECRET, Kind
from toolchain.plugins.kubernetes.objects import mapping
from toolchain.plugins.kubernetes.types import MismatchError, has_type, through_type

_SERVERS: Final = (
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)
_EXTENSIONS: Final = (
    *("embedded-resource", "int-or-string", "list-map-keys", "list-type"),
    *("map-type", "preserve-unknown-fields", "validations"),
)
_DASHED: Final[dict[str, str]] = {
    f"x_kubernetes_{name.replace('-', '_')}": f"x-kubernetes-{name}" for name in _EXTENSIONS
}
_UNDERSCORED: Final = {dashed: underscored for underscored, dashed in _DASHED.items()}


def normalised(kind: Kind, inputs: Properties) -> Properties:
    """Plain inputs in the form that the API server's own types give them."""
    inputs = for_server(inputs)
    if contains_unknown(inputs):
        return inputs
    if kind == CRD:
        return _without_servers(_definition(inputs))
    if kind == SECRET:
        return _without_servers(_secret(inputs))
    if has_type(str(kind)):
        try:
            return _without_servers(through_type(str(kind), inputs))
        except MismatchError:
            return inputs  # the API server says what is wrong, and in which field
    return _without_servers(inputs) if kind.built_in else inputs


def for_server(properties: Properties) -> Properties:
    """Properties with the names that the API server knows."""
    return mapping(_renamed(properties, _DASHED))


def for_program(obj: Properties) -> Properties:
    """An object with the names of properties that programs use."""
    return mapping(_renamed(obj, _UNDERSCORED))


def _renamed(value: Value, names: Mapping[str, str]) -> Value:
    if isinstance(value, Mapping):
        return {names.get(name, name): _renamed(item, names) for name, item in value.items()}
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value


def _without_servers(inputs: Properties) -> Properties:
    if not isinstance(inputs.get("metadata"), dict):
        return inputs
    metadata = {name: value for name, value in mapping(inputs["metadata"]).items() if name not in _SERVERS}
    return {**inputs, "metadata": metadata}


def _definition(inputs: Properties) -> Properties:
    kept = {name: value for name, value in inputs.items() if name != "status"}
    spec = mapping(kept.get("spec"))
    if spec.get("preserveUnknownFields") is False:
        del spec["preserveUnknownFields"]
        kept["spec"] = spec
    return kept


def _secret(inputs: Properties) -> Properties:
    """`stringData` becomes part of `data`; without it, what is in `data` is written in base64's plainest form."""
    texts = inputs.get("stringData")
    if isinstance(texts, dict) and texts:
        encoded = {name: _encoded(value) for name, value in texts.items()}
        rest: Properties = {name: value for name, value in inputs.items() if name != "stringData"}
        return {**rest, "data": {**mapping(inputs.get("data")), **encoded}}
    if isinstance(inputs.get("data"), dict):
        return {**inputs, "data": {name: _recoded(value) for name, value in mapping(inputs["data"]).items()}}
    return inputs


def _encoded(value: Value) -> Value:
    return base64.b64encode(value.encode()).decode() if isinstance(value, str) else value


def _recoded(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64encode(base64.b64decode(value.strip(), validate=True)).decode()
    except binascii.Error:
        return value
