"""A CA, a server certificate and a token key for the contract tests of the stand-in."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

_CA_NAME = "lab CA"


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _certificate(name: str, key: rsa.RSAPrivateKey, issuer_key: rsa.RSAPrivateKey, names: list[str]) -> bytes:
    """A certificate of the CA; without names it is the CA's own."""
    now = datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _CA_NAME)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False
        )
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.PEM)


def key_id(key: rsa.RSAPublicKey) -> str:
    """The libtrust id of a key, computed here on its own so that the stand-in's is judged by another hand."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = base64.b32encode(hashlib.sha256(der).digest()[:30]).decode()
    return ":".join(text[start : start + 4] for start in range(0, 48, 4))


def _jwks(key: rsa.RSAPublicKey) -> str:
    def number(value: int) -> str:
        return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()

    numbers = key.public_numbers()
    entry = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": key_id(key),
        "n": number(numbers.n),
        "e": number(numbers.e),
    }
    return json.dumps({"keys": [entry]})


def write_certificates(folder: Path, names: list[str]) -> str:
    """Write everything below the folder and return the token key's id.

    `ca/ca.crt`, `tls.{crt,key}`, `token.crt`, `jwks.json`; `certificates/` and `secrets/` as mounted.
    As in generation 1 the token key is the TLS key.
    """
    for name in ("ca", "certificates", "secrets"):
        (folder / name).mkdir()
    authority, server = _new_key(), _new_key()
    ca = _certificate(_CA_NAME, authority, authority, [])
    leaf = _certificate(names[0], server, authority, names)
    files = {
        "ca/ca.crt": ca,
        "tls.crt": leaf,
        "tls.key": _pem(server),
        "token.crt": leaf,
        "jwks.json": _jwks(server.public_key()).encode(),
        "certificates/portus-ca.crt": leaf,
        "certificates/registry-ca.crt": ca,
        "secrets/portus.key": _pem(server),
        "secrets/tls.key": _pem(server),
        "secrets/tls.crt": leaf,
        "secrets/database_password": b"database-pass-1\n",
        "secrets/portus_password": b"hidden-pass-1\n",
        "secrets/secret_key_base": b"secret-key-base-1\n",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    folder.chmod(0o755)
    return key_id(server.public_key())
