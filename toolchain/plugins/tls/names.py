"""Who a certificate is for: the subject and the subject's alternative names. Imported when a resource is created."""

import ipaddress
import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID, ObjectIdentifier

from toolchain.plugins.framework.resource import ProviderError
from toolchain.plugins.framework.values import Properties, Value

# The library warns about lengths outside of RFC 5280, which the official provider accepts.
warnings.filterwarnings("ignore", message="Attribute's length", category=UserWarning)

_FIELDS: Final[Mapping[str, ObjectIdentifier]] = {
    "country": NameOID.COUNTRY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "streetAddresses": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "commonName": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}
"""In the order of the official plugin's distinguished names."""

_SINGLE: Final = (NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER)
_PRINTABLE_STRING: Final = re.compile(r"[A-Za-z0-9 '()+,./:=?-]*")
_PRINTABLE_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))


def subject_name(subject: Value) -> x509.Name:
    """The distinguished name of a `subject` input; several street addresses are one multi-valued part."""
    values = subject if isinstance(subject, Mapping) else {}
    parts = [(oid, _texts(values.get(name))) for name, oid in _FIELDS.items()]
    return _name([(oid, texts) for oid, texts in parts if texts and not (oid in _SINGLE and texts == [""])])


def copied_subject(name: x509.Name) -> x509.Name:
    """The subject of a certificate for a request's subject: the fields above without the e-mail address, in the order
    above (as Go's pkix.Name carries them over).
    """
    parts: list[tuple[ObjectIdentifier, list[str]]] = []
    for oid in _FIELDS.values():
        texts = [str(attribute.value) for attribute in name.get_attributes_for_oid(oid)]
        if texts and oid != NameOID.EMAIL_ADDRESS:
            parts.append((oid, texts[-1:] if oid in _SINGLE else texts))
    return _name(parts)


def _name(parts: Sequence[tuple[ObjectIdentifier, Sequence[str]]]) -> x509.Name:
    try:
        return x509.Name(
            [x509.RelativeDistinguishedName([_attribute(oid, text) for text in texts]) for oid, texts in parts]
        )
    except ValueError as error:
        raise ProviderError(f"Invalid Certificate Subject: {error}") from error


def _attribute(oid: ObjectIdentifier, text: str) -> x509.NameAttribute[str]:
    """As Go writes it: e-mail addresses as IA5String, else PrintableString where the text allows, else UTF-8.

    Verifiers compare an issuer with a subject byte by byte, so the form counts.
    """
    form = _ASN1Type.PrintableString if _PRINTABLE_STRING.fullmatch(text) else _ASN1Type.UTF8String
    return x509.NameAttribute(oid, text, _ASN1Type.IA5String if oid == NameOID.EMAIL_ADDRESS else form, _validate=False)


def _texts(value: Value) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, Sequence) else []


def alternative_names(planned: Properties, problem: str) -> list[x509.GeneralName]:
    """The names of `dnsNames`, `ipAddresses` and `uris`, in this order.

    Raises `ProviderError` for one that cannot be encoded; `problem` is how the message begins for a DNS name.
    """
    return [
        *(x509.DNSName(_ia5(text, problem)) for text in _texts(planned.get("dnsNames"))),
        *(x509.IPAddress(_address(text)) for text in _texts(planned.get("ipAddresses"))),
        *(x509.UniformResourceIdentifier(quote(text, safe=_PRINTABLE_ASCII)) for text in _texts(planned.get("uris"))),
    ]


def carried_names(extensions: x509.Extensions) -> Iterator[x509.GeneralName]:
    """Those names of a request that a certificate takes over: DNS names, addresses and URIs, in this order."""
    try:
        names = list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return
    for kind in (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier):
        yield from (name for name in names if isinstance(name, kind))


def _ia5(text: str, problem: str) -> str:
    if not text.isascii():
        quoted = json.dumps(text, ensure_ascii=False)
        raise ProviderError(f"{problem}: x509: {quoted} cannot be encoded as an IA5String")
    return text


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    problem = f"Invalid IP address: Failed to parse {json.dumps(text)}"
    if "%" in text:
        raise ProviderError(problem)  # a zone, which Python reads and a certificate cannot hold
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise ProviderError(problem) from error
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
