"""Kinds: how a resource type names one, and what is known of the built-in ones without asking a server."""

from dataclasses import dataclass
from typing import Final

from toolchain.plugins.framework import ProviderError, Value
from toolchain.plugins.kubernetes.objects import text
from toolchain.plugins.kubernetes.types import has_type

CLUSTER_SCOPED: Final = frozenset(
    {
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "ComponentStatus",
        "CustomResourceDefinition",
        "DeviceClass",
        "DeviceTaintRule",
        "FlowSchema",
        "IPAddress",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "SelfSubjectAccessReview",
        "SelfSubjectReview",
        "SelfSubjectRulesReview",
        "ServiceCIDR",
        "StorageClass",
        "StorageVersion",
        "StorageVersionMigration",
        "SubjectAccessReview",
        "TokenReview",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    }
)
"""The built-in kinds without a namespace. A test compares them with what a server says."""

_WITHOUT_TYPE: Final = frozenset(
    {
        "apiextensions.k8s.io/v1/CustomResourceDefinition",
        "apiregistration.k8s.io/v1/APIService",
    }
)
"""Built-in kinds whose Go types `types.json` does not hold."""

_LIST_REFUSED: Final = (
    "list resources exist for compatibility with YAML manifests and Helm charts, and cannot be created directly; "
    "use the underlying resource type instead"
)


@dataclass(frozen=True, order=True)
class Kind:
    """A kind of a version of an API group: `apps/v1` and `Deployment`."""

    api_version: str
    kind: str

    @property
    def group(self) -> str:
        """Empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def built_in(self) -> bool:
        """Whether Kubernetes itself serves it, in some version."""
        key = f"{self.api_version}/{self.kind}"
        return has_type(key) or key in _WITHOUT_TYPE

    def __str__(self) -> str:
        return f"{self.api_version}/{self.kind}"


CRD: Final = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")
SECRET: Final = Kind("v1", "Secret")


def kind_of(obj: Value) -> Kind:
    """The kind of an object. Raises `ProviderError` when it does not say."""
    kind = Kind(text(obj, "apiVersion"), text(obj, "kind"))
    if not kind.api_version or not kind.kind:
        raise ProviderError("a Kubernetes resource needs apiVersion and kind")
    return kind


def kind_of_type(token: str) -> Kind:
    """The kind that a type token names: `kubernetes:core/v1:Secret` is `v1` and `Secret`."""
    _, version, kind = token.split(":")
    return Kind(version.removeprefix("core/"), kind)


def refuse_uncovered(token: str) -> None:
    """Raises `ProviderError` for the types that are no single object of a cluster, or only a part of one."""
    parts = token.split(":")
    package, version, kind = parts if len(parts) == len(("package", "version", "kind")) else ("", "", "")
    group, _, number = version.partition("/")
    if package != "kubernetes" or not kind or not number or group in ("helm.sh", "kustomize", "yaml"):
        raise ProviderError(_not_covered(token))
    built_in = kind_of_type(token)
    if kind.endswith("Patch") and Kind(built_in.api_version, kind.removesuffix("Patch")).built_in:
        raise ProviderError(_not_covered(token))
    if kind.endswith("List") and Kind(built_in.api_version, kind.removesuffix("List")).built_in:
        raise ProviderError(_LIST_REFUSED)


def _not_covered(token: str) -> str:
    return (
        f"resource type {token!r} is not covered by PortusStack's stand-in for the kubernetes provider (covered: every "
        "kind of a cluster, and custom resources); run with the official plugin: PROVIDERS=official"
    )
