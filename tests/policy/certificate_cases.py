"""Cases in which a certificate that somebody brings will not hold: what is wrong is in its bytes."""

import base64
import datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.policy.cases import KNOWN, Case, docker, kubernetes
from tests.policy.docker_cases import of
from tests.policy.graphs import Added, entry
from tests.policy.kubernetes_stack import meta

_NOW = datetime.datetime.now(datetime.timezone.utc)
_SHA256_WITH_RSA, _SHA1_WITH_RSA = (bytes.fromhex(f"06092a864886f70d0101{each}") for each in ("0b", "05"))
"""RFC 8017, appendix C, in DER."""
_YEAR = datetime.timedelta(days=365)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@cache
def certificate(*, rsa_bits: int = 0, years: int = 1, since: int = 0, authority: bool = False) -> str:
    """A certificate that somebody else's CA issued; ``since`` years ago."""
    key: Any = rsa.generate_private_key(65537, rsa_bits) if rsa_bits else ec.generate_private_key(ec.SECP256R1())
    issuer: Any = rsa.generate_private_key(65537, 2048)
    begins = _NOW - _YEAR * since - datetime.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name("portus.corp.net"))
        .issuer_name(_name("Corp CA"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + _YEAR * years)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    made = builder.sign(issuer, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


@cache
def self_signed(*, server: bool) -> str:
    """Of ten years: a key that somebody trusts, as tokens are verified with; or a server's."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name("portus.corp.net"))
        .issuer_name(_name("portus.corp.net"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOW - datetime.timedelta(days=1))
        .not_valid_after(_NOW + _YEAR * 10)
    )
    if server:
        names = x509.SubjectAlternativeName([x509.DNSName("portus.corp.net")])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def with_sha1() -> str:
    """A certificate that says it is signed with SHA-1; the library makes none any more."""
    made = x509.load_pem_x509_certificate(certificate().encode()).public_bytes(serialization.Encoding.DER)
    text = base64.encodebytes(made.replace(_SHA256_WITH_RSA, _SHA1_WITH_RSA)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


WEAK = {
    "RSA-1024": certificate(rsa_bits=1024),
    "SHA-1": with_sha1(),
    "100 years": certificate(years=100),
    "a CA of 100 years": certificate(years=100, authority=True),
    "a self-signed server of ten years": self_signed(server=True),
    "expired": certificate(since=2),
    "cut off": certificate()[:400],
    "second in the chain": certificate() + "# its issuer\n" + certificate(rsa_bits=1024, authority=True, years=10),
    "damaged": certificate().replace("MII", "MIX", 1),
}
GOOD = {
    "P-256": certificate(),
    "RSA-2048": certificate(rsa_bits=2048, years=2),
    "a CA of ten years": certificate(years=10, authority=True),
    "a token key's of ten years": self_signed(server=False),
    "comments around it": f"Bag Attributes\n    friendlyName: x\n{certificate()}\nend\n",
}
"""What nobody refuses."""


def uploaded(text: str) -> Any:
    """An edge that gets this certificate as a file."""

    def edit(inputs: dict[str, Any]) -> None:
        (upload,) = [each for each in inputs["uploads"] if each["file"].endswith("/edge.crt")]
        upload["content"] = text

    return of("edge-files", edit)


def in_secret(text: str) -> Added:
    """A Secret with this certificate, as Kubernetes has it: in base64."""
    inputs = {"metadata": meta("tls"), "type": "Opaque", "data": {"ca.crt": base64.b64encode(text.encode()).decode()}}
    return Added(entry("kubernetes:core/v1:Secret", "tls", inputs))


CASES: tuple[Case, ...] = (
    *(docker("T12", uploaded(text), at=KNOWN) for text in WEAK.values()),
    *(kubernetes("T12", in_secret(text)) for text in WEAK.values()),
    kubernetes(
        "T12",
        Added(
            entry(
                "kubernetes:core/v1:ConfigMap", "trust", {"metadata": meta("trust"), "data": {"ca": WEAK["RSA-1024"]}}
            )
        ),
    ),
)
