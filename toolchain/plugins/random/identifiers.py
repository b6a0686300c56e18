"""RandomId, RandomBytes and the UUIDs: random bytes in several spellings."""

import secrets
import time
import uuid
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import ClassVar

from toolchain.plugins.framework.attributes import Input, Kind, always, at_least
from toolchain.plugins.framework.planned import PlannedResource
from toolchain.plugins.framework.resource import ProviderError, Request
from toolchain.plugins.framework.values import Properties, Value
from toolchain.plugins.random.keepers import KEEPERS


def random_bytes(count: Value) -> bytes:
    """`count` bytes of the system's cryptographic generator. Raises `ProviderError` for a negative count."""
    if not isinstance(count, int) or count < 0:
        raise ProviderError("Randomness Generation Error: a number of bytes is not negative")
    return secrets.token_bytes(count)


class RandomId(PlannedResource):
    """Bytes as base64, hexadecimal and decimal, each after the prefix; not secret. The id has no prefix."""

    computed = ("b64Std", "b64Url", "dec", "hex", "id")
    inputs: ClassVar[Mapping[str, Input]] = {
        "byteLength": Input(Kind.INTEGER, "the number of bytes", required=True),
        "prefix": Input(Kind.STRING),
        "keepers": KEEPERS,
    }

    def generate(self, planned: Properties, request: Request) -> Properties:
        return _spellings(random_bytes(planned["byteLength"]), str(planned.get("prefix") or ""))

    def import_state(self, resource_id: str) -> Properties:
        prefix, _, text = resource_id.rpartition(",")
        try:
            value = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (Base64Error, ValueError) as error:
            raise ProviderError("Import Random ID Error: the id is not unpadded URL-safe base64") from error
        return {"byteLength": len(value), "prefix": prefix or None, **_spellings(value, prefix), "id": text}


def _spellings(value: bytes, prefix: str) -> Properties:
    url = urlsafe_b64encode(value).decode().rstrip("=")
    return {
        "id": url,
        "b64Url": prefix + url,
        "b64Std": prefix + b64encode(value).decode(),
        "hex": prefix + value.hex(),
        "dec": prefix + str(int.from_bytes(value, "big")),
    }


class RandomBytes(PlannedResource):
    """Secret bytes as base64 and hexadecimal. The id is the base64 text: the official provider stores it in the clear
    too.
    """

    computed = ("base64", "hex")
    secret_outputs = frozenset({"base64", "hex"})
    inputs: ClassVar[Mapping[str, Input]] = {
        "length": Input(Kind.INTEGER, "the number of bytes, 1 or more", required=True, rules=(at_least(1),)),
        "keepers": Input(Kind.STRING_MAP, replaces=always),
    }

    def generate(self, planned: Properties, request: Request) -> Properties:
        value = random_bytes(planned["length"])
        text = b64encode(value).decode()
        return {"id": text, "base64": text, "hex": value.hex()}

    def import_state(self, resource_id: str) -> Properties:
        try:
            value = b64decode(resource_id, validate=True)
        except (Base64Error, ValueError) as error:
            raise ProviderError("Import Random bytes Error: the id is not base64") from error
        return {"id": resource_id, "length": len(value), "base64": resource_id, "hex": value.hex()}


class RandomUuid(PlannedResource):
    """Sixteen random bytes in the spelling of a UUID, without version and variant bits. Use RandomUuid4 for a UUID by
    the standard.
    """

    computed: ClassVar[tuple[str, ...]] = ("result", "id")
    inputs: ClassVar[Mapping[str, Input]] = {"keepers": KEEPERS}

    def generate(self, planned: Properties, request: Request) -> Properties:
        text = str(self.make())
        return {"id": text, "result": text}

    def make(self) -> uuid.UUID:
        """A new value."""
        return uuid.UUID(bytes=secrets.token_bytes(16))

    def import_state(self, resource_id: str) -> Properties:
        try:
            text = str(uuid.UUID(resource_id))
        except ValueError as error:
            raise ProviderError("Import Random UUID Error: the id is not a UUID") from error
        return {"id": text, "result": text}


class RandomUuid4(RandomUuid):
    """A random UUID (RFC 9562, version 4)."""

    def make(self) -> uuid.UUID:
        return uuid.uuid4()


class RandomUuid7(RandomUuid):
    """A UUID that sorts by time (RFC 9562, version 7: 48 bits of milliseconds since 1970, then random bits)."""

    def make(self) -> uuid.UUID:
        milliseconds = time.time_ns() // 1_000_000
        value = bytearray(milliseconds.to_bytes(6, "big") + secrets.token_bytes(10))
        value[6] = value[6] & 0x0F | 0x70
        value[8] = value[8] & 0x3F | 0x80
        return uuid.UUID(bytes=bytes(value))
