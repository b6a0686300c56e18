"""The namespace, where it is ours: labelled for Pod Security, and with the fate of the data in it."""

import pulumi
from pulumi_kubernetes import core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from .evidence import evidence_hook
from .security import RESTRICTED
from .site import Site

_POD_SECURITY = "pod-security.kubernetes.io"


def pod_security_labels(level: str) -> dict[str, str]:
    """Enforces what all pods meet; says of each what keeps it from more."""
    return {
        f"{_POD_SECURITY}/enforce": level,
        f"{_POD_SECURITY}/warn": RESTRICTED,
        f"{_POD_SECURITY}/audit": RESTRICTED,
    }


def namespace(site: Site, level: str) -> pulumi.Input[str]:
    """Its name. A namespace of that name that exists already is an error: it is somebody else's."""
    kubernetes = site.kubernetes
    if not kubernetes.create_namespace:
        return kubernetes.namespace
    made = core.v1.Namespace(
        site.resource_name("namespace"),
        metadata=ObjectMetaArgs(
            name=kubernetes.namespace,
            labels={**site.labels("namespace"), **pod_security_labels(level)},
            annotations=dict(kubernetes.annotations) or None,
        ),
        opts=pulumi.ResourceOptions.merge(
            site.kept(), pulumi.ResourceOptions(parent=site.target, hooks=evidence_hook(site, "namespace"))
        ),
    )
    return made.metadata.name
