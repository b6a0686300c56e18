"""SelfSignedCert, CertRequest and LocallySignedCert: what is in them."""

import ipaddress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plugins.asking import Asking, text
from tests.unit.plugins.issued import (
    CA_KEY,
    KEY,
    MINIMUM,
    OTHER_KEY,
    authority,
    extension,
    locally_signed,
    new_key,
    parsed,
    request,
    self_signed,
)
from tests.unit.plugins.openssl import openssl, verify
from toolchain.plugins.framework.resource import ProviderError, Severity
from toolchain.plugins.framework.values import UNKNOWN, Properties, Secret, Value
from toolchain.plugins.tls.cert_request import CertRequest
from toolchain.plugins.tls.certificates import LocallySignedCert, SelfSignedCert
from toolchain.plugins.tls.usages import ALLOWED_USES, EXTENDED_KEY_USAGES, KEY_USAGES

FULL_SUBJECT: Properties = {
    "commonName": "c.example",
    "country": "DE",
    "emailAddress": "a@b.example",
    "locality": "L",
    "organization": "Ürgänization",
    "organizationalUnit": "OU",
    "postalCode": "1",
    "province": "P",
    "serialNumber": "77",
    "streetAddresses": ["b street", "a street"],
}


def names(certificate: x509.Certificate | x509.CertificateSigningRequest) -> list[object]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [name.value for name in found]


def test_the_least_certificate() -> None:
    outputs = self_signed()
    certificate = parsed(outputs)
    assert outputs["id"] == str(certificate.serial_number)
    assert outputs["keyAlgorithm"] == "ECDSA" and outputs["readyForRenewal"] is False
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(hours=10)
    assert [extension.oid.dotted_string for extension in certificate.extensions] == ["2.5.29.37", "2.5.29.19"]
    assert (
        not list(certificate.subject) and certificate.signature_algorithm_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA256
    )
    basic = extension(certificate, x509.BasicConstraints)
    assert basic is not None and basic.critical and basic.value == x509.BasicConstraints(ca=False, path_length=None)


def test_validity_is_kept_to_the_nanosecond() -> None:
    outputs = self_signed()
    start, end = text(outputs, "validityStartTime"), text(outputs, "validityEndTime")
    assert start[19:] == end[19:], "the decimals and the zone are the same, hours apart"
    assert parsed(outputs).not_valid_before_utc.strftime("%M:%S") == start[14:19]


@given(
    st.lists(st.sampled_from(ALLOWED_USES), unique=True).filter(
        lambda uses: "key_agreement" in uses or not {"encipher_only", "decipher_only"} & set(uses)
    )
)
@settings(max_examples=40, deadline=None)
def test_usages_are_those_allowed_in_the_order_given(uses: list[str]) -> None:
    certificate = parsed(self_signed(allowedUses=uses))
    usage, extended = extension(certificate, x509.KeyUsage), extension(certificate, x509.ExtendedKeyUsage)
    assert (usage is not None) == any(use in KEY_USAGES for use in uses)
    if usage is not None:
        assert usage.critical and usage.value == x509.KeyUsage(*(name in uses for name in KEY_USAGES))
    listed = [] if extended is None else [oid.dotted_string for oid in extended.value]  # type: ignore[attr-defined]
    assert listed == [EXTENDED_KEY_USAGES[use] for use in uses if use in EXTENDED_KEY_USAGES]
    assert extended is None or not extended.critical


def test_an_unknown_usage_is_named_with_its_place() -> None:
    reasons = Asking(SelfSignedCert()).reasons(**(MINIMUM | {"allowedUses": ["server_auth", "serverAuth"]}))
    assert len(reasons) == 1
    assert reasons[0].startswith("Invalid Attribute Value Match. Attribute allowed_uses[1] value must be one of: [")
    assert reasons[0].endswith("got: \"serverAuth\". Examine values at 'r.allowedUses[1]'.")


def test_the_subject_has_the_official_order_and_forms() -> None:
    subject = parsed(self_signed(subject=FULL_SUBJECT)).subject
    assert subject.rfc4514_string() == (
        "1.2.840.113549.1.9.1=a@b.example,2.5.4.5=77,CN=c.example,OU=OU,O=Ürgänization,2.5.4.17=1,"
        "STREET=a street+STREET=b street,L=L,ST=P,C=DE"
    )
    tags = {attribute.oid: subject.public_bytes().find(str(attribute.value).encode()) for attribute in subject}
    encoded = subject.public_bytes()
    assert encoded[tags[NameOID.COMMON_NAME] - 2] == 0x13, "PrintableString"
    assert encoded[tags[NameOID.ORGANIZATION_NAME] - 2] == 0x0C, "UTF8String"
    assert encoded[tags[NameOID.EMAIL_ADDRESS] - 2] == 0x16, "IA5String"


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_lengths_outside_of_the_standard_are_accepted() -> None:
    subject = parsed(self_signed(subject={"country": "Germany", "commonName": "x" * 100})).subject
    assert len(list(subject)) == 2


def test_alternative_names_come_in_order_and_are_critical_without_a_subject() -> None:
    given_names: Properties = {
        "dnsNames": ["b.test", "a.test"],
        "ipAddresses": ["::1", "127.0.0.1", "::ffff:1.2.3.4"],
        "uris": ["spiffe://a/b"],
    }
    certificate = parsed(self_signed(**given_names))
    addresses = [ipaddress.ip_address(address) for address in ("::1", "127.0.0.1", "1.2.3.4")]
    assert names(certificate) == ["b.test", "a.test", *addresses, "spiffe://a/b"]
    alternative = extension(certificate, x509.SubjectAlternativeName)
    assert alternative is not None and alternative.critical
    named = extension(parsed(self_signed(subject={"commonName": "x"}, **given_names)), x509.SubjectAlternativeName)
    assert named is not None and not named.critical


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ipAddresses": ["x"]}, 'Invalid IP address: Failed to parse "x"'),
        ({"ipAddresses": ["fe80::1%eth0"]}, "Invalid IP address"),
        ({"dnsNames": ["ü.test"]}, "cannot be encoded as an IA5String"),
        (
            {"privateKeyPem": "x"},
            "Failed to parse private key PEM: failed to decode PEM block: decoded bytes 0, undecoded 1",
        ),
        ({"isCaCertificate": True}, "Invalid Certificate Subject: Must contain at least one Distinguished Name"),
        ({"maxPathLength": 1}, "Failed to create certificate: x509: only CAs are allowed to specify MaxPathLen"),
        ({"setAuthorityKeyId": True}, "Invalid Certificate Authority: Could not determine Authority Key Identifier"),
        ({"allowedUses": ["encipher_only"]}, "mean nothing without key_agreement"),
    ],
)
def test_what_cannot_be_made_is_an_error(wrong: Properties, message: str) -> None:
    with pytest.raises(ProviderError) as error:
        self_signed(**wrong)
    assert message in str(error.value)


def test_an_error_does_not_quote_the_key() -> None:
    broken = KEY.replace("\nMH", "\nAA", 1)
    with pytest.raises(ProviderError, match="given PEM preamble 'EC PRIVATE KEY'") as error:
        self_signed(privateKeyPem=broken)
    assert broken.splitlines()[1][:12] not in str(error.value)


@pytest.mark.parametrize(("length", "expected"), [(None, None), (-1, None), (0, None), (2, 2)])
def test_the_path_length_of_a_ca(length: int | None, expected: int | None) -> None:
    certificate = x509.load_pem_x509_certificate(authority(maxPathLength=length).encode())
    basic = extension(certificate, x509.BasicConstraints)
    assert basic is not None and basic.value == x509.BasicConstraints(ca=True, path_length=expected)


@pytest.mark.parametrize("inputs", [{"algorithm": "RSA"}, {"algorithm": "ECDSA", "ecdsaCurve": "P384"}])
def test_key_identifiers_are_by_method_1(inputs: Properties) -> None:
    certificate = parsed(self_signed(privateKeyPem=new_key(**inputs), setSubjectKeyId=True, setAuthorityKeyId=True))
    expected = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    subject, issuer = (
        extension(certificate, x509.SubjectKeyIdentifier),
        extension(certificate, x509.AuthorityKeyIdentifier),
    )
    assert subject is not None and subject.value == expected
    assert issuer is not None and issuer.value == x509.AuthorityKeyIdentifier(expected.digest, None, None)


def test_the_identifier_of_an_ed25519_key_is_the_official_providers_own() -> None:
    certificate = parsed(self_signed(privateKeyPem=new_key(algorithm="ED25519"), setSubjectKeyId=True))
    subject = extension(certificate, x509.SubjectKeyIdentifier)
    assert subject is not None and subject.value != x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())


@pytest.mark.parametrize(
    ("inputs", "signature"),
    [
        ({"algorithm": "RSA"}, SignatureAlgorithmOID.RSA_WITH_SHA256),
        ({"algorithm": "ECDSA"}, SignatureAlgorithmOID.ECDSA_WITH_SHA256),
        ({"algorithm": "ECDSA", "ecdsaCurve": "P384"}, SignatureAlgorithmOID.ECDSA_WITH_SHA384),
        ({"algorithm": "ECDSA", "ecdsaCurve": "P521"}, SignatureAlgorithmOID.ECDSA_WITH_SHA512),
        ({"algorithm": "ED25519"}, SignatureAlgorithmOID.ED25519),
    ],
)
def test_openssl_verifies_a_chain_of_every_kind_of_key(inputs: Properties, signature: object, tmp_path: Path) -> None:
    key = new_key(**inputs)
    ca = authority(key)
    outputs = locally_signed(caCertPem=ca, caPrivateKeyPem=key)
    assert parsed(outputs).signature_algorithm_oid == signature
    said = verify(
        tmp_path,
        ca,
        text(outputs, "certPem"),
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-verify_hostname",
        "portus.test",
    )
    assert said.endswith("certificate.pem: OK\n"), said
    assert "error" in verify(tmp_path, authority(OTHER_KEY), text(outputs, "certPem"))


def test_openssl_reads_a_request_and_its_signature() -> None:
    said = openssl("req", "-noout", "-text", "-verify", text=request(subject=FULL_SUBJECT))
    assert "verify OK" in said and "DNS:portus.test" in said and "c.example" in said


def test_a_request_asks_for_names_only() -> None:
    asked = x509.load_pem_x509_csr(request().encode())
    assert [extension.oid.dotted_string for extension in asked.extensions] == ["2.5.29.17"]
    bare = x509.load_pem_x509_csr(request(dnsNames=None, subject=None).encode())
    assert not list(bare.extensions) and not list(bare.subject)


def test_a_signed_certificate_is_for_the_request() -> None:
    outputs = locally_signed(certRequestPem=request(subject=FULL_SUBJECT, uris=["a:b"], ipAddresses=["::1"]))
    certificate = parsed(outputs)
    assert outputs["caKeyAlgorithm"] == "ECDSA"
    assert names(certificate) == ["portus.test", ipaddress.ip_address("::1"), "a:b"]
    kept = x509.load_pem_x509_csr(request(subject=FULL_SUBJECT | {"emailAddress": None}).encode()).subject
    assert certificate.subject == kept, "the e-mail address is not carried over"
    key = load_pem_private_key(KEY.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey) and certificate.public_key() == key.public_key()


def test_a_signed_certificate_names_the_authoritys_key() -> None:
    ca = x509.load_pem_x509_certificate(authority().encode())
    certificate = parsed(locally_signed())
    own, named = extension(ca, x509.SubjectKeyIdentifier), extension(certificate, x509.AuthorityKeyIdentifier)
    assert own is not None and named is not None
    assert named.value == x509.AuthorityKeyIdentifier(own.value.digest, None, None)  # type: ignore[attr-defined]
    assert extension(certificate, x509.SubjectKeyIdentifier) is None
    same_name = request(subject={"commonName": "Test CA"})
    assert extension(parsed(locally_signed(certRequestPem=same_name)), x509.AuthorityKeyIdentifier) is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"caPrivateKeyPem": OTHER_KEY}, "x509: provided PrivateKey doesn't match parent's PublicKey"),
        ({"caPrivateKeyPem": "x"}, "Failed to parse CA private key PEM: failed to decode PEM block"),
        ({"caCertPem": "x"}, 'Failed to parse CA certificate PEM: failed to decode PEM of expected type "CERTIFICATE"'),
        ({"certRequestPem": authority()}, 'expected "CERTIFICATE REQUEST", got "CERTIFICATE"'),
    ],
)
def test_a_wrong_authority_or_request_is_an_error(wrong: Properties, message: str) -> None:
    with pytest.raises(ProviderError) as error:
        locally_signed(**wrong)
    assert message in str(error.value)


def test_an_issuer_that_is_no_authority_gets_a_warning() -> None:
    asking = Asking(LocallySignedCert())
    issuer = text(self_signed(privateKeyPem=CA_KEY, subject={"commonName": "leaf"}), "certPem")
    inputs: dict[str, Value] = {"caCertPem": issuer, "caPrivateKeyPem": CA_KEY, "certRequestPem": request()}
    asking.create(**inputs, allowedUses=[], validityPeriodHours=1)
    assert [severity for severity, _ in asking.messages] == [Severity.WARNING]
    assert asking.messages[0][1].startswith("Potentially Invalid Certificate Authority")


def test_keys_are_secret_in_inputs_and_outputs() -> None:
    checked = Asking(SelfSignedCert()).check(**MINIMUM).inputs
    assert checked["privateKeyPem"] == Secret(KEY)
    assert Asking(CertRequest()).check(privateKeyPem=UNKNOWN).inputs == {"privateKeyPem": Secret(UNKNOWN)}
    assert isinstance(Asking(SelfSignedCert()).raw_outputs(**MINIMUM)["privateKeyPem"], Secret)
    assert Asking(SelfSignedCert()).preview(**(MINIMUM | {"privateKeyPem": UNKNOWN}))["privateKeyPem"] is UNKNOWN
