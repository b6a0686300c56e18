"""Private keys: making, reading and writing them. Imported when a resource is created."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from toolchain.plugins.framework.resource import ProviderError
from toolchain.plugins.framework.values import Properties
from toolchain.plugins.tls import pem

Key: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

CURVES: Final[Mapping[str, Callable[[], ec.EllipticCurve]]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}
SignatureHash: TypeAlias = SHA256 | SHA384 | SHA512 | None
_CURVE_HASHES: Final[Mapping[str, SHA384 | SHA512]] = {"secp384r1": SHA384(), "secp521r1": SHA512()}
RSA_EXPONENT: Final = 65537
_LABELS: Final = ("RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY")
_OTHER_LABELS: Final = ("PUBLIC KEY", pem.CERTIFICATE, pem.CERTIFICATE_REQUEST)


def generate_key(algorithm: str, rsa_bits: int, curve: str) -> Key:
    """A new key of `RSA`, `ECDSA` or `ED25519`. Raises `ProviderError` for a size that the library refuses."""
    if algorithm == "ECDSA":
        return ec.generate_private_key(CURVES[curve]())
    if algorithm == "ED25519":
        return ed25519.Ed25519PrivateKey.generate()
    try:
        return rsa.generate_private_key(RSA_EXPONENT, rsa_bits)
    except (OverflowError, ValueError) as error:
        raise ProviderError(f"Unable to generate Key from configuration: {error}") from error


def parse_key(text: str, role: str) -> Key:
    """The first PEM block of `text` (PKCS#1, SEC 1 or PKCS#8, not encrypted). `role` is "private key" or "CA private
    key".

    Raises `ProviderError`, which never quotes the text.
    """
    block = pem.first_block(text)
    problem = f"Failed to parse {role} PEM"
    if block is None:
        raise ProviderError(f"{problem}: failed to decode PEM block: decoded bytes 0, undecoded {len(text.encode())}")
    if block.label in _OTHER_LABELS:
        raise ProviderError(f"{problem}: unable to determine parser for PEM preamble: {block.label}")
    if block.label not in _LABELS:
        raise ProviderError(f"{problem}: unsupported PEM preamble/type: {block.label}")
    try:
        key = load_der_private_key(block.der, password=None)
    except Exception as error:  # the library's own types differ by format and release
        raise ProviderError(f"{problem}: failed to parse private key given PEM preamble '{block.label}'") from error
    if not isinstance(key, Key):
        raise ProviderError(f"{problem}: unsupported private key type: {type(key).__name__}")
    return key


def algorithm_of(key: Key | PublicKey) -> str:
    """`RSA`, `ECDSA` or `ED25519`."""
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) else "ED25519"


def signature_hash(key: Key) -> SignatureHash:
    """What certificates are signed with: SHA-256, for P-384 and P-521 SHA-384 and SHA-512, for Ed25519 no hash."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _CURVE_HASHES.get(key.curve.name, SHA256())
    return SHA256()


def subject_key_identifier(key: PublicKey) -> bytes:
    """SHA-1 as the official provider takes it: RFC 5280 §4.2.1.2 method 1, but for Ed25519 over a DER OCTET STRING of
    the key.
    """
    if isinstance(key, rsa.RSAPublicKey):
        encoded = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        encoded = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    else:
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        encoded = bytes((0x04, len(raw))) + raw
    return hashlib.sha1(encoded, usedforsecurity=False).digest()


def describe_key(key: Key) -> Properties:
    """All outputs of a PrivateKey. OpenSSH has no P-224: its forms are then empty."""
    traditional = (
        PrivateFormat.PKCS8 if isinstance(key, ed25519.Ed25519PrivateKey) else PrivateFormat.TraditionalOpenSSL
    )
    public = key.public_key()
    openssh = "" if _is_p224(key) else _private_openssh(key)
    return {
        "id": state_hash(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
        "privateKeyPem": _private(key, traditional),
        "privateKeyPemPkcs8": _private(key, PrivateFormat.PKCS8),
        "privateKeyOpenssh": openssh,
        "publicKeyPem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        **_openssh(public, supported=not _is_p224(key)),
    }


def _is_p224(key: Key) -> bool:
    return isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp224r1"


def _private(key: Key, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _private_openssh(key: Key) -> str:
    """With lines of 64 characters: how long the library makes them depends on its release."""
    block = pem.first_block(_private(key, PrivateFormat.OpenSSH))
    if block is None:
        raise ProviderError("Unable to marshal private key into OpenSSH format")
    return pem.encode(block.label, block.der)


def _openssh(key: PublicKey, *, supported: bool) -> Properties:
    if not supported:
        return {"publicKeyOpenssh": "", "publicKeyFingerprintMd5": "", "publicKeyFingerprintSha256": ""}
    line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    blob = base64.b64decode(line.split()[1])
    sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return {
        "publicKeyOpenssh": f"{line.decode()}\n",
        "publicKeyFingerprintMd5": hashlib.md5(blob, usedforsecurity=False).digest().hex(":"),
        "publicKeyFingerprintSha256": f"SHA256:{sha256}",
    }


_SPACES: Final = tuple(
    chr(code).encode() for code in range(0x3001) if chr(code).isspace() and code not in range(0x1C, 0x20)
)
"""What Unicode calls white space (Python alone counts the separators 1C to 1F among it)."""


def state_hash(der: bytes) -> str:
    """The id of keys and requests: hexadecimal SHA-1 of the DER without trailing bytes that read as white space (the
    official provider trims it like text; DER never begins with one).
    """
    while der.endswith(_SPACES):
        der = der[: -len(next(space for space in _SPACES if der.endswith(space)))]
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()
