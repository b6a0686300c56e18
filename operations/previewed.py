"""What a preview says will happen to each resource: a typed view of ``pulumi preview --json``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .console import OperationError
from .state import PORTUS_STACK, Object, Resource, inside

_REPLACES = ("replace", "create-replacement", "delete-replaced")
_KINDS = {"create": "create", "update": "update", "delete": "delete", **dict.fromkeys(_REPLACES, "replace")}
"""The engine's operation → what it comes to; whatever is not here changes nothing."""


@dataclass(frozen=True)
class Step:
    """What happens to one resource.

    Attributes:
        change: ``create``, ``update``, ``replace``, ``delete``, or "" for nothing.
        provider: name of its provider, "" for components.
        urn: its URN.
        parent: its parent's URN, "" for none.
    """

    name: str
    type: str
    change: str
    inputs: Object
    provider: str
    urn: str
    parent: str


def steps_of(text: str, deployed: Sequence[Resource] = ()) -> list[Step]:
    """The steps in a preview's JSON, one for each resource.

    Args:
        deployed: what the state holds. The engine (3.254) leaves the deletion of a resource out of the JSON when
            something that it depends on is replaced: what is in the state and in no step goes away.

    Raises:
        OperationError: the text is of another form.
    """
    try:
        document = json.loads(text[text.index("{") :])  # the engine may print notices before it
        steps = {str(each["urn"]): _step(each) for each in document["steps"]}
    except (ValueError, KeyError, TypeError) as error:
        raise OperationError(f"the preview has an unknown form ({type(error).__name__}: {error})") from error
    left_out = [each for each in deployed if each.urn not in steps and not each.replaced]
    gone = [
        Step(each.name, each.type, "delete", each.inputs, _name_of(each.provider), each.urn, each.parent)
        for each in left_out
    ]
    return [*steps.values(), *gone]


def steps_within(steps: Sequence[Step], name: str) -> list[Step]:
    """Those of the PortusStack ``name`` and of what is in it, and every provider's."""
    root = next(each.urn for each in steps if each.type == PORTUS_STACK and each.name == name)
    found = inside(root, {each.urn: each.parent for each in steps})
    return [each for each in steps if each.urn in found or each.type.startswith("pulumi:providers:")]


def _name_of(urn: str) -> str:
    return urn.rpartition("::")[2]


def _step(value: Mapping[str, object]) -> Step:
    state = value.get("newState") or value.get("oldState")
    inputs = state.get("inputs") if isinstance(state, dict) else None
    urn = str(value["urn"])
    return Step(
        name=_name_of(urn),
        type=urn.split("::")[2].rpartition("$")[2],
        change=_KINDS.get(str(value["op"]), ""),
        inputs=inputs if isinstance(inputs, dict) else {},
        provider=_name_of(str(value.get("provider") or "").rpartition("::")[0]),
        urn=urn,
        parent=str(state.get("parent") or "") if isinstance(state, dict) else "",
    )
