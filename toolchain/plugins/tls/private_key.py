"""PrivateKey: a key pair in all its forms."""

from collections.abc import Mapping
from typing import ClassVar

from toolchain.plugins.framework.attributes import Input, Kind, one_of
from toolchain.plugins.framework.planned import PlannedResource
from toolchain.plugins.framework.resource import ProviderError, Request
from toolchain.plugins.framework.values import Properties


class PrivateKey(PlannedResource):
    """`algorithm` RSA (`rsaBits`, default 2048), ECDSA (`ecdsaCurve`, default P224) or ED25519. Every change makes a
    new key.
    """

    schema_version = 1
    keeps_computed = False
    secret_outputs = frozenset({"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"})
    computed = (
        "id",
        "privateKeyOpenssh",
        "privateKeyPem",
        "privateKeyPemPkcs8",
        "publicKeyFingerprintMd5",
        "publicKeyFingerprintSha256",
        "publicKeyOpenssh",
        "publicKeyPem",
    )
    inputs: ClassVar[Mapping[str, Input]] = {
        "algorithm": Input(
            Kind.STRING, "RSA, ECDSA or ED25519", required=True, rules=(one_of("RSA", "ECDSA", "ED25519"),)
        ),
        "rsaBits": Input(Kind.INTEGER, default=2048),
        "ecdsaCurve": Input(Kind.STRING, default="P224", rules=(one_of("P224", "P256", "P384", "P521"),)),
    }

    def generate(self, planned: Properties, request: Request) -> Properties:
        from toolchain.plugins.tls import keys  # noqa: PLC0415 - loads cryptography, which a preview does without

        bits = planned["rsaBits"]
        if not isinstance(bits, int):
            raise ProviderError("Unable to generate Key from configuration: rsaBits is missing")
        return keys.describe_key(keys.generate_key(str(planned["algorithm"]), bits, str(planned["ecdsaCurve"])))

    def upgrade_state(self, state: Properties) -> Properties:
        """States of old versions lack some forms of the key: they are made from its PEM."""
        pem = state.get("privateKeyPem")
        if not isinstance(pem, str) or self.secret_outputs <= state.keys():
            return state
        from toolchain.plugins.tls import keys  # noqa: PLC0415 - as above

        return keys.describe_key(keys.parse_key(pem, "private key")) | state
