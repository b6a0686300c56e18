"""Check: the inputs as they are stored.

Source: `provider.go` of pulumi-kubernetes, `Check`. The API server is not asked about the inputs here: wrong types and
missing fields are found by the dry run of the preview.
"""

from typing import Final

from toolchain.plugins.framework import (
    UNKNOWN,
    CheckFailure,
    CheckRequest,
    CheckResult,
    Properties,
    ProviderError,
    Severity,
)
from toolchain.plugins.kubernetes.cluster import Cluster
from toolchain.plugins.kubernetes.kinds import CRD, Kind, kind_of
from toolchain.plugins.kubernetes.naming import named
from toolchain.plugins.kubernetes.normalising import normalised
from toolchain.plugins.kubernetes.objects import at, elements, namespace_of, plain_properties, text, with_metadata
from toolchain.plugins.kubernetes.secrecy import marked
from toolchain.plugins.kubernetes.warnings import warnings

_GENERATED_NAME: Final = "the `.metadata.generateName` field is not supported in Server-Side Apply mode"


def check(cluster: Cluster, request: CheckRequest) -> CheckResult:
    """Complete the inputs. Raises `ProviderError` for what is no object."""
    settings = cluster.settings
    if settings.skip_update_unreachable and request.olds and cluster.unreachable():
        request.log(Severity.WARNING, "Cluster is unreachable but skipUnreachable flag is set to true, skipping...")
        return CheckResult(request.olds)
    given = plain_properties(request.news)
    kind = kind_of(given)
    inputs = normalised(kind, given)
    for warning in warnings(kind, inputs, settings):
        request.log(Severity.WARNING, warning)
    try:
        inputs = named(inputs, request)
    except ProviderError as error:
        return CheckResult(request.news, [CheckFailure("metadata.name", str(error))])
    failures = []
    if text(given, "metadata", "generateName") and not at(given, "metadata", "name"):
        failures.append(CheckFailure("metadata.generateName", _GENERATED_NAME))
    inputs = _in_namespace(cluster, kind, inputs)
    if kind == CRD:
        _declare(cluster, inputs)
    return CheckResult(marked(inputs, request.news), failures)


def _in_namespace(cluster: Cluster, kind: Kind, inputs: Properties) -> Properties:
    unknown = inputs.get("metadata") is UNKNOWN or at(inputs, "metadata", "namespace") is UNKNOWN
    if unknown or namespace_of(inputs) or not cluster.is_namespaced(kind):
        return inputs
    return with_metadata(inputs, namespace=cluster.default_namespace)


def _declare(cluster: Cluster, definition: Properties) -> None:
    spec = definition.get("spec")
    namespaced = text(spec, "scope") != "Cluster"
    for version in elements(at(spec, "versions")):
        kind = Kind(f"{text(spec, 'group')}/{text(version, 'name')}", text(spec, "names", "kind"))
        cluster.declare(kind, namespaced=namespaced)
