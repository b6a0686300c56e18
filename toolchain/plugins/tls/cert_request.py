"""CertRequest: a certificate signing request."""

from collections.abc import Mapping
from typing import ClassVar, Final

from toolchain.plugins.framework.attributes import Input, Kind, not_empty
from toolchain.plugins.framework.planned import PlannedResource
from toolchain.plugins.framework.resource import Request
from toolchain.plugins.framework.values import Properties
from toolchain.plugins.tls import pem

_SUBJECT_FIELDS: Final = (
    "commonName",
    "country",
    "emailAddress",
    "locality",
    "organization",
    "organizationalUnit",
    "postalCode",
    "province",
    "serialNumber",
)

BEARER_INPUTS: Final[Mapping[str, Input]] = {
    "privateKeyPem": pem.pem_input("the private key whose public half is certified,", secret=True),
    **pem.write_only("privateKeyPem"),
    "subject": Input(
        Kind.OBJECT,
        fields={**dict.fromkeys(_SUBJECT_FIELDS, Input(Kind.STRING)), "streetAddresses": Input(Kind.STRINGS)},
    ),
    "dnsNames": Input(Kind.STRINGS),
    "ipAddresses": Input(Kind.STRINGS, item_rules=(not_empty,)),
    "uris": Input(Kind.STRINGS, item_rules=(not_empty,)),
}
"""Who bears a request or a self-signed certificate."""


class CertRequest(PlannedResource):
    """A PKCS#10 request for the public half of `privateKeyPem`. Its id is the hash of its DER."""

    computed = ("certRequestPem", "id", "keyAlgorithm")
    inputs: ClassVar[Mapping[str, Input]] = BEARER_INPUTS

    def generate(self, planned: Properties, request: Request) -> Properties:
        from toolchain.plugins.tls import issuing, keys, names  # noqa: PLC0415 - loads cryptography

        key = keys.parse_key(str(planned["privateKeyPem"]), "private key")
        found = names.alternative_names(planned, "Error creating certificate request")
        der = issuing.request(names.subject_name(planned.get("subject")), found, key)
        return {
            "id": keys.state_hash(der),
            "certRequestPem": pem.encode(pem.CERTIFICATE_REQUEST, der),
            "keyAlgorithm": keys.algorithm_of(key),
        }
