"""Making requests and certificates. Imported when a resource is created."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ObjectIdentifier

from toolchain.plugins.framework.resource import ProviderError
from toolchain.plugins.framework.values import Properties, Value
from toolchain.plugins.tls import keys, pem
from toolchain.plugins.tls.usages import EXTENDED_KEY_USAGES, KEY_USAGES
from toolchain.plugins.tls.validity import to_datetime, validity_from_now

SERIAL_BITS: Final = 128


@dataclass(frozen=True)
class Bearer:
    """Whom a certificate is for."""

    subject: x509.Name
    names: Sequence[x509.GeneralName]
    key: keys.PublicKey


@dataclass(frozen=True)
class Issuer:
    """Who signs it. `key_identifier` is what the authority key identifier is to say, if anything."""

    subject: x509.Name
    key: keys.Key
    key_identifier: bytes | None


def request(subject: x509.Name, names: Sequence[x509.GeneralName], key: keys.Key) -> bytes:
    """A signing request in DER. It asks for alternative names and nothing else."""
    builder = x509.CertificateSigningRequestBuilder(subject)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, keys.signature_hash(key)).public_bytes(Encoding.DER)


def certificate(planned: Properties, bearer: Bearer, issuer: Issuer) -> Properties:
    """The outputs of a new certificate: `id` (serial number), `certPem` and its validity."""
    validity = validity_from_now(_whole(planned["validityPeriodHours"]))
    serial = secrets.randbelow(2**SERIAL_BITS - 1) + 1
    builder = (
        x509.CertificateBuilder()
        .subject_name(bearer.subject)
        .issuer_name(issuer.subject)
        .public_key(bearer.key)
        .serial_number(serial)
        .not_valid_before(to_datetime(validity.start))
        .not_valid_after(to_datetime(validity.end))
    )
    for extension, critical in _extensions(planned, bearer, issuer):
        builder = builder.add_extension(extension, critical)
    signed = builder.sign(issuer.key, keys.signature_hash(issuer.key))
    text = pem.encode(pem.CERTIFICATE, signed.public_bytes(Encoding.DER))
    return {"id": str(serial), "certPem": text, **validity.outputs}


def key_identifier(planned: Properties, key: keys.PublicKey) -> bytes | None:
    """The subject key identifier that the certificate gets: always for a CA, else on request."""
    wanted = planned.get("isCaCertificate") or planned.get("setSubjectKeyId")
    return keys.subject_key_identifier(key) if wanted else None


def authority_key_identifier(planned: Properties, key: keys.PublicKey) -> bytes:
    """The identifier that a self-signed certificate names as its authority's: its own.

    Raises `ProviderError` when the certificate gets none.
    """
    identifier = key_identifier(planned, key)
    if identifier is None:
        raise ProviderError("Invalid Certificate Authority: Could not determine Authority Key Identifier")
    return identifier


def same_key(one: keys.PublicKey, other: keys.PublicKey) -> bool:
    """Whether two public keys are the same."""
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return one.public_bytes(*form) == other.public_bytes(*form)


def _extensions(planned: Properties, bearer: Bearer, issuer: Issuer) -> list[tuple[x509.ExtensionType, bool]]:
    extensions = _usages(planned["allowedUses"])
    extensions.append((_basic_constraints(planned, bearer), True))
    identifier = key_identifier(planned, bearer.key)
    if identifier is not None:
        extensions.append((x509.SubjectKeyIdentifier(identifier), False))
    if issuer.key_identifier is not None:
        extensions.append((x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None), False))
    if bearer.names:
        # RFC 5280 §4.2.1.6: the names stand in for an empty subject, and are then critical.
        extensions.append((x509.SubjectAlternativeName(bearer.names), not list(bearer.subject)))
    return extensions


def _basic_constraints(planned: Properties, bearer: Bearer) -> x509.BasicConstraints:
    authority = bool(planned.get("isCaCertificate"))
    if authority and not list(bearer.subject):
        rule = "Must contain at least one Distinguished Name when creating Certificate Authority (CA)"
        raise ProviderError(f"Invalid Certificate Subject: {rule}")
    length = planned.get("maxPathLength")
    limit = length if isinstance(length, int) and length > 0 else None
    if limit is not None and not authority:
        raise ProviderError("Failed to create certificate: x509: only CAs are allowed to specify MaxPathLen")
    return x509.BasicConstraints(ca=authority, path_length=limit)


def _usages(allowed_uses: Value) -> list[tuple[x509.ExtensionType, bool]]:
    uses = [str(use) for use in allowed_uses] if isinstance(allowed_uses, Sequence) else []
    extensions: list[tuple[x509.ExtensionType, bool]] = []
    if any(use in KEY_USAGES for use in uses):
        try:
            extensions.append((x509.KeyUsage(*(name in uses for name in KEY_USAGES)), True))
        except ValueError as error:
            rule = "encipher_only and decipher_only mean nothing without key_agreement (RFC 5280 section 4.2.1.3)"
            raise ProviderError(f"Failed to create certificate: {rule}") from error
    extended = [ObjectIdentifier(EXTENDED_KEY_USAGES[use]) for use in uses if use in EXTENDED_KEY_USAGES]
    if extended:
        extensions.append((x509.ExtendedKeyUsage(extended), False))
    return extensions


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise ProviderError("validityPeriodHours is missing")
    return value
