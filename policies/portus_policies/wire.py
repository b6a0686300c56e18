"""Pulumi's JSON form of property values (wire, state, plans) as plain values.

Source of the signatures: pulumi ``sdk/go/common/resource/properties.go`` and ``pkg/resource/stack/deployment.go``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from .values import UNKNOWN, Value

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_HIDDEN = "[secret]"
"""What the engine shows in a secret's place."""
UNKNOWNS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""The texts that stand for values that are not known yet."""


def plain_properties(properties: object) -> tuple[dict[str, Value], frozenset[str]]:
    """Properties as plain values, and the paths of those that are secret."""
    secrets: set[str] = set()
    if not isinstance(properties, Mapping):
        return {}, frozenset()
    found = {str(key): _plain(value, str(key), secrets) for key, value in properties.items() if key != "__defaults"}
    return found, frozenset(secrets)


def _plain(value: object, path: str, secrets: set[str]) -> Value:
    if isinstance(value, str):
        return _text(value, path, secrets)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            return _signed(value, path, secrets)
        return {str(key): _plain(each, f"{path}.{key}", secrets) for key, each in value.items() if key != "__defaults"}
    if isinstance(value, Iterable):
        return [_plain(each, f"{path}[{index}]", secrets) for index, each in enumerate(value)]
    return UNKNOWN


def _text(value: str, path: str, secrets: set[str]) -> Value:
    if value == _HIDDEN:
        secrets.add(path)
    return UNKNOWN if value == _HIDDEN or value in UNKNOWNS else value


def _signed(value: Mapping[object, object], path: str, secrets: set[str]) -> Value:
    """Secrets, unwrapped where they can be read, and output values; files, archives and references are not read."""
    if value[SIGNATURE] == SECRET:
        secrets.add(path)
        if "plaintext" in value:
            return _plain(_from_json(value["plaintext"]), path, secrets)
        return _plain(value["value"], path, secrets) if "value" in value else UNKNOWN
    if value[SIGNATURE] == _OUTPUT and "value" in value:
        if value.get("secret"):
            secrets.add(path)
        return _plain(value["value"], path, secrets)
    return UNKNOWN


def _from_json(text: object) -> object:
    try:
        return json.loads(str(text))
    except ValueError:
        return UNKNOWN
