"""Which parts of inputs and state are secret.

Source: `provider.go` of pulumi-kubernetes, `annotateSecrets`: what stands where an input holds a secret is one, a list
as a whole; the data of a Secret always is.
"""

from collections.abc import Mapping

from toolchain.plugins.framework import Properties, Secret, Value
from toolchain.plugins.kubernetes.kinds import SECRET
from toolchain.plugins.kubernetes.objects import mapping, text

_SECRET_FIELDS = ("data", "stringData")


def marked(properties: Mapping[str, Value], inputs: Mapping[str, Value]) -> Properties:
    """`properties` (plain) with everything marked that is secret in `inputs`."""
    found = mapping(_marked(dict(properties), dict(inputs)))
    if SECRET.api_version == text(found, "apiVersion") and SECRET.kind == text(found, "kind"):
        for name in _SECRET_FIELDS:
            if name in found and not isinstance(found[name], Secret):
                found[name] = Secret(properties[name])
    return found


def _marked(value: Value, like: Value) -> Value:
    if isinstance(like, Secret):
        return Secret(value)
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        return {name: _marked(item, like.get(name)) for name, item in value.items()}
    return Secret(value) if isinstance(like, list) and _holds_secret(like) else value


def _holds_secret(value: Value) -> bool:
    if isinstance(value, Secret):
        return True
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_holds_secret(item) for item in items)
