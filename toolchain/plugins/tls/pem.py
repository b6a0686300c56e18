"""PEM text: blocks, and what the provider takes for one."""

import base64
import re
import textwrap
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Final

from toolchain.plugins.framework.attributes import Input, Kind
from toolchain.plugins.framework.values import Value

CERTIFICATE: Final = "CERTIFICATE"
CERTIFICATE_REQUEST: Final = "CERTIFICATE REQUEST"

_WHOLE: Final = re.compile(r"-----BEGIN [A-Za-z ]+-----\n.+\n-----END [A-Za-z ]+-----\n?", re.DOTALL)
_BLOCK: Final = re.compile(
    r"^-----BEGIN ([^\n]+?)-----[ \t]*\r?\n(.*?)\r?\n?^-----END \1-----", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class PemBlock:
    """One block: its label and its DER."""

    label: str
    der: bytes


def encode(label: str, der: bytes) -> str:
    """A block with lines of 64 characters and a newline at the end."""
    body = textwrap.fill(base64.b64encode(der).decode(), 64)
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


def first_block(text: str) -> PemBlock | None:
    """The first block in `text` without headers; None when there is none that can be decoded."""
    for match in _BLOCK.finditer(text):
        try:
            return PemBlock(match[1], base64.b64decode("".join(match[2].split()), validate=True))
        except Base64Error:
            continue
    return None


def _state_holds_pem(old: Value, new: Value) -> bool:
    """A changed key or certificate replaces when the state holds PEM; other text (a hash of old versions) is
    overwritten.
    """
    return isinstance(old, str) and _WHOLE.fullmatch(old) is not None


def pem_input(description: str, *, secret: bool) -> Input:
    """A required input in PEM form."""
    return Input(Kind.STRING, f"{description} in PEM form", required=True, replaces=_state_holds_pem, secret=secret)


def write_only(name: str) -> dict[str, Input]:
    """The write-only twins of a private key input, which are not covered."""
    reason = (
        f"Inputs {name}Wo and {name}WoVersion are not covered by PortusStack's stand-in for the tls provider; "
        f"use {name}, or run with the official plugin: PROVIDERS=official"
    )
    return {
        f"{name}Wo": Input(Kind.STRING, secret=True, refused=reason),
        f"{name}WoVersion": Input(Kind.INTEGER, refused=reason),
    }
