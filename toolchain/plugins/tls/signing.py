"""Signing a request with a certificate authority. Imported when a resource is created."""

from dataclasses import dataclass
from typing import cast

from cryptography import x509

from toolchain.plugins.framework.resource import ProviderError
from toolchain.plugins.framework.values import Properties
from toolchain.plugins.tls import issuing, keys, names, pem


@dataclass(frozen=True)
class Authority:
    """A parsed CA certificate."""

    subject: x509.Name
    key: keys.PublicKey
    key_identifier: bytes | None
    is_authority: bool


def parse_request(text: str) -> issuing.Bearer:
    """Whom a request asks a certificate for. Its signature is not verified, as in the official provider.

    Raises `ProviderError` when the first PEM block is no request.
    """
    problem = "Failed to parse certificate request PEM"
    try:
        request = x509.load_der_x509_csr(_block(text, pem.CERTIFICATE_REQUEST, problem))
        key, found = request.public_key(), list(names.carried_names(request.extensions))
    except ValueError as error:
        raise ProviderError(f"{problem}: failed to parse certificate request: {error}") from error
    return issuing.Bearer(names.copied_subject(request.subject), found, cast(keys.PublicKey, key))


def parse_authority(text: str) -> Authority:
    """The CA certificate in the first PEM block. Raises `ProviderError` when there is none."""
    problem = "Failed to parse CA certificate PEM"
    try:
        certificate = x509.load_der_x509_certificate(_block(text, pem.CERTIFICATE, problem))
        key, extensions = certificate.public_key(), certificate.extensions
    except ValueError as error:
        raise ProviderError(f"{problem}: failed to parse certificate: {error}") from error
    return Authority(certificate.subject, cast(keys.PublicKey, key), _identifier(extensions), _is_authority(extensions))


def sign(planned: Properties, bearer: issuing.Bearer, authority: Authority, key: keys.Key) -> Properties:
    """The outputs of the certificate. Raises `ProviderError` when `key` is not the authority's."""
    certified = bearer.subject != authority.subject
    issuer = issuing.Issuer(authority.subject, key, authority.key_identifier if certified else None)
    if not issuing.same_key(key.public_key(), authority.key):
        raise ProviderError("Failed to create certificate: x509: provided PrivateKey doesn't match parent's PublicKey")
    return issuing.certificate(planned, bearer, issuer)


def _identifier(extensions: x509.Extensions) -> bytes | None:
    try:
        return extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def _is_authority(extensions: x509.Extensions) -> bool:
    try:
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _block(text: str, label: str, problem: str) -> bytes:
    block = pem.first_block(text)
    if block is None:
        raise ProviderError(f'{problem}: failed to decode PEM of expected type "{label}" from bytes')
    if block.label != label:
        raise ProviderError(f'{problem}: invalid PEM type - expected "{label}", got "{block.label}"')
    return block.der
