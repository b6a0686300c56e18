"""Certificates that somebody brings, read from their PEM text: what of them will not hold.

The measures are the component's own (docs/reference.md, `certificate_pem`): NIST SP 800-57 part 1, Go's and OpenSSL's
refusals. The pack does not import the component, so that it can judge without it.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

_BLOCK = re.compile(r"-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----.*?-----END \1-----", re.DOTALL)
_SMALLEST_RSA, _SMALLEST_CURVE = 2048, 224
_WEAK_HASHES = (hashes.MD5, hashes.SHA1)
_LONGEST_LEAF, _LONGEST_AUTHORITY = datetime.timedelta(days=825), datetime.timedelta(days=30 * 366)
"""Apple's systems refuse servers for longer, private CAs' too (support.apple.com/103769); roots live 30 years."""
_MOST_BLOCKS, _LARGEST = 200, 1024 * 1024
"""A bundle of the public CAs has some 150 certificates, 250 KiB."""


def certificate_problems(text: str) -> tuple[str, ...]:
    """What is wrong with the certificates in a PEM text, each once; none where there is no certificate in it."""
    if "CERTIFICATE-----" not in text:
        return ()
    return _problems(text) if len(text) <= _LARGEST else ("it is too large to be read",)


def decoded(text: str) -> str:
    """The text behind base64, "" where it is none: Secrets have their ``data`` so."""
    try:
        return base64.b64decode(text, validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""


@lru_cache(maxsize=64)
def _problems(text: str) -> tuple[str, ...]:
    blocks = [found[0] for found in _BLOCK.finditer(text)][:_MOST_BLOCKS]
    if not blocks:
        return ("a certificate in it is cut off",)
    return tuple(dict.fromkeys(problem for block in blocks for problem in _of_block(block)))


def _of_block(block: str) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of oddities that TLS clients take
            certificate = x509.load_pem_x509_certificate(block.encode())
            yield from _of_key(certificate)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        yield "a certificate in it cannot be read"
        return
    yield from _of_life(certificate)
    # Nobody verifies the signature that a certificate carries of itself.
    if certificate.issuer != certificate.subject and _is_weakly_signed(certificate):
        yield "it is signed with MD5 or SHA-1"


def _of_key(certificate: x509.Certificate) -> Iterator[str]:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _SMALLEST_RSA:
        yield f"its key is RSA of {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _SMALLEST_CURVE:
        yield f"its key is on a curve of {key.key_size} bits"
    if isinstance(key, dsa.DSAPublicKey):
        yield "its key is DSA, which TLS clients refuse"


def _of_life(certificate: x509.Certificate) -> Iterator[str]:
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    longest = _LONGEST_AUTHORITY if _is_trusted_by_itself(certificate) else _LONGEST_LEAF
    if life > longest:
        yield f"it is valid for {life.days} days; {longest.days} at most"
    if certificate.not_valid_after_utc <= datetime.datetime.now(datetime.timezone.utc):
        yield "it has expired"


def _is_trusted_by_itself(certificate: x509.Certificate) -> bool:
    """Whether it is an authority's, or no server's but a key that somebody trusts, as a registry does for tokens."""
    constraints = _extension(certificate, x509.BasicConstraints)
    if isinstance(constraints, x509.BasicConstraints) and constraints.ca:
        return True
    return certificate.issuer == certificate.subject and not any(
        _extension(certificate, kind) for kind in (x509.SubjectAlternativeName, x509.ExtendedKeyUsage)
    )


def _extension(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> x509.ExtensionType | None:
    """An extension, None where there is none that can be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return None


def _is_weakly_signed(certificate: x509.Certificate) -> bool:
    try:
        return isinstance(certificate.signature_hash_algorithm, _WEAK_HASHES)
    except UnsupportedAlgorithm:  # older still
        return True
