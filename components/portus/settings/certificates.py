"""Reads the ``certificates`` group."""

import datetime
from collections.abc import Callable

import pulumi

from . import patterns
from .kubernetes import read_cert_manager
from .model import CertificateSettings, Hostnames, ProvidedCertificate
from .provided import AUTHORITY, CERTIFICATE, KEY, Problem, pair_problems, provided_problems, too_long
from .reader import Reader

_LAST_LEAF_HOURS = 398 * 24
"""CA/Browser Forum Baseline Requirements: clients refuse longer leaf certificates."""


def read_certificates(reader: Reader, hostnames: Hostnames) -> CertificateSettings:
    """``hostnames`` are what a provided certificate has to carry."""
    validity_hours = reader.integer("validity_hours", 8760, 24, _LAST_LEAF_HOURS, "hours")
    early_renewal_hours = reader.integer(
        "early_renewal_hours", min(720, validity_hours // 3), 1, _LAST_LEAF_HOURS, "hours"
    )
    if early_renewal_hours * 2 >= validity_hours:
        reader.problem("early_renewal_hours", f"must be less than half of validity_hours ({validity_hours})")
    provided = _provided(reader.group("provided"), hostnames) if reader.has("provided") else None
    cert_manager = read_cert_manager(reader.group("cert_manager")) if reader.has("cert_manager") else None
    if provided and cert_manager:
        reader.problem("cert_manager", "and certificates.provided exclude each other")
    reader.finish()
    return CertificateSettings(validity_hours, early_renewal_hours, provided, cert_manager)


def _provided(reader: Reader, hostnames: Hostnames) -> ProvidedCertificate:
    names = [name for name in hostnames.names if name]  # a wrong one is told already

    def judge(certificate: str | None, key: str | None, authority: str | None) -> list[Problem]:
        now = datetime.datetime.now(datetime.timezone.utc)
        found = list(provided_problems(certificate, key, authority, names, now))
        warning = too_long(certificate) if certificate and key and authority and not found else ""
        if warning:
            pulumi.log.warn(f"{reader.at(CERTIFICATE)} {warning}")
        return found

    provided = ProvidedCertificate(*_read_together(reader, (CERTIFICATE, KEY, AUTHORITY), judge))
    reader.finish()
    return provided


def read_pair(reader: Reader) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """``certificate_pem`` and the key to it, ``private_key_pem``."""
    certificate, key = _read_together(reader, (CERTIFICATE, KEY), lambda *known: list(pair_problems(*known)))
    return certificate, key


def _read_together(
    reader: Reader, keys: tuple[str, ...], judge: Callable[..., list[Problem]]
) -> list[pulumi.Output[str]]:
    """Texts that ``judge`` judges together: now as far as they are known (None: not), and all when the rest is."""

    def read(key: str) -> pulumi.Output[str]:
        secret = key == KEY
        return (
            reader.secret(key, *patterns.PEM_PRIVATE_KEY) if secret else reader.public(key, *patterns.PEM_CERTIFICATE)
        )

    def later(known: list[str]) -> list[str]:
        wrong = judge(*known)
        if wrong:
            raise pulumi.RunError("\n".join(f"{reader.at(key)} {reason}" for key, reason in wrong))
        return known

    texts, known = [read(key) for key in keys], [reader.known(key) for key in keys]
    for key, reason in judge(*known):
        reader.also(key, reason)
    if None not in known or not all(reader.sound(key) for key in keys):
        return texts
    judged = pulumi.Output.all(*texts).apply(later)
    return [_one_of(judged if key == KEY else pulumi.Output.unsecret(judged), place) for place, key in enumerate(keys)]


def _one_of(texts: pulumi.Output[list[str]], place: int) -> pulumi.Output[str]:
    return texts.apply(lambda known: known[place])
