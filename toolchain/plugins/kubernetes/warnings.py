"""What Check says without refusing: internal annotations, Helm hooks, old API versions.

Source: `provider.go`, `kinds/deprecated.go` and `kinds/removed.go` of pulumi-kubernetes; which version of which API was
deprecated and removed when is Kubernetes' deprecation guide.
"""

from collections.abc import Iterator
from typing import Final

from toolchain.plugins.framework import Properties
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.objects import AUTONAMED, at, mapping
from toolchain.plugins.kubernetes.settings import Settings

_HOOK: Final = "helm.sh/hook"
_HOOKS_IGNORED: Final = (
    "This resource contains Helm hooks that are not currently supported by Pulumi. The resource will be created, but "
    "any hooks will not be executed. Hooks support is tracked at "
    "https://github.com/pulumi/pulumi-kubernetes/issues/555 -- This warning can be disabled by setting the "
    "PULUMI_K8S_SUPPRESS_HELM_HOOK_WARNINGS environment variable"
)

_REMOVED: Final = {
    "apps/v1beta1": ("apps/v1", "1.16"),
    "apps/v1beta2": ("apps/v1", "1.16"),
    "extensions/v1beta1": ("apps/v1", "1.16"),
    "rbac.authorization.k8s.io/v1beta1": ("rbac.authorization.k8s.io/v1", "1.22"),
    "rbac.authorization.k8s.io/v1alpha1": ("rbac.authorization.k8s.io/v1", "1.22"),
    "networking.k8s.io/v1beta1/Ingress": ("networking.k8s.io/v1", "1.22"),
    "networking.k8s.io/v1beta1/IngressClass": ("networking.k8s.io/v1", "1.22"),
    "storage.k8s.io/v1beta1/StorageClass": ("storage.k8s.io/v1", "1.22"),
    "apiextensions.k8s.io/v1beta1": ("apiextensions.k8s.io/v1", "1.22"),
    "coordination.k8s.io/v1beta1/Lease": ("coordination.k8s.io/v1", "1.22"),
    "batch/v1beta1": ("batch/v1", "1.25"),
    "policy/v1beta1/PodDisruptionBudget": ("policy/v1", "1.25"),
    "autoscaling/v2beta1": ("autoscaling/v2", "1.25"),
    "autoscaling/v2beta2": ("autoscaling/v2", "1.26"),
}
"""Old API version, alone or with a kind → what replaces it, and the Kubernetes version without it."""
_OTHERS: Final = {"Ingress": "networking.k8s.io/v1", "NetworkPolicy": "networking.k8s.io/v1"}
"""Kinds of `extensions/v1beta1` that went elsewhere."""


def warnings(kind: Kind, inputs: Properties, settings: Settings) -> Iterator[str]:
    """All that is to be said about an object as the program gave it."""
    annotations = mapping(at(inputs, "metadata", "annotations"))
    for name in annotations:
        if name.startswith(AUTONAMED):
            yield f'ignoring user-specified value for internal annotation "{name}"'
    if not settings.suppress_helm_hook_warnings and any(name.startswith(_HOOK) for name in annotations):
        yield _HOOKS_IGNORED
    old = _REMOVED.get(f"{kind.api_version}/{kind.kind}") or _REMOVED.get(kind.api_version)
    if old and not settings.suppress_deprecation_warnings:
        replacement = old[0]
        if kind.api_version == "extensions/v1beta1":
            replacement = _OTHERS.get(kind.kind, replacement)
        yield (
            f"{kind} is deprecated by {replacement}/{kind.kind} and not supported by Kubernetes v{old[1]}+ clusters."
        )
