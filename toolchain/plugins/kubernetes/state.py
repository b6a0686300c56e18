"""What a resource's state holds: the complete live object and three hidden entries.

Source: `provider.go` of pulumi-kubernetes, `checkpointObject` and `pruneLiveState`.
"""

from collections.abc import Mapping
from typing import Final

from toolchain.plugins.framework import Properties, Value
from toolchain.plugins.kubernetes.normalising import for_program, for_server
from toolchain.plugins.kubernetes.objects import mapping, plain_properties, text
from toolchain.plugins.kubernetes.secrecy import marked

_INPUTS: Final = "__inputs"
_INITIAL_VERSION: Final = "__initialApiVersion"
_MANAGER: Final = "__fieldManager"
_HIDDEN: Final = (_INPUTS, _INITIAL_VERSION, _MANAGER)


def outputs(live: Properties, inputs: Properties, manager: str, initial_version: str = "") -> Properties:
    """The state of an object. `inputs` are those of the program, with their secrets marked."""
    shown = for_program(live)
    hidden: Properties = {
        _INPUTS: marked(for_program(plain_properties(inputs)), inputs),
        _INITIAL_VERSION: initial_version or text(live, "apiVersion") or text(plain_properties(inputs), "apiVersion"),
        _MANAGER: manager,
    }
    return {**marked(shown, inputs), **hidden}


def live_of(state: Mapping[str, Value]) -> Properties:
    """The live object of a plain state, as the API server names things."""
    return for_server({name: value for name, value in state.items() if name not in _HIDDEN})


def inputs_of(state: Mapping[str, Value]) -> Properties:
    """The inputs that a plain state came from; empty when it does not say."""
    return for_server(mapping(state.get(_INPUTS)))


def manager_of(state: Mapping[str, Value]) -> str:
    return text(dict(state), _MANAGER)


def initial_version_of(state: Mapping[str, Value]) -> str:
    return text(dict(state), _INITIAL_VERSION)


def pruned(live: Value, like: Value) -> Value:
    """Of `live` only what `like` has too; lists by position."""
    if isinstance(live, dict) and isinstance(like, dict):
        return {name: pruned(value, like[name]) for name, value in live.items() if name in like}
    if isinstance(live, list) and isinstance(like, list):
        return [pruned(value, like[index]) for index, value in enumerate(live[: len(like)])]
    return live
