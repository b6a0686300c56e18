"""What the registry needs to trust the bearer tokens that Portus signs.

Portus names its key by the libtrust fingerprint: base32 of the first 30 bytes of SHA-256 over the DER
SubjectPublicKeyInfo, in twelve groups of four (source: SUSE/Portus ``lib/portus/jwt_token.rb``). Distribution 2 derives
the same id from the certificates in ``rootcertbundle``; Distribution 3 takes the id from the ``kid`` of a JWKS (source:
distribution ``registry/auth/token``, issue #4299).
"""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

_FINGERPRINT_BYTES = 30
_GROUP_LENGTH = 4


def _rsa_public_key(public_key_pem: str) -> RSAPublicKey:
    key = load_pem_public_key(public_key_pem.encode())
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the token key must be an RSA key: Portus signs with RS256 only")
    return key


def libtrust_key_id(public_key_pem: str) -> str:
    """The ``kid`` of tokens that Portus signs, from a PEM ``PUBLIC KEY``; raises ValueError for anything but RSA."""
    der = _rsa_public_key(public_key_pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    encoded = base64.b32encode(hashlib.sha256(der).digest()[:_FINGERPRINT_BYTES]).decode()
    return ":".join(encoded[i : i + _GROUP_LENGTH] for i in range(0, len(encoded), _GROUP_LENGTH))


def _base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwks(public_key_pem: str) -> str:
    """The JSON Web Key Set (RFC 7517) for ``auth.token.jwks`` with the libtrust id as ``kid``."""
    numbers = _rsa_public_key(public_key_pem).public_numbers()
    key = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": libtrust_key_id(public_key_pem),
        "n": _base64url(numbers.n),
        "e": _base64url(numbers.e),
    }
    return json.dumps({"keys": [key]}, sort_keys=True)
