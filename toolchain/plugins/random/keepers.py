"""The input that all types share: values whose change asks for a new random value."""

from collections.abc import Mapping

from toolchain.plugins.framework.attributes import Input, Kind
from toolchain.plugins.framework.values import Value


def _values_changed(old: Value, new: Value) -> bool:
    """A changed, added or removed value replaces; keys that are only null do not (states of old SDKs lack them)."""
    olds = old if isinstance(old, Mapping) else {}
    news = new if isinstance(new, Mapping) else {}
    return any(value != olds.get(key) for key, value in news.items()) or not olds.keys() <= news.keys()


KEEPERS = Input(Kind.STRING_MAP, replaces=_values_changed)
