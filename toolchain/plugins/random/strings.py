"""RandomPassword and RandomString: characters from chosen classes."""

import secrets
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from toolchain.plugins.framework.attributes import Finding, Input, Kind, at_least
from toolchain.plugins.framework.planned import Plan, PlannedResource
from toolchain.plugins.framework.resource import CheckRequest, CheckResult, ProviderError, Request, Severity
from toolchain.plugins.framework.values import Properties, Unknown, Value
from toolchain.plugins.random.keepers import KEEPERS

SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
BCRYPT_COST: Final = 10
BCRYPT_LIMIT: Final = 72
"""Bytes of a password that bcrypt looks at; the official provider cuts there too."""

_CLASSES: Final = ("upper", "lower", "numeric", "special")
_MINIMA: Final = {"minUpper": "upper", "minLower": "lower", "minNumeric": "numeric", "minSpecial": "special"}


def _override_special_changed(old: Value, new: Value) -> bool:
    """From "" to unset means the same characters."""
    return not isinstance(new, Unknown) and not (new is None and old == "")


class RandomString(PlannedResource):
    """Characters drawn from the system's cryptographic generator; the result is the id and not secret."""

    schema_version: ClassVar[int] = 2
    computed: ClassVar[tuple[str, ...]] = ("result", "id")
    inputs: ClassVar[Mapping[str, Input]] = {
        "length": Input(Kind.INTEGER, "the number of characters, 1 or more", required=True, rules=(at_least(1),)),
        "upper": Input(Kind.BOOLEAN, default=True),
        "lower": Input(Kind.BOOLEAN, default=True),
        "numeric": Input(Kind.BOOLEAN, default=True),
        "number": Input(Kind.BOOLEAN, default=True),
        "special": Input(Kind.BOOLEAN, default=True),
        "minUpper": Input(Kind.INTEGER, default=0),
        "minLower": Input(Kind.INTEGER, default=0),
        "minNumeric": Input(Kind.INTEGER, default=0),
        "minSpecial": Input(Kind.INTEGER, default=0),
        "overrideSpecial": Input(Kind.STRING, replaces=_override_special_changed),
        "keepers": KEEPERS,
    }

    def check(self, request: CheckRequest) -> CheckResult:
        if request.news.get("number") is not None:
            request.log(Severity.WARNING, 'property "number" is deprecated: use "numeric" instead')
        return super().check(request)

    def validate(self, config: Properties) -> Iterable[Finding]:
        minima = [config.get(name, 0) for name in ("minUpper", "minLower", "minNumeric", "minSpecial")]
        length = config.get("length")
        known = [minimum for minimum in minima if isinstance(minimum, int)]
        if isinstance(length, int) and len(known) == len(minima) and length < sum(known):
            rule = "value must be at least sum of min_upper + min_lower + min_numeric + min_special"
            yield Finding("Invalid Attribute Value", f"Attribute length {rule}, got: {length}", "length")
        if all(config.get(name) is False for name in ("special", "upper", "lower")):
            for name in ("number", "numeric"):
                if name in config and config[name] is not True:
                    rule = f"At least one attribute out of [special,upper,lower,{name}] must be specified as true"
                    yield Finding("Invalid Attribute Combination", rule, name)

    def modify_plan(self, plan: Plan, prior: Properties | None, config: Properties) -> None:
        number, numeric = config.get("number"), config.get("numeric")
        if number is not None and numeric is not None and (number is True) != (numeric is True):
            conflict = "Number and numeric are both configured with different values"
            raise ProviderError(f"1 error occurred:\n\t* : {conflict} - Number is deprecated, use numeric instead\n\n")
        for name in ("number", "numeric"):
            both = (config.get(name), numeric, number, True)
            plan.state[name] = next(value for value in both if value is not None)

    def generate(self, planned: Properties, request: Request) -> Properties:
        result = _characters(planned)
        return {"id": result, "result": result}

    def import_state(self, resource_id: str) -> Properties:
        flags: Properties = dict.fromkeys((*_CLASSES, "number"), True)
        minima: Properties = dict.fromkeys(_MINIMA, 0)
        length = len(resource_id.encode())
        return {"id": resource_id, "result": resource_id, "length": length, **flags, **minima}

    def upgrade_state(self, state: Properties) -> Properties:
        """States of old versions lack what was not set, and `numeric`, which `number` was called."""
        digits = state.get("number", True)
        flags: Properties = dict.fromkeys(_CLASSES, True) | {"number": digits, "numeric": digits}
        return flags | dict.fromkeys(_MINIMA, 0) | state


class RandomPassword(RandomString):
    """A RandomString whose result is secret, with its bcrypt hash."""

    schema_version = 3
    computed = ("result", "bcryptHash", "id")
    secret_outputs = frozenset({"result", "bcryptHash"})

    def generate(self, planned: Properties, request: Request) -> Properties:
        result = _characters(planned)
        return {"id": "none", "result": result, "bcryptHash": _bcrypt(result)}

    def import_state(self, resource_id: str) -> Properties:
        return super().import_state(resource_id) | {"id": "none", "bcryptHash": _bcrypt(resource_id)}


def _characters(planned: Properties) -> str:
    """The minimum of each class first, even of a class that is switched off; the rest from all enabled classes; then
    shuffled.
    """
    special = planned.get("overrideSpecial") or SPECIAL
    alphabets = {
        "upper": string.ascii_uppercase,
        "lower": string.ascii_lowercase,
        "numeric": string.digits,
        "special": str(special),
    }
    enabled = "".join(alphabets[name] for name in _CLASSES if planned[name])
    if not enabled:
        raise ProviderError("Random Read Error: the character set specified is empty")
    characters: list[str] = []
    for minimum, name in _MINIMA.items():
        characters += _draw(alphabets[name], _count(planned[minimum]))
    characters += _draw(enabled, _count(planned["length"]) - len(characters))
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def _draw(alphabet: Sequence[str], count: int) -> list[str]:
    return [secrets.choice(alphabet) for _ in range(count)]


def _count(value: Value) -> int:
    if not isinstance(value, int) or value < 0:
        raise ProviderError("Random Read Error: a number of characters is not negative")
    return value


def _bcrypt(password: str) -> str:
    import bcrypt  # noqa: PLC0415 - only creating needs it, and every preview pays for what is imported above

    return bcrypt.hashpw(password.encode()[:BCRYPT_LIMIT], bcrypt.gensalt(BCRYPT_COST, prefix=b"2a")).decode()
