"""RandomPet: a name that people can say."""

import secrets
from collections.abc import Mapping
from typing import ClassVar

from toolchain.plugins.framework.attributes import Input, Kind
from toolchain.plugins.framework.planned import PlannedResource
from toolchain.plugins.framework.resource import Request
from toolchain.plugins.framework.values import Properties
from toolchain.plugins.random.keepers import KEEPERS
from toolchain.plugins.random.words import ADJECTIVES, ADVERBS, NAMES


class RandomPet(PlannedResource):
    """`[prefix-][adverb-…-][adjective-]name`: `length` words in lower case, 1 or less giving the name alone. The name
    is the id.
    """

    computed = ("id",)
    inputs: ClassVar[Mapping[str, Input]] = {
        "length": Input(Kind.INTEGER, default=2),
        "prefix": Input(Kind.STRING),
        "separator": Input(Kind.STRING, default="-"),
        "keepers": KEEPERS,
    }

    def generate(self, planned: Properties, request: Request) -> Properties:
        length, separator, prefix = planned["length"], str(planned["separator"]), planned.get("prefix")
        words = [secrets.choice(ADVERBS) for _ in range(length - 2)] if isinstance(length, int) else []
        words += [secrets.choice(ADJECTIVES)] if isinstance(length, int) and length > 1 else []
        words.append(secrets.choice(NAMES))
        return {"id": separator.join([str(prefix), *words] if prefix else words), "prefix": prefix or None}
