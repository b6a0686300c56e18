"""TLS material and the token key: a CA, a certificate per TLS server, and the pair that signs bearer tokens.

Each has a key of its own, so that losing or renewing one touches nothing else. One exception is Portus' own: generation
1 signs tokens with its TLS key (``/secrets/portus.key``; source: the announcement, "Secrets and certificates").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

from .naming import ISSUED_DIRECTORY, resource_name
from .settings import Settings
from .topology import Issued, TlsPair

_CA_VALIDITY_HOURS = 10 * 365 * 24
_CA_EARLY_RENEWAL_HOURS = 365 * 24
_TOKEN_KEY_BITS = 3072
"""NIST SP 800-57 part 1: 3072 bits for keys in use beyond 2030."""


@dataclass(frozen=True)
class TlsServer:
    """A role that others reach over TLS: its DNS names and addresses, and whether outsiders are among the others.

    ``signs_tokens``: its TLS key is the token key.
    """

    names: Sequence[str]
    public: bool
    signs_tokens: bool


class Certificates(pulumi.ComponentResource):
    """What each TLS server presents, by role: generated here, provided, or issued by somebody in the target."""

    def __init__(self, settings: Settings, servers: Mapping[str, TlsServer], opts: pulumi.ResourceOptions) -> None:
        super().__init__("portus:internal:Certificates", resource_name(settings.name, "certificates"), None, opts)
        self._settings = settings
        self._ca_key = self._elliptic_key("ca")
        self._ca = self._certificate_authority()
        self._token_key = self._rsa_key()
        self.token_private_key_pem = self._token_key.private_key_pem
        self.token_public_key_pem = self._token_key.public_key_pem
        self.token_certificate_pem = self._token_certificate().cert_pem
        self.internal_ca_pem: pulumi.Output[str] = self._ca.cert_pem
        self._presented = {role: self._present(role, server) for role, server in servers.items()}
        pairs = [found for found in self._presented.values() if isinstance(found, TlsPair)]
        expiries = [pair.expires_at for pair in pairs if pair.expires_at is not None]
        self.expire_at: pulumi.Output[str] = pulumi.Output.all(*expiries).apply(min)
        self._public_ca = next(self._presented[role].ca_pem for role, server in servers.items() if server.public)
        self.register_outputs({})

    def presented(self, role: str) -> TlsPair | Issued:
        """What ``role`` presents; KeyError when nobody reaches it over TLS."""
        return self._presented[role]

    def pair(self, role: str) -> TlsPair:
        """The same for a role inside, which is always a pair."""
        found = self._presented[role]
        assert isinstance(found, TlsPair)
        return found

    @property
    def issuers(self) -> dict[str, str]:
        """Role → ``generated``, ``provided`` or ``issued``."""
        return {role: _issuer(found) for role, found in self._presented.items()}

    @property
    def public_ca_pem(self) -> pulumi.Output[str]:
        """The CA that outsiders verify with; "" where every system trusts it."""
        return pulumi.Output.from_input("") if self._public_ca is None else self._public_ca

    @property
    def publicly_trusted(self) -> bool:
        """Whether every system trusts what outsiders see."""
        return self._public_ca is None

    @property
    def trust_pem(self) -> pulumi.Output[str]:
        """Every CA that a process inside has to trust: the generated one and, where it is another, the public one."""
        if self._public_ca is None or self._public_ca is self.internal_ca_pem:
            return self.internal_ca_pem
        return pulumi.Output.concat(self.internal_ca_pem, self._public_ca)

    def _child(self, rotation: str | None = None, protect: bool = False) -> pulumi.ResourceOptions:
        """``rotation`` may be "", None means never: a trigger that was none before replaces nothing (engine 3.254)."""
        return pulumi.ResourceOptions(
            parent=self,
            protect=(protect and self._settings.data.protect) or None,
            replacement_trigger=rotation,
        )

    def _elliptic_key(self, kind: str, rotation: str | None = None) -> tls.PrivateKey:
        return tls.PrivateKey(
            resource_name(self._settings.name, kind, "key"),
            algorithm="ECDSA",
            ecdsa_curve="P256",
            opts=self._child(rotation, protect=kind == "ca"),
        )

    def _rsa_key(self) -> tls.PrivateKey:
        return tls.PrivateKey(
            resource_name(self._settings.name, "token-key"),
            algorithm="RSA",
            rsa_bits=_TOKEN_KEY_BITS,
            opts=self._child(self._settings.rotation.token_key),
        )

    def _certificate_authority(self) -> tls.SelfSignedCert:
        name = self._settings.name
        return tls.SelfSignedCert(
            resource_name(name, "ca"),
            private_key_pem=self._ca_key.private_key_pem,
            subject={"common_name": f"{name} certificate authority", "organization": "PortusStack"},
            is_ca_certificate=True,
            set_subject_key_id=True,
            set_authority_key_id=True,
            validity_period_hours=_CA_VALIDITY_HOURS,
            early_renewal_hours=_CA_EARLY_RENEWAL_HOURS,
            allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
            opts=self._child(protect=True),
        )

    def _token_certificate(self) -> tls.SelfSignedCert:
        """Distribution 2 takes the key from a certificate; it looks at nothing else in it (not even at the dates)."""
        name = self._settings.name
        return tls.SelfSignedCert(
            resource_name(name, "token-certificate"),
            private_key_pem=self._token_key.private_key_pem,
            subject={"common_name": f"{name} token key", "organization": "PortusStack"},
            validity_period_hours=_CA_VALIDITY_HOURS,
            early_renewal_hours=_CA_EARLY_RENEWAL_HOURS,
            allowed_uses=["digital_signature"],
            opts=self._child(),
        )

    def _present(self, role: str, server: TlsServer) -> TlsPair | Issued:
        wanted = self._settings.certificates
        if server.public and wanted.provided:
            given = wanted.provided
            return TlsPair(given.certificate_pem, given.private_key_pem, given.ca_certificate_pem, None)
        if server.public and wanted.cert_manager:
            issuer = wanted.cert_manager
            return Issued(
                directory=ISSUED_DIRECTORY,
                names=tuple(server.names),
                issuer=(issuer.name, issuer.kind, issuer.group),
                validity_hours=wanted.validity_hours,
                early_renewal_hours=wanted.early_renewal_hours,
                ca_pem=issuer.ca_certificate_pem,
            )
        key = self._token_key if server.signs_tokens else self._elliptic_key(role, self._settings.rotation.certificates)
        leaf = self._leaf(role, server.names, key)
        return TlsPair(leaf.cert_pem, key.private_key_pem, self.internal_ca_pem, leaf.validity_end_time)

    def _leaf(self, role: str, names: Sequence[str], key: tls.PrivateKey) -> tls.LocallySignedCert:
        addresses = [name for name in names if name.replace(".", "").isdigit()]
        request = tls.CertRequest(
            resource_name(self._settings.name, role, "certificate-request"),
            private_key_pem=key.private_key_pem,
            subject={"common_name": f"{self._settings.name} {role}", "organization": "PortusStack"},
            dns_names=[name for name in names if name not in addresses],
            ip_addresses=addresses or None,
            opts=self._child(),
        )
        lifetime = self._settings.certificates
        return tls.LocallySignedCert(
            resource_name(self._settings.name, role, "certificate"),
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=self._ca_key.private_key_pem,
            ca_cert_pem=self._ca.cert_pem,
            validity_period_hours=lifetime.validity_hours,
            early_renewal_hours=lifetime.early_renewal_hours,
            allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
            set_subject_key_id=True,  # strict verifiers, such as Python 3.13, ask for it
            opts=self._child(),
        )


def _issuer(presented: TlsPair | Issued) -> str:
    if isinstance(presented, Issued):
        return "issued"
    return "provided" if presented.expires_at is None else "generated"
