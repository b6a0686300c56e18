"""Keys and certificates made by the tls provider."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..resource import Resource, Stack
from ..roles import CONTAINER
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, MEDIUM, About, rule, stack_rule
from ..secret_text import PRIVATE_KEY
from ..values import Bad, Node, Unseen, Value, Verdicts, demand, forbid, given, is_true, number_of

KEY, REQUEST = "tls:index/privateKey:PrivateKey", "tls:index/certRequest:CertRequest"
SELF_SIGNED, SIGNED = "tls:index/selfSignedCert:SelfSignedCert", "tls:index/locallySignedCert:LocallySignedCert"
CERTIFICATES = (SELF_SIGNED, SIGNED)
PLAIN_SECRETS = ("kubernetes:core/v1:Secret", CONTAINER)
SMALLEST_RSA_BITS = 3072
_CURVES = ("P256", "P384", "P521")
_DAY = 24
_LONGEST_LEAF_HOURS, _LONGEST_CA_HOURS = 398 * _DAY, 3653 * _DAY
_SHORTEST_RENEWAL_HOURS = 7 * _DAY


@rule(
    *("T01", "tls-key-strength", "strong keys", MANDATORY, HIGH),
    reason="shorter keys will be broken while what they protect still matters; the provider's defaults are too short",
    fix="`algorithm: ECDSA` with `ecdsa_curve: P256`, or `RSA` with `rsa_bits: 3072`",
    source="NIST SP 800-57",
    types=(KEY,),
)
def key_strength(key: Resource) -> Verdicts:
    algorithm = key.at("algorithm")
    yield from demand(algorithm, lambda value: value in ("RSA", "ECDSA", "ED25519"))
    if algorithm.text == "RSA":
        yield from demand(key.at("rsaBits"), lambda value: (number_of(value) or 0) >= SMALLEST_RSA_BITS)
    if algorithm.text == "ECDSA":
        yield from demand(key.at("ecdsaCurve"), lambda value: value in _CURVES)


def ancestors(stack: Stack, resource: Resource, *properties: str) -> Iterator[Resource]:
    """The resources that values come from, directly or through others of this provider."""
    seen: set[str] = set()
    waiting = list(stack.sources(resource, *properties))
    while waiting:
        found = waiting.pop()
        if found.urn not in seen:
            seen.add(found.urn)
            yield found
            if found.type in (REQUEST, *CERTIFICATES):
                waiting += stack.sources(found)


def token_keys(stack: Stack) -> set[str]:
    """URNs of the keys behind certificates that are no TLS server's and no CA's: those sign tokens."""
    return stack.once(_token_keys)


def _token_keys(stack: Stack) -> set[str]:
    found: set[str] = set()
    for certificate in stack.of_type(SELF_SIGNED):
        if not is_true(_known(certificate.at("isCaCertificate"))) and not serves_tls(certificate):
            found |= {each.urn for each in stack.sources(certificate, "privateKeyPem") if each.type == KEY}
    return found


def _known(node: Node) -> Value:
    return None if node.unknown else node.value


def serves_tls(certificate: Resource) -> bool:
    """Whether it is for a TLS server."""
    uses = [each.text for each in certificate.at("allowedUses").each()]
    return "server_auth" in uses or not uses


@stack_rule(
    *("T02", "tls-token-key-rsa", "tokens are signed with RSA", MANDATORY, HIGH),
    reason="Portus signs with RS256 only: another key makes the first login crash",
    fix="`algorithm: RSA`, `rsa_bits: 3072` for the key behind PORTUS_KEY_PATH",
    source="SUSE/Portus lib/portus/jwt_token.rb",
)
def token_key_rsa(stack: Stack) -> Iterator[About]:
    for urn in sorted(token_keys(stack)):
        key = stack.by_urn[urn]
        for verdict in demand(key.at("algorithm"), lambda value: value == "RSA"):
            yield About(key, verdict)


@rule(
    *("T03", "tls-validity", "certificates of bounded life, renewed in time", MANDATORY, MEDIUM),
    reason="clients refuse servers valid for more than 398 days, and a certificate that runs out stops every push",
    fix="`validity_period_hours` up to 9552 (a CA: ten years) and `early_renewal_hours` of a week up to half of it",
    source="CA/Browser Forum baseline requirements 6.3.2",
    types=CERTIFICATES,
)
def validity(certificate: Resource) -> Verdicts:
    life, renewal = certificate.at("validityPeriodHours"), certificate.at("earlyRenewalHours")
    leaf = not is_true(_known(certificate.at("isCaCertificate"))) and serves_tls(certificate)
    longest = _LONGEST_LEAF_HOURS if leaf else _LONGEST_CA_HOURS
    yield from demand(life, lambda value: _DAY <= (number_of(value) or 0) <= longest)
    if not life.unknown:
        half = (life.number or 0) / 2
        yield from demand(
            renewal, lambda value: min(_SHORTEST_RENEWAL_HOURS, half / 2) <= (number_of(value) or 0) <= half
        )


@rule(
    *("T04", "tls-names", "names stand in the certificate", MANDATORY, HIGH),
    reason="clients look at subject alternative names only",
    fix="`dns_names` with every name the server is called by (lower case), addresses in `ip_addresses`",
    source="RFC 6125",
    types=(REQUEST, SELF_SIGNED),
)
def names(certificate: Resource) -> Verdicts:
    if certificate.type == SELF_SIGNED and (
        is_true(_known(certificate.at("isCaCertificate"))) or not serves_tls(certificate)
    ):
        return
    dns, addresses = certificate.at("dnsNames"), certificate.at("ipAddresses")
    if dns.unknown or addresses.unknown:
        yield Unseen(dns.path)
    elif not (given(dns.value) or given(addresses.value)):
        yield Bad(dns.path)
    for each in dns.each():
        yield from forbid(each, lambda value: str(value) != str(value).lower() or re.fullmatch(r"[\d.]+", str(value)))


@rule(
    *("T05", "tls-uses", "certificates for one purpose", MANDATORY, HIGH),
    reason="a server certificate that may sign others is a CA in the hands of the server",
    fix='`allowed_uses: ["digital_signature", "server_auth"]` (RSA: key_encipherment too); a CA: "cert_signing"',
    source="RFC 5280",
    types=CERTIFICATES,
)
def uses(certificate: Resource) -> Verdicts:
    authority, allowed = certificate.at("isCaCertificate"), certificate.at("allowedUses")
    if authority.unknown:
        yield Unseen(authority.path)
        return
    for each in allowed.each():
        yield from forbid(each, lambda value: value in ("any_extended", "anyExtended"))
        if not is_true(authority.value):
            yield from forbid(each, lambda value: value in ("cert_signing", "crl_signing"))
    if is_true(authority.value):
        if not allowed.unknown and "cert_signing" not in [each.text for each in allowed.each()]:
            yield Bad(allowed.path, "a CA that may not sign")
        if certificate.type == SIGNED and not certificate.at("maxPathLength").missing:
            return
    elif not allowed.unknown and not given(allowed.value):
        yield Bad(allowed.path)


@rule(
    *("T06", "tls-no-wildcard", "no wildcard and no localhost", ADVISORY, LOW),
    reason="a wildcard's key speaks for every host of the domain",
    fix="the names themselves",
    source="good practice",
    types=(REQUEST, SELF_SIGNED),
)
def no_wildcard(certificate: Resource) -> Verdicts:
    for each in certificate.at("dnsNames").each():
        yield from forbid(each, lambda value: "*" in str(value) or str(value) == "localhost")


def secrets_behind(stack: Stack, resource: Resource) -> list[Resource]:
    """The resources behind the files and secrets of a container or a Secret."""
    return list(stack.sources(resource, "uploads", "envs", "data", "stringData"))


@stack_rule(
    *("T07", "tls-key-and-certificate", "certificates go with their keys", MANDATORY, HIGH),
    reason="a server with another certificate's key does not start, or serves nobody",
    fix="the certificate whose request was made with the very key that the server gets",
    source="RFC 5280",
)
def key_and_certificate(stack: Stack) -> Iterator[About]:
    for holder in stack.of_type(*PLAIN_SECRETS):
        sources = secrets_behind(stack, holder)
        keys = {each.urn for each in sources if each.type == KEY}
        leaves = [each for each in sources if each.type in CERTIFICATES and serves_tls(each)]
        for leaf in leaves:
            made_with = _own_keys(stack, leaf)
            if keys and made_with and not is_true(_known(leaf.at("isCaCertificate"))) and not keys & made_with:
                yield About(
                    holder,
                    Bad("uploads" if holder.type == CONTAINER else "data", f"the key of {leaf.name} is not there"),
                )


def _own_keys(stack: Stack, certificate: Resource) -> set[str]:
    direct = stack.sources(certificate, "privateKeyPem", "certRequestPem")
    found: set[str] = set()
    for each in direct:
        found |= {each.urn} if each.type == KEY else {key.urn for key in stack.sources(each, "privateKeyPem")}
    return found


@stack_rule(
    *("T08", "tls-ca-key-stays", "the CA's key stays where it is", ADVISORY, HIGH),
    reason="whoever takes over a server that holds the CA's key can be every server",
    fix="a key of its own for each server; the CA's key for signing only",
    source="good practice",
)
def ca_key_stays(stack: Stack) -> Iterator[About]:
    authorities: set[str] = set()
    for certificate in stack.of_type(SELF_SIGNED):
        if is_true(_known(certificate.at("isCaCertificate"))):
            authorities |= {each.urn for each in stack.sources(certificate, "privateKeyPem")}
    for holder in stack.of_type(*PLAIN_SECRETS):
        for each in secrets_behind(stack, holder):
            if each.urn in authorities:
                yield About(holder, Bad("uploads" if holder.type == CONTAINER else "data", f"it holds {each.name}"))


@stack_rule(
    *("T09", "tls-no-key-in-outputs", "no private key among the outputs", MANDATORY, CRITICAL),
    reason="outputs are read by every stack that refers to this one",
    fix="export the certificate; whoever needs the key reads it from the state",
    source="good practice",
)
def no_key_in_outputs(stack: Stack) -> Iterator[About]:
    for resource in stack.resources:
        if resource.type == "pulumi:pulumi:Stack" or resource.type.startswith("portus:index:"):
            for text in Node(dict(resource.outputs)).texts():
                if not text.unknown and PRIVATE_KEY.search(text.text):
                    yield About(resource, Bad(text.path))


@rule(
    *("T10", "tls-no-self-signed-server", "no self-signed servers in production", MANDATORY, MEDIUM),
    reason="a server certificate that signs itself cannot be replaced without touching every client",
    fix="a CA, and a certificate that it signed",
    source="distribution docs, insecure.md",
    types=(SELF_SIGNED,),
)
def no_self_signed_server(certificate: Resource) -> Verdicts:
    if certificate.settings.production and serves_tls(certificate):
        yield from demand(certificate.at("isCaCertificate"), is_true)


@stack_rule(
    *("T11", "tls-ca-protected", "the CA is protected", ADVISORY, MEDIUM),
    reason="a new CA must be brought to every client",
    fix="`protect: true` on the CA's key and certificate (`ephemeral` in the settings for trials)",
    source="peers' experience",
)
def ca_protected(stack: Stack) -> Iterator[About]:
    if stack.settings.ephemeral:
        return
    for certificate in stack.of_type(SELF_SIGNED):
        if is_true(_known(certificate.at("isCaCertificate"))):
            for each in (certificate, *stack.sources(certificate, "privateKeyPem")):
                if not each.options.protect:
                    yield About(each, Bad("protect"))
