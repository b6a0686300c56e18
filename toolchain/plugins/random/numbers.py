"""RandomInteger and RandomShuffle."""

import secrets
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from toolchain.plugins.framework.attributes import Input, Kind
from toolchain.plugins.framework.planned import PlannedResource
from toolchain.plugins.framework.resource import ProviderError, Request
from toolchain.plugins.framework.values import Properties, Value
from toolchain.plugins.random.keepers import KEEPERS

_SEED: Final = Input(
    Kind.STRING,
    refused="Input seed is not covered by PortusStack's stand-in for the random provider, because the results would "
    "have to be those of Go's math/rand; leave it out or run with the official plugin: PROVIDERS=official",
)


class RandomInteger(PlannedResource):
    """A whole number between two limits, both included. Not for secrets."""

    computed = ("result", "id")
    inputs: ClassVar[Mapping[str, Input]] = {
        "min": Input(Kind.INTEGER, "the smallest result", required=True),
        "max": Input(Kind.INTEGER, "the largest result", required=True),
        "seed": _SEED,
        "keepers": KEEPERS,
    }

    def generate(self, planned: Properties, request: Request) -> Properties:
        low, high = _whole(planned["min"]), _whole(planned["max"])
        if high < low:
            raise ProviderError(
                "Create Random Integer Error: The minimum (minVal) value needs to be smaller than or equal to maximum "
                "(maxVal) value."
            )
        result = low + secrets.randbelow(high - low + 1)
        return {"id": str(result), "result": result}

    def import_state(self, resource_id: str) -> Properties:
        result, low, high, seed = [*resource_id.split(",", 3), *[None] * 4][:4]
        try:
            numbers: Properties = {"result": int(result or ""), "min": int(low or ""), "max": int(high or "")}
        except ValueError as error:
            usage = "expecting {result},{min},{max} or {result},{min},{max},{seed}"
            raise ProviderError(f"Import Random Integer Error: Invalid import usage: {usage}") from error
        return {"id": result, "seed": seed, **numbers}


class RandomShuffle(PlannedResource):
    """The elements of a list in random order, repeated in new orders until there are `resultCount`."""

    computed = ("results", "id")
    inputs: ClassVar[Mapping[str, Input]] = {
        "inputs": Input(Kind.STRINGS, "the list to shuffle", required=True, terraform_name="input"),
        "resultCount": Input(Kind.INTEGER),
        "seed": _SEED,
        "keepers": KEEPERS,
    }

    def generate(self, planned: Properties, request: Request) -> Properties:
        elements = planned["inputs"]
        if not isinstance(elements, Sequence):
            raise ProviderError("Create Random Shuffle Error: inputs is a list")
        count = planned.get("resultCount")
        wanted = len(elements) if count is None else _whole(count)
        return {"id": "-", "results": _shuffled(elements, wanted)}


def _shuffled(elements: Sequence[Value], count: int) -> list[Value]:
    results: list[Value] = []
    while elements and len(results) < count:
        results += secrets.SystemRandom().sample(elements, len(elements))
    return results[: max(count, 0)]


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise ProviderError("a whole number is missing")
    return value
