"""A certificate that cert-manager issues and renews: asked for with a Certificate, found in a Secret that it writes.

Source: cert-manager's reference, ``cert-manager.io/v1`` (v1.21). The Secret is cert-manager's own: no key of it is in
the stack's state, and its content changes without ``up``.
"""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import apiextensions, core

from ...topology import Issued, Process, Workload
from .failures import failure_hook
from .instance import Instance

_VOLUME = "issued"
_KIND = "certificate"
_GROUP_MODE = 0o440
_LIKELY = (
    "cert-manager has not issued the certificate: its Certificate, its CertificateRequest and the issuer say why "
    "(kubectl describe)"
)
_UNTIL_READY = {"pulumi.com/waitFor": "condition=Ready"}
"""`up` goes on, to those who mount the Secret, once it is there."""


def secret_name(instance: Instance, process: Process) -> str:
    """The name of the Secret."""
    return instance.resource_name(process.name, _KIND)


def issue(instance: Instance, process: Process) -> apiextensions.CustomResource | None:
    """The Certificate of a workload that presents one which is issued in the cluster; None for all others."""
    if not isinstance(process, Workload) or not isinstance(process.presents, Issued):
        return None
    name = secret_name(instance, process)
    limit = f"{instance.kubernetes.scheduling_timeout_seconds}s"
    return apiextensions.CustomResource(
        name,
        api_version="cert-manager.io/v1",
        kind="Certificate",
        metadata=instance.metadata(process.name, name, _UNTIL_READY),
        spec=_specification(instance, process, process.presents),
        opts=instance.options(
            process.name,
            custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit),
            hooks=failure_hook(instance, process.name, _KIND, likely=_LIKELY),
        ),
    )


def _specification(instance: Instance, process: Process, issued: Issued) -> Mapping[str, object]:
    """A new key with every certificate. An issuer that gives shorter ones is asked again in time all the same."""
    name, kind, group = issued.issuer
    return {
        "secretName": secret_name(instance, process),
        "secretTemplate": {"labels": instance.labels(process.name)},
        "issuerRef": {"name": name, "kind": kind, "group": group},
        "dnsNames": list(issued.names),
        "duration": f"{issued.validity_hours}h",
        "renewBefore": f"{issued.early_renewal_hours}h",
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["digital signature", "key encipherment", "server auth"],
    }


def volumes(instance: Instance, process: Process) -> list[core.v1.VolumeArgs]:
    """The Secret as a volume, for the process' group."""
    if _directory(process) is None:
        return []
    source = core.v1.SecretVolumeSourceArgs(secret_name=secret_name(instance, process), default_mode=_GROUP_MODE)
    return [core.v1.VolumeArgs(name=_VOLUME, secret=source)]


def mounts(process: Process) -> list[core.v1.VolumeMountArgs]:
    """Mounted whole: a mount of a single file would not be renewed."""
    directory = _directory(process)
    if directory is None:
        return []
    return [core.v1.VolumeMountArgs(name=_VOLUME, mount_path=directory, read_only=True)]


def _directory(process: Process) -> str | None:
    presents = process.presents if isinstance(process, Workload) else None
    return presents.directory if isinstance(presents, Issued) else None
