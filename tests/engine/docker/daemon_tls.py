"""Certificates for a Docker daemon that listens on TCP, and for its one client."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALIDITY = datetime.timedelta(hours=2)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> str:
        """PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """PEM, PKCS 8."""
        form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, form, none).decode()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _issue(subject: str, issuer: Issued | None, *extensions: x509.ExtensionType) -> Issued:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer.certificate.subject if issuer else _name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + _VALIDITY)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


class DaemonTls:
    """A CA, the daemon's certificate for its address, and a client's."""

    def __init__(self, address: str) -> None:
        self.ca = _issue("docker daemon CA", None)
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        self.server = _issue(address, self.ca, names, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]))
        self.client = _issue("client", self.ca, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))

    def daemon_arguments(self, address: str, port: int, folder: Path) -> tuple[str, ...]:
        """Arguments for dockerd; the files that they name are written to ``folder``."""
        files = {
            "--tlscacert": ("ca.pem", self.ca.certificate_pem),
            "--tlscert": ("server.pem", self.server.certificate_pem),
            "--tlskey": ("server-key.pem", self.server.key_pem),
        }
        arguments = ["--host", f"tcp://{address}:{port}", "--tlsverify"]
        for argument, (name, text) in files.items():
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(text)
            arguments += [argument, str(path)]
        return tuple(arguments)

    def stack_config(self) -> dict[str, str]:
        """The group ``tls`` of one of ``docker.hosts``."""
        return {
            "ca_pem": self.ca.certificate_pem,
            "certificate_pem": self.client.certificate_pem,
            "private_key_pem": self.client.key_pem,
        }
