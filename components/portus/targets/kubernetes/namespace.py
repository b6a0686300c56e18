"""The namespace, where it is ours: labelled for Pod Security, and with the fate of the data in it."""

import pulumi
from pulumi_kubernetes import core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from .failures import failure_hook
from .instance import Instance
from .security import RESTRICTED

_POD_SECURITY = "pod-security.kubernetes.io"


def pod_security_labels(level: str) -> dict[str, str]:
    """Enforces what all pods meet; says of each what keeps it from more."""
    return {
        f"{_POD_SECURITY}/enforce": level,
        f"{_POD_SECURITY}/warn": RESTRICTED,
        f"{_POD_SECURITY}/audit": RESTRICTED,
    }


def namespace(instance: Instance, level: str) -> pulumi.Input[str]:
    """Its name. A namespace of that name that exists already is an error: it is somebody else's."""
    kubernetes = instance.kubernetes
    if not kubernetes.create_namespace:
        return kubernetes.namespace
    made = core.v1.Namespace(
        instance.resource_name("namespace"),
        metadata=ObjectMetaArgs(
            name=kubernetes.namespace,
            labels={**instance.labels("namespace"), **pod_security_labels(level)},
            annotations=dict(kubernetes.annotations) or None,
        ),
        opts=pulumi.ResourceOptions.merge(
            instance.kept(), pulumi.ResourceOptions(parent=instance.target, hooks=failure_hook(instance, "namespace"))
        ),
    )
    return made.metadata.name
