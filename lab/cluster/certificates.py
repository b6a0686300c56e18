"""Keys and certificates of a cluster: made once, of one authority, as files that only root reads."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = datetime.timedelta(days=365)


class Authority:
    """The certificate authority of a cluster, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Load it, or make it in ``folder``."""
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.certificate.exists():
            key = _new_key(folder / "ca.key")
            name = _name("test-cluster", None)
            built = _builder(name, name, key).add_extension(x509.BasicConstraints(True, None), critical=True)
            _write(self.certificate, built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    @property
    def certificate(self) -> Path:
        """The authority's own certificate."""
        return self.folder / "ca.crt"

    def issue(self, file: str, common_name: str, organisation: str | None, names: Sequence[str] = ()) -> None:
        """Make ``file``.key and ``file``.crt, for clients and servers, unless they are there.

        Args:
            file: name of both files.
            common_name: the user's name to the API server.
            organisation: the user's group.
            names: host names and addresses of the server.
        """
        if (self.folder / f"{file}.crt").exists():
            return
        authority = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        key = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        leaf = _new_key(self.folder / f"{file}.key")
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
        built = _builder(_name(common_name, organisation), authority.subject, leaf).add_extension(
            usages, critical=False
        )
        if names:
            built = built.add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), False)
        certificate = built.sign(key, hashes.SHA256())
        _write(self.folder / f"{file}.crt", certificate.public_bytes(serialization.Encoding.PEM))

    def token_key(self) -> None:
        """Make the pair that signs service accounts' tokens, ``sa.key`` and ``sa.pub``, unless it is there."""
        if (self.folder / "sa.pub").exists():
            return
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        _write(self.folder / "sa.key", _pem(key))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        _write(self.folder / "sa.pub", public)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    # A minute in the past: clocks of test machines are set while they run.
    begins = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + _LIFETIME)
    )


def _name(common_name: str, organisation: str | None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _new_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    _write(path, _pem(key))
    return key


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
