"""What of a status stands in the stack's state: certificates, the last smoke check."""

from collections.abc import Mapping

from ..state import Object, State
from .model import Certificate, SmokeCheck
from .times import parsed

_CERTIFICATES = ("tls:index/selfSignedCert:SelfSignedCert", "tls:index/locallySignedCert:LocallySignedCert")
_NO_DATES_COUNT = "-token-certificate"
"""The registry looks at no date of the token key's certificate."""


def certificates_in(state: State) -> list[Certificate]:
    """Generated certificates, the one that expires first in front; one that was provided is not in the state."""
    found = []
    for each in state.resources:
        expires_at = parsed(str(each.outputs.get("validityEndTime")))
        if each.type in _CERTIFICATES and expires_at and not each.replaced and not each.name.endswith(_NO_DATES_COUNT):
            early = float(str(each.inputs.get("earlyRenewalHours") or 0))
            found.append(Certificate(each.name, expires_at, int(early)))
    return sorted(found, key=lambda certificate: certificate.expires_at)


def smoke_check_in(outputs: Object) -> SmokeCheck:
    """What a PortusStack's output says of the last one."""
    report = outputs.get("smoke_check")
    if not isinstance(report, Mapping):
        return SmokeCheck(None, 0)
    steps = report.get("steps")
    return SmokeCheck(parsed(str(report.get("checked_at"))), len(steps) if isinstance(steps, list) else 0)
