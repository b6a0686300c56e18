"""SelfSignedCert and LocallySignedCert: certificates, and when they are renewed."""

from collections.abc import Mapping
from typing import ClassVar, Final

from toolchain.plugins.framework.attributes import Input, Kind, at_least, never, one_of
from toolchain.plugins.framework.planned import Plan, PlannedResource
from toolchain.plugins.framework.resource import ProviderError, Request, Severity
from toolchain.plugins.framework.values import UNKNOWN, Properties
from toolchain.plugins.tls import pem
from toolchain.plugins.tls.cert_request import BEARER_INPUTS
from toolchain.plugins.tls.usages import ALLOWED_USES
from toolchain.plugins.tls.validity import is_due

_USES: Final = f"what the key may be used for, any of {', '.join(ALLOWED_USES)}"

_CERTIFICATE_INPUTS: Final[Mapping[str, Input]] = {
    "allowedUses": Input(Kind.STRINGS, _USES, required=True, item_rules=(one_of(*ALLOWED_USES),)),
    "validityPeriodHours": Input(Kind.INTEGER, "hours from now, 0 or more", required=True, rules=(at_least(0),)),
    "earlyRenewalHours": Input(Kind.INTEGER, default=0, replaces=never, rules=(at_least(0),)),
    "isCaCertificate": Input(Kind.BOOLEAN, default=False),
    "setSubjectKeyId": Input(Kind.BOOLEAN, default=False),
    "maxPathLength": Input(Kind.INTEGER, computed=True, rules=(at_least(-1),)),
}


class _Certificate(PlannedResource):
    """What both kinds have in common: a certificate that is due is replaced by the next diff."""

    def modify_plan(self, plan: Plan, prior: Properties | None, config: Properties) -> None:
        hours, early = plan.state["validityPeriodHours"], plan.state["earlyRenewalHours"]
        always_due = not isinstance(hours, int) or hours == 0 or (isinstance(early, int) and early >= hours)
        plan.state["readyForRenewal"] = always_due
        end = plan.state["validityEndTime"]
        if not isinstance(end, str):
            return
        if not isinstance(early, int):
            raise ProviderError("earlyRenewalHours of an existing certificate has to be known when it is previewed")
        if is_due(end, early):
            plan.state["readyForRenewal"] = UNKNOWN
            plan.replaces.add("readyForRenewal")

    def refresh_state(self, state: Properties) -> Properties:
        end, early = state.get("validityEndTime"), state.get("earlyRenewalHours", 0)
        if isinstance(end, str) and isinstance(early, int) and is_due(end, early):
            return state | {"readyForRenewal": True}
        return state


class SelfSignedCert(_Certificate):
    """A certificate signed with the key that it certifies."""

    computed = ("certPem", "id", "keyAlgorithm", "readyForRenewal", "validityEndTime", "validityStartTime")
    inputs: ClassVar[Mapping[str, Input]] = {
        **BEARER_INPUTS,
        **_CERTIFICATE_INPUTS,
        "setAuthorityKeyId": Input(Kind.BOOLEAN, default=False),
    }

    def generate(self, planned: Properties, request: Request) -> Properties:
        from toolchain.plugins.tls import issuing, keys, names  # noqa: PLC0415 - loads cryptography

        key = keys.parse_key(str(planned["privateKeyPem"]), "private key")
        subject = names.subject_name(planned.get("subject"))
        found = names.alternative_names(planned, "Failed to create certificate")
        bearer = issuing.Bearer(subject, found, key.public_key())
        authority = issuing.authority_key_identifier(planned, bearer.key) if planned["setAuthorityKeyId"] else None
        made = issuing.certificate(planned, bearer, issuing.Issuer(subject, key, authority))
        return {"keyAlgorithm": keys.algorithm_of(key), **made}

    def upgrade_state(self, state: Properties) -> Properties:
        """States of old SDKs lack the flags that were not set, and hold empty strings for an unset subject's fields."""
        absent: Properties = {"setSubjectKeyId": False, "setAuthorityKeyId": False, "isCaCertificate": False}
        upgraded = absent | {"allowedUses": []} | state
        subject = upgraded.get("subject")
        if isinstance(subject, Mapping):
            upgraded["subject"] = {name: value for name, value in subject.items() if value not in ("", [])}
        return upgraded


class LocallySignedCert(_Certificate):
    """A certificate for a request, signed by a certificate authority whose key is at hand."""

    computed = ("caKeyAlgorithm", "certPem", "id", "readyForRenewal", "validityEndTime", "validityStartTime")
    inputs: ClassVar[Mapping[str, Input]] = {
        "caCertPem": pem.pem_input("the certificate of the authority", secret=False),
        "caPrivateKeyPem": pem.pem_input("the private key of the authority", secret=True),
        **pem.write_only("caPrivateKeyPem"),
        "certRequestPem": pem.pem_input("the request", secret=False),
        **_CERTIFICATE_INPUTS,
    }

    def generate(self, planned: Properties, request: Request) -> Properties:
        from toolchain.plugins.tls import keys, signing  # noqa: PLC0415 - loads cryptography

        bearer = signing.parse_request(str(planned["certRequestPem"]))
        key = keys.parse_key(str(planned["caPrivateKeyPem"]), "CA private key")
        authority = signing.parse_authority(str(planned["caCertPem"]))
        if not authority.is_authority:
            request.log(
                Severity.WARNING,
                "Potentially Invalid Certificate Authority: caCertPem is not a certificate authority's, so clients may "
                "refuse the certificate that it signs",
            )
        return {"caKeyAlgorithm": keys.algorithm_of(key), **signing.sign(planned, bearer, authority, key)}
