"""Every kind, field and setting that the wheel offers is known or refused by name: none is silently ignored."""

import importlib
import inspect
import json
import re
import sys
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import pulumi_kubernetes
import pytest
from pulumi._types import input_type_py_to_pulumi_names

from toolchain.plugins.framework import ProviderError
from toolchain.plugins.kubernetes import types as plugin_types
from toolchain.plugins.kubernetes.kinds import CLUSTER_SCOPED, kind_of_type
from toolchain.plugins.kubernetes.provider import KubernetesProvider
from toolchain.plugins.kubernetes.settings import Settings, check_configuration, settings

_REGISTERED = re.compile(r'resource_modules="""(.*?)"""', re.DOTALL)
_USED = (
    *("v1/Namespace", "v1/ServiceAccount", "v1/Secret", "v1/ConfigMap", "v1/PersistentVolumeClaim", "v1/Service"),
    *("v1/Pod", "apps/v1/Deployment", "apps/v1/StatefulSet", "apps/v1/DaemonSet", "batch/v1/Job", "batch/v1/CronJob"),
    *("networking.k8s.io/v1/NetworkPolicy", "networking.k8s.io/v1/Ingress", "policy/v1/PodDisruptionBudget"),
    *("storage.k8s.io/v1/StorageClass", "rbac.authorization.k8s.io/v1/Role", "autoscaling/v2/HorizontalPodAutoscaler"),
)


def wheel_types() -> dict[str, str]:
    """Each type token of the wheel, and the module of its class."""
    assert pulumi_kubernetes.__file__
    found = _REGISTERED.search(Path(pulumi_kubernetes.__file__).read_text(encoding="utf-8"))
    assert found
    return {token: module["fqn"] for module in json.loads(found[1]) for token in module["classes"]}


def refused_types() -> set[str]:
    """The types that the plugin refuses, by name."""
    refused = set()
    for token in WHEEL:
        try:
            KubernetesProvider().resource(token)
        except ProviderError as error:
            assert token in str(error) or "list resources exist" in str(error)
            refused.add(token)
    return refused


WHEEL = wheel_types()
REFUSED = refused_types()

_OTHER_VERSIONS = {
    *("Service.ipFamily", "Service.topologyKeys", "metadata.clusterName", "resourceClaims.source"),
    *("httpGet.protocol", "grpc.mode", "volumeMounts.bindMountOptions", "emptyDir.mode", "ephemeral.readOnly"),
    *("Pod.evictionResponders", "spec.evictionResponders", "Pod.workloadRef", "spec.workloadRef"),
    *("Job.scheduling", "spec.scheduling", "status.healthStatus", "status.resizeStatus", "items.user"),
    *("configMap.defaultUser", "downwardAPI.defaultUser", "projected.defaultUser", "secret.defaultUser"),
    *("clusterTrustBundle.user", "podCertificate.user", "serviceAccountToken.user"),
}
"""Fields of the wheel that Kubernetes 1.36 does not have, any more or yet. The official plugin, whose types are of 1.36
too, drops them like any unknown field."""


def test_every_type_of_the_wheel_is_covered_or_refused_by_name() -> None:
    rest = {token for token in REFUSED if not token.endswith(("Patch", "List"))}
    assert {token.split(":")[1].partition("/")[0] for token in rest} == {"helm.sh", "kustomize", "yaml"}


def test_every_kind_of_a_stable_version_has_its_type() -> None:
    """Without one, what the server's types change would show as a change."""
    without = set()
    for token in WHEEL:
        kind = kind_of_type(token)
        if kind.kind.endswith(("List", "Patch")) or not re.fullmatch(r"(?:.*/)?v\d+", kind.api_version):
            continue
        if not plugin_types.has_type(str(kind)) and token not in REFUSED:
            without.add(str(kind))
    assert without == {
        "apiextensions.k8s.io/v1/CustomResourceDefinition",  # sent as it is, by the official plugin too
        "apiregistration.k8s.io/v1/APIService",
        "meta/v1/Status",
        # Newer than the types of the official plugin.
        "certificates.k8s.io/v1/ClusterTrustBundle",
        "certificates.k8s.io/v1/PodCertificateRequest",
        "resource.k8s.io/v1/DeviceTaintRule",
        "storagemigration.k8s.io/v1/StorageVersionMigration",
    }


def _fields(arguments: type, type_name: str, path: str, seen: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """Path and knowledge of every field of an arguments class, nested ones too."""
    fields = plugin_types._table()[1][type_name]
    annotations = inspect.signature(arguments.__init__).parameters  # type: ignore[misc]
    for python_name, name in input_type_py_to_pulumi_names(arguments).items():
        code = fields.get(name)
        yield f"{path}.{name}", code is not None
        nested = re.search(r"[\w.]*\w+Args\b", str(annotations[python_name].annotation))
        inner = (code or "").rstrip("?0").lstrip("*[{")
        if nested and inner.startswith("@") and inner not in seen:
            below = attrgetter(nested[0])(sys.modules[arguments.__module__])
            yield from _fields(below, inner[1:], f"{path}.{name}", seen | {inner})


@pytest.mark.parametrize("key", _USED)
def test_every_field_that_a_program_can_set_reaches_the_server(key: str) -> None:
    api_version, _, kind = key.rpartition("/")
    token = f"kubernetes:{'core/' if '/' not in api_version else ''}{api_version}:{kind}"
    module = importlib.import_module(WHEEL[token])
    arguments = getattr(module, f"{kind}InitArgs")
    names = set(inspect.signature(arguments.__init__).parameters) - {"__self__"}
    known = set(plugin_types.input_names(key))
    camel = {re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in names}
    assert camel - known <= {"stringData"} | known
    spec = plugin_types._table()[1][plugin_types._table()[0][key]].get("spec", "")
    if spec.startswith("@") and hasattr(module, f"{kind}SpecArgs"):
        walked = list(_fields(getattr(module, f"{kind}SpecArgs"), spec.rstrip("?0")[1:], kind, frozenset()))
        assert walked
        dropped = {".".join(path.split(".")[-2:]) for path, is_known in walked if not is_known}
        assert dropped <= _OTHER_VERSIONS


def test_every_setting_of_the_provider_has_an_effect_or_is_refused() -> None:
    samples = {
        "clusterIdentifier": "x",  # a matter of DiffConfig, see test_settings
        "kubeClientSettings": '{"qps": 1}',
        **dict.fromkeys(("kubeconfig", "context", "cluster", "namespace", "renderYamlToDirectory"), "x"),
        "helmReleaseSettings": '{"driver": "secret"}',
        "enableServerSideApply": "false",
    }
    for name in input_type_py_to_pulumi_names(pulumi_kubernetes.ProviderArgs).values():
        config = {name: samples.get(name, "true")}
        refused = [failure.property for failure in check_configuration(dict(config), {}).failures]
        effect = settings(dict(config), {}) != Settings()
        assert effect or refused == [name] or name == "clusterIdentifier", name


def test_an_unknown_setting_is_refused() -> None:
    reasons = [failure.reason for failure in KubernetesProvider().check_config({"kubeconfg": "x"}).failures]
    assert len(reasons) == 1 and "`kubernetes:kubeconfg` is not a valid configuration key" in reasons[0]


def test_scopes_are_of_kinds_that_there_are() -> None:
    kinds = {key.rpartition("/")[2] for key in plugin_types._table()[0]}
    others = {"APIService", "CustomResourceDefinition", "DeviceTaintRule", "StorageVersion"}
    assert CLUSTER_SCOPED - kinds <= others
