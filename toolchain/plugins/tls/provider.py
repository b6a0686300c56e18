"""The provider: its version, its resource types and its configuration."""

from toolchain.plugins.framework.provider import Provider
from toolchain.plugins.framework.resource import CheckFailure, CheckResult, Resource
from toolchain.plugins.framework.values import Properties
from toolchain.plugins.tls.cert_request import CertRequest
from toolchain.plugins.tls.certificates import LocallySignedCert, SelfSignedCert
from toolchain.plugins.tls.private_key import PrivateKey

VERSION = "5.6.2"
"""Of the Python package `pulumi_tls` whose plugin this is."""

RESOURCES: dict[str, Resource] = {
    "tls:index/certRequest:CertRequest": CertRequest(),
    "tls:index/locallySignedCert:LocallySignedCert": LocallySignedCert(),
    "tls:index/privateKey:PrivateKey": PrivateKey(),
    "tls:index/selfSignedCert:SelfSignedCert": SelfSignedCert(),
}


class TlsProvider(Provider):
    """Takes no configuration: `proxy` concerns only the function getCertificate, which is not covered."""

    config_keys = frozenset({"proxy"})

    def check_config(self, news: Properties) -> CheckResult:
        result = super().check_config(news)
        if news.get("proxy") is None:
            return result
        reason = (
            "proxy is not covered by PortusStack's stand-in for the tls provider (only getCertificate uses it); "
            "run with the official plugin: PROVIDERS=official"
        )
        return CheckResult(news, [*result.failures, CheckFailure("proxy", reason)])


def provider() -> Provider:
    """The provider as it is served."""
    return TlsProvider("tls", VERSION, RESOURCES)
