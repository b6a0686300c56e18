"""Whether a certificate from elsewhere will serve: judged before the edge that works is replaced by one that does not.

It refuses what TLS clients or servers refuse, and nothing else: a self-signed certificate is its own CA.
"""

import datetime
from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from . import pem
from .reader import shown

CERTIFICATE, KEY, AUTHORITY = "certificate_pem", "private_key_pem", "ca_certificate_pem"
_SMALLEST = ((rsa.RSAPublicKey, "RSA", 2048), (ec.EllipticCurvePublicKey, "elliptic", 224))
"""Bits of a key: 112 bits of strength (NIST SP 800-57 part 1), which OpenSSL asks for at its security level 2."""
_WEAK_HASHES = (hashes.MD5, hashes.SHA1)
"""Refused by Go since 1.18, by OpenSSL at its security level 2, by Apple since macOS 10.15."""
_LONGEST = datetime.timedelta(days=825)
"""Apple's systems refuse server certificates that are valid for longer, private CAs' too (support.apple.com/103769)."""
_SERVER = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
_NO_EXTENSION = (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError)

Problem = tuple[str, str]
"""An argument, and what is wrong with it."""


def pair_problems(certificate: str | None, key: str | None) -> Iterator[Problem]:
    """Whether a certificate (the first one of the text) and a key can be read, and belong together.

    None is what is not known yet, or known to be wrong.
    """
    chain = private = None
    try:
        chain = pem.certificates(certificate) if certificate else None
    except pem.UnreadableError as error:
        yield CERTIFICATE, str(error)
    try:
        private = pem.private_key(key) if key else None
    except pem.UnreadableError as error:
        yield KEY, str(error)
    if not chain or private is None or pem.belong_together(chain[0], private):
        return
    place = next((number for number, each in enumerate(chain, 1) if pem.belong_together(each, private)), 0)
    if place:
        yield (
            CERTIFICATE,
            f"must begin with the server's own certificate, which is number {place}; after it comes its issuer, "
            "and so on up to the CA",
        )
    else:
        yield KEY, f"must be the key of the certificate, but is another one's; the certificate is {_name(chain[0])}"


def provided_problems(
    certificate: str | None, key: str | None, authority: str | None, names: Sequence[str], now: datetime.datetime
) -> Iterator[Problem]:
    """Everything that is wrong with a server certificate for ``names`` at ``now``; None is what is not known yet."""
    found = list(pair_problems(certificate, key))
    anchors: tuple[x509.Certificate, ...] | None = None
    try:
        anchors = pem.certificates(authority) if authority else None
    except pem.UnreadableError as error:
        found.append((AUTHORITY, str(error)))
    if certificate and all(argument != CERTIFICATE for argument, _ in found):
        chain = pem.certificates(certificate)
        found += [(CERTIFICATE, reason) for reason in _leaf_problems(chain[0], names)]
        found += _path_problems(chain, anchors, now)
    yield from found


def too_long(certificate: str) -> str:
    """A warning where a certificate that is good otherwise is valid for longer than some clients take, else ""."""
    leaf = pem.certificates(certificate)[0]
    period = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    if period <= _LONGEST:
        return ""
    return f"is valid for {period.days} days; Apple's systems refuse more than {_LONGEST.days}"


def _leaf_problems(leaf: x509.Certificate, names: Sequence[str]) -> Iterator[str]:
    """Names (RFC 6125: only alternative names count) and purpose."""
    carried = _alternative_names(leaf)
    missing = [name for name in names if not any(covers(each, name) for each in carried)]
    if missing:
        has = f"it has {shown(', '.join(carried))}" if carried else "it has none; a common name does not count"
        yield f"must have {' and '.join(missing)} among its alternative names (DNS); {has}"
    try:
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except _NO_EXTENSION:
        return
    if not any(purpose in _SERVER for purpose in purposes):
        yield "must be a server's: its extended key usage has no serverAuth"


def _alternative_names(leaf: x509.Certificate) -> list[str]:
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except _NO_EXTENSION:
        return []
    return extension.value.get_values_for_type(x509.DNSName)


def covers(pattern: str, name: str) -> bool:
    """Whether a name in a certificate stands for ``name``: a ``*`` is the whole first label (RFC 6125, 6.4.3)."""
    pattern, (first, _, parent) = pattern.lower().rstrip("."), name.partition(".")
    return pattern == name or bool(first and parent and pattern == f"*.{parent}")


def _path_problems(
    chain: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate] | None, now: datetime.datetime
) -> Iterator[Problem]:
    """Walks from the server's certificate to the CA; what comes in the text after that does no harm."""
    for index, each in enumerate(chain):
        yield from ((CERTIFICATE, reason) for reason in _problems_of(each, index + 1, now))
        if anchors is not None and each in anchors:
            return
        issuers = [anchor for anchor in anchors or () if _issued(each, anchor)]
        if issuers:
            if all(list(_problems_of(anchor, 0, now)) for anchor in issuers):
                yield from ((AUTHORITY, reason) for reason in _problems_of(issuers[0], 0, now))
            return
        if each.issuer == each.subject:
            break
        if index + 1 < len(chain) and not _issued(each, chain[index + 1]):
            yield CERTIFICATE, _order_problem(chain, index)
            return
    if anchors is not None:
        issuer = shown(each.issuer.rfc4514_string())
        yield (
            AUTHORITY,
            f"must hold the CA that issued certificate_pem: {issuer}. If that is an intermediate CA, add its "
            "certificate to certificate_pem instead",
        )


def _order_problem(chain: Sequence[x509.Certificate], index: int) -> str:
    later = [number for number, each in enumerate(chain, 1) if _issued(chain[index], each)]
    right = f"that is number {later[0]}" if later else "that is missing"
    return (
        f"must have after each certificate the one that issued it: number {index + 2} did not issue number "
        f"{index + 1}; {right}"
    )


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """By name alone where the library does not verify such a signature any more: that it is weak is told elsewhere."""
    if _is_weak(certificate):
        return certificate.issuer == issuer.subject
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _problems_of(certificate: x509.Certificate, number: int, now: datetime.datetime) -> Iterator[str]:
    """Dates and strength. ``number`` is its place in the chain, 0 for a CA."""
    which = f"certificate {number} ({_name(certificate)})" if number else f"the CA {_name(certificate)}"
    if certificate.not_valid_after_utc <= now:
        yield f"{which} expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC: get a new one"
    if certificate.not_valid_before_utc > now:
        yield f"{which} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    key = certificate.public_key()
    for kind, word, smallest in _SMALLEST:
        if isinstance(key, kind) and key.key_size < smallest:
            yield f"{which} has a weak key: {word}, {key.key_size} bits; at least {smallest} are right"
    # Nobody verifies the signature that a certificate carries of itself (OpenSSL: ssl_security_cert_sig).
    if certificate.issuer != certificate.subject and _is_weak(certificate):
        yield f"{which} has a weak signature (MD5 or SHA-1): have it issued anew with SHA-256"


def _is_weak(certificate: x509.Certificate) -> bool:
    try:
        return isinstance(certificate.signature_hash_algorithm, _WEAK_HASHES)
    except UnsupportedAlgorithm:  # older still
        return True


def _name(certificate: x509.Certificate) -> str:
    return shown(certificate.subject.rfc4514_string())
