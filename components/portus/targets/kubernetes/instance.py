"""What all objects of one PortusStack have in common: name, namespace, labels, annotations, parent."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from ...naming import DEPLOYMENT_LABEL, NAME_LABEL, PRODUCT, ROLE_LABEL, resource_name
from ...settings.kubernetes_model import KubernetesSettings
from ...settings.model import DataSettings
from ..deployed import Deployed

SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""For what is ready by itself or shows in something else: the provider waits 10 s for every Service with a selector."""
_STANDARD = "app.kubernetes.io"
"""Source: the recommended labels of the Kubernetes documentation."""


@dataclass(frozen=True)
class Instance:
    """Where, and as whose part, objects are created. Names are those of Docker: ``{name}-{role}[-{kind}]``."""

    name: str
    namespace: pulumi.Input[str]
    deployment: pulumi.Output[str]
    kubernetes: KubernetesSettings
    data: DataSettings
    target: Deployed
    pull_secrets: tuple[pulumi.Input[str], ...] = ()

    def selector(self, role: str) -> dict[str, str]:
        """The labels by which the pods of a role are found."""
        return {NAME_LABEL: self.name, ROLE_LABEL: role}

    def labels(self, role: str) -> dict[str, pulumi.Input[str]]:
        """The labels that everything of a role carries."""
        return {
            **self.kubernetes.labels,
            f"{_STANDARD}/name": role,
            f"{_STANDARD}/instance": self.name,
            f"{_STANDARD}/component": role,
            f"{_STANDARD}/part-of": PRODUCT,
            f"{_STANDARD}/managed-by": "pulumi",
            **self.selector(role),
            DEPLOYMENT_LABEL: self.deployment,
        }

    def metadata(
        self, role: str, name: pulumi.Input[str] | None, annotations: Mapping[str, str] | None = None
    ) -> ObjectMetaArgs:
        """Metadata of an object of a role; without a name the provider makes one up that nobody has."""
        return ObjectMetaArgs(
            name=name,
            namespace=self.namespace,
            labels=self.labels(role),
            annotations={**self.kubernetes.annotations, **(annotations or {})} or None,
        )

    def resource_name(self, *parts: str) -> str:
        """The name of a resource of this PortusStack."""
        return resource_name(self.name, *parts)

    def options(self, process: str, **more: object) -> pulumi.ResourceOptions:
        """The options of a resource that is a part of ``process``."""
        own = pulumi.ResourceOptions(**more)  # type: ignore[arg-type]
        return pulumi.ResourceOptions.merge(self.target.options(process), own)

    def kept(self) -> pulumi.ResourceOptions:
        """What else holds for a resource that holds data."""
        return pulumi.ResourceOptions(protect=self.data.protect or None, retain_on_delete=self.data.retain or None)
