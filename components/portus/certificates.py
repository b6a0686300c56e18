"""TLS material and the token key: a CA, a certificate per TLS server, and the pair that signs bearer tokens.

Each has a key of its own, so that losing or renewing one touches nothing else. One exception is Portus' own: generation
1 signs tokens with its TLS key (``/secrets/portus.key``; source: the announcement, "Secrets and certificates").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

from .naming import resource_name
from .settings import Settings

_CA_VALIDITY_HOURS = 10 * 365 * 24
_CA_EARLY_RENEWAL_HOURS = 365 * 24
_TOKEN_KEY_BITS = 3072
"""NIST SP 800-57 part 1: 3072 bits for keys in use beyond 2030."""
_SHARED_KEY_GENERATION = 1


@dataclass(frozen=True)
class ServerCertificate:
    """What a TLS server presents: PEM chain (leaf first) and secret PEM key.

    ``expires_at`` is in RFC 3339, None when the certificate was provided.
    """

    certificate_pem: pulumi.Output[str]
    private_key_pem: pulumi.Output[str]
    expires_at: pulumi.Output[str] | None


class Certificates(pulumi.ComponentResource):
    """Issues what the servers of the plan need, but for what somebody in the target issues.

    ``servers`` maps a role to the DNS names and addresses that it answers to.
    """

    def __init__(self, settings: Settings, servers: Mapping[str, Sequence[str]], opts: pulumi.ResourceOptions) -> None:
        super().__init__("portus:internal:Certificates", resource_name(settings.name, "certificates"), None, opts)
        self._settings = settings
        self._ca_key = self._elliptic_key("ca")
        self._ca = self._certificate_authority()
        self._token_key = self._rsa_key()
        self.token_private_key_pem = self._token_key.private_key_pem
        self.token_public_key_pem = self._token_key.public_key_pem
        self.token_certificate_pem = self._token_certificate().cert_pem
        issued = {"edge"} if settings.certificates.cert_manager else set()
        self.servers = {role: self._server(role, names) for role, names in servers.items() if role not in issued}
        self.internal_ca_pem: pulumi.Output[str] = self._ca.cert_pem
        self.public_ca_pem = self._public_ca()
        expiries = [server.expires_at for server in self.servers.values() if server.expires_at is not None]
        self.expire_at: pulumi.Output[str] = pulumi.Output.all(*expiries).apply(min)
        self.register_outputs({})

    @property
    def trust_pem(self) -> pulumi.Output[str]:
        """Every CA that a process inside has to trust: the generated one and, where it is another, the edge's."""
        if self.public_ca_pem is self.internal_ca_pem:
            return self.internal_ca_pem
        return pulumi.Output.concat(self.internal_ca_pem, self.public_ca_pem)

    def _public_ca(self) -> pulumi.Output[str]:
        """The CA of the edge; "" where every system trusts it."""
        elsewhere = self._settings.certificates.provided or self._settings.certificates.cert_manager
        if elsewhere is None:
            return self.internal_ca_pem
        return elsewhere.ca_certificate_pem or pulumi.Output.from_input("")

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

    def _server(self, role: str, names: Sequence[str]) -> ServerCertificate:
        provided = self._settings.certificates.provided
        if role == "edge" and provided:
            return ServerCertificate(provided.certificate_pem, provided.private_key_pem, None)
        shared = role == "portus" and self._settings.portus.generation == _SHARED_KEY_GENERATION
        key = self._token_key if shared else self._elliptic_key(role, self._settings.rotation.certificates)
        leaf = self._leaf(role, names, key)
        return ServerCertificate(leaf.cert_pem, key.private_key_pem, leaf.validity_end_time)

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
