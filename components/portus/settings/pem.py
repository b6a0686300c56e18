"""Reads PEM texts as RFC 7468 means them: what stands outside of the blocks is a comment."""

import re
import warnings
from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_BLOCK = re.compile(r"^-----BEGIN ([A-Z0-9 ]+)-----[ \t\r]*\n.*?^-----END \1-----[ \t\r]*$", re.DOTALL | re.MULTILINE)
"""OpenSSL, which nginx and Portus read with, wants each of the two lines for itself and not indented."""
_ENCRYPTED = (
    "is encrypted, but no one is there to type its passphrase when the server starts: take what "
    "`openssl pkey -in KEY_FILE` prints, and keep it as a secret of the stack"
)


class UnreadableError(ValueError):
    """What is wrong with a PEM text, as the rest of a sentence; never with anything of a key in it."""


def _blocks(text: str, label: str) -> Iterator[str]:
    """The blocks whose label ends with ``label``."""
    return (found[0] for found in _BLOCK.finditer(text) if found[1].endswith(label))


def certificates(text: str) -> tuple[x509.Certificate, ...]:
    """All certificates, in their order. Raises UnreadableError where one cannot be read."""
    found = []
    for number, block in enumerate(_blocks(text, "CERTIFICATE"), 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of oddities that TLS clients take
                certificate = x509.load_pem_x509_certificate(block.encode())
                certificate.public_key()  # read here, as the library does it only when asked
        except (ValueError, UnsupportedAlgorithm):
            raise UnreadableError(f"cannot be read: certificate {number} in it is damaged or cut off") from None
        found.append(certificate)
    if not found or len(found) != text.count("-----BEGIN CERTIFICATE-----"):
        raise UnreadableError("cannot be read: BEGIN and END of a certificate must be lines of their own, not indented")
    return tuple(found)


def private_key(text: str) -> PrivateKeyTypes:
    """The first private key; parameters of a curve may stand before it, as `openssl ecparam` writes them.

    Raises UnreadableError where there is none that a TLS server can read.
    """
    block = next(_blocks(text, "PRIVATE KEY"), "")
    if block.startswith("-----BEGIN ENCRYPTED") or "Proc-Type: 4,ENCRYPTED" in block:
        raise UnreadableError(_ENCRYPTED)
    try:
        return serialization.load_pem_private_key(block.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnreadableError(
            "cannot be read: it is damaged, cut off or indented, or no key for TLS servers (PKCS #8, RSA, EC)"
        ) from None


def belong_together(certificate: x509.Certificate, key: PrivateKeyTypes) -> bool:
    """Whether ``certificate`` is for ``key``."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return certificate.public_key().public_bytes(*form) == key.public_key().public_bytes(*form)
