"""Certificates made for the tests, and how to look into them."""

from cryptography import x509
from cryptography.x509.extensions import ExtensionNotFound, ExtensionType

from tests.unit.plugins.asking import Asking, text
from toolchain.plugins.framework.values import Properties, Value
from toolchain.plugins.tls.cert_request import CertRequest
from toolchain.plugins.tls.certificates import LocallySignedCert, SelfSignedCert
from toolchain.plugins.tls.private_key import PrivateKey


def new_key(**inputs: Value) -> str:
    """A private key in PEM form; P-256 unless said otherwise."""
    return text(
        Asking(PrivateKey()).create(**(inputs or {"algorithm": "ECDSA", "ecdsaCurve": "P256"}))[1], "privateKeyPem"
    )


KEY = new_key()
OTHER_KEY = new_key()
CA_KEY = new_key()
MINIMUM: Properties = {"privateKeyPem": KEY, "allowedUses": ["server_auth"], "validityPeriodHours": 10}


def self_signed(**inputs: Value) -> Properties:
    """The outputs of a SelfSignedCert."""
    return Asking(SelfSignedCert()).create(**(MINIMUM | inputs))[1]


def authority(key: str = CA_KEY, **inputs: Value) -> str:
    """A CA certificate in PEM form."""
    ca: Properties = {"privateKeyPem": key, "isCaCertificate": True, "subject": {"commonName": "Test CA"}}
    return text(self_signed(**(ca | {"allowedUses": ["cert_signing"]} | inputs)), "certPem")


def request(**inputs: Value) -> str:
    """A signing request in PEM form."""
    asked: Properties = {"privateKeyPem": KEY, "subject": {"commonName": "portus.test"}, "dnsNames": ["portus.test"]}
    return text(Asking(CertRequest()).create(**(asked | inputs))[1], "certRequestPem")


def locally_signed(**inputs: Value) -> Properties:
    """The outputs of a LocallySignedCert."""
    signed: Properties = {
        "caCertPem": authority(),
        "caPrivateKeyPem": CA_KEY,
        "certRequestPem": request(),
        "allowedUses": ["digital_signature", "server_auth"],
        "validityPeriodHours": 10,
    }
    return Asking(LocallySignedCert()).create(**(signed | inputs))[1]


def parsed(outputs: Properties) -> x509.Certificate:
    """The certificate in a resource's outputs."""
    return x509.load_pem_x509_certificate(text(outputs, "certPem").encode())


def extension(certificate: x509.Certificate, kind: type[ExtensionType]) -> x509.Extension[ExtensionType] | None:
    """An extension by its type; None when there is none."""
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except ExtensionNotFound:
        return None
