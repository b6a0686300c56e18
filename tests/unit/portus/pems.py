"""Certificates and keys made for one run of the tests, right or wrong in one respect."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
_WITH_SHA256 = bytes.fromhex("2a864886f70d01010b")
_OLD_HASHES = {"md5": b"\x04", "sha1": b"\x05"}
"""Object identifiers of RSA signatures (RFC 8017, appendix A.2.4)."""
NAMES = ("portus.example.com", "registry.example.com")


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return key_pem(self.key)


def key_pem(
    key: Key,
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
    encryption: serialization.KeySerializationEncryption | None = None,
) -> str:
    """A key as text, not encrypted unless told."""
    return key.private_bytes(serialization.Encoding.PEM, form, encryption or serialization.NoEncryption()).decode()


def elliptic() -> ec.EllipticCurvePrivateKey:
    """The cheapest key that is right."""
    return ec.generate_private_key(ec.SECP256R1())


def issued(  # noqa: PLR0913 - each is one way to be wrong
    common_name: str,
    issuer: Pair | None = None,
    *,
    names: Sequence[str] = (),
    key: Key | None = None,
    begins: datetime.datetime = NOW - DAY,
    ends: datetime.datetime = NOW + 90 * DAY,
    purposes: Sequence[x509.ObjectIdentifier] = (),
    authority: bool = False,
) -> Pair:
    """A certificate by ``issuer``, or by itself when there is none."""
    key = key or elliptic()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder(subject_name=subject, public_key=key.public_key())
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
    by = issuer.key if issuer else key
    return Pair(builder.sign(by, None if isinstance(by, ed25519.Ed25519PrivateKey) else hashes.SHA256()), key)


def signed_with(digest: hashes.HashAlgorithm, certificate: x509.Certificate, by: rsa.RSAPrivateKey) -> x509.Certificate:
    """The same certificate, signed with a hash that the library does not sign certificates with any more."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    der = der.replace(_WITH_SHA256, _WITH_SHA256[:-1] + _OLD_HASHES[digest.name])
    body = x509.load_der_x509_certificate(der).tbs_certificate_bytes
    signature = by.sign(body, padding.PKCS1v15(), digest)
    return x509.load_der_x509_certificate(der[: -len(signature)] + signature)


ROOT = issued("root", authority=True)
INTERMEDIATE = issued("intermediate", ROOT, authority=True)
SERVER = issued("server", INTERMEDIATE, names=NAMES)
OTHER = issued("other", authority=True)
