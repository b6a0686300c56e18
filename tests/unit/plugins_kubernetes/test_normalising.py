"""What the trip through the server's types does to inputs."""

import pytest

from toolchain.plugins.framework import UNKNOWN, Properties, Value
from toolchain.plugins.kubernetes.kinds import Kind
from toolchain.plugins.kubernetes.normalising import for_program, normalised
from toolchain.plugins.kubernetes.quantities import canonical

DEPLOYMENT = Kind("apps/v1", "Deployment")


@pytest.mark.parametrize(
    ("given", "written"),
    [
        *(("0.5", "500m"), ("1000m", "1"), ("1024Mi", "1Gi"), ("2", "2"), ("2000", "2k"), ("1.5Gi", "1536Mi")),
        *(("0", "0"), ("0Mi", "0"), ("0.5Ki", "512"), ("1e3", "1e3"), ("1E3", "1e3"), ("1e-3", "1e-3"), ("-1", "-1")),
        *(("1.0000000001", "1000000001n"), ("100M", "100M"), (".5", "500m"), ("1023Ki", "1023Ki")),
    ],
)
def test_quantities_are_written_as_kubernetes_writes_them(given: str, written: str) -> None:
    assert canonical(given) == written
    assert canonical(written) == written


@pytest.mark.parametrize("given", ["", "x", "1 Mi", "1mi", "Mi", "1Mi2", "--1"])
def test_what_is_no_quantity(given: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        canonical(given)


def spec_of(**spec: Value) -> Value:
    given: Properties = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}
    return normalised(DEPLOYMENT, given).get("spec")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"replicas": 0, "strategy": {}, "paused": False, "minReadySeconds": 0}, {"replicas": 0, "strategy": {}}),
        ({"replicas": 2, "misspelt": 1}, {"replicas": 2}),
        ({"selector": {"matchLabels": {}}}, {"selector": {}}),
        ({"strategy": {"rollingUpdate": {"maxSurge": "80"}}}, {"strategy": {"rollingUpdate": {"maxSurge": "80"}}}),
        ({"strategy": {"rollingUpdate": {"maxSurge": 80}}}, {"strategy": {"rollingUpdate": {"maxSurge": 80}}}),
    ],
)
def test_zeros_and_unknown_fields(given: Properties, kept: Value) -> None:
    assert spec_of(**given) == kept


@pytest.mark.parametrize("given", [{"replicas": "two"}, {"replicas": 1.5}, {"replicas": True}, {"template": "x"}])
def test_what_does_not_fit_its_type_stays_for_the_server_to_judge(given: Properties) -> None:
    assert spec_of(**given, paused=False) == {**given, "paused": False}


def test_nothing_is_done_while_something_is_unknown() -> None:
    assert spec_of(replicas=UNKNOWN, paused=False) == {"replicas": UNKNOWN, "paused": False}


def test_a_secrets_texts_become_data() -> None:
    secret = Kind("v1", "Secret")
    given: Properties = {"data": {"a": "eA==", "b": "eA=="}, "stringData": {"b": "y"}}
    assert normalised(secret, given) == {"data": {"a": "eA==", "b": "eQ=="}}
    assert normalised(secret, {"data": {"a": " eA==\n"}}) == {"data": {"a": "eA=="}}
    assert normalised(secret, {"data": {"a": "?"}}) == {"data": {"a": "?"}}


def test_what_only_the_server_writes_is_taken_out() -> None:
    given: Properties = {"metadata": {"name": "n", "uid": "u", "managedFields": [], "creationTimestamp": None}}
    assert normalised(Kind("v1", "ConfigMap"), given) == {"metadata": {"name": "n"}}
    assert normalised(Kind("example.org/v1", "Thing"), given) == given


def test_extensions_of_schemas_are_named_as_the_server_names_them() -> None:
    crd = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    given: Properties = {"spec": {"versions": [{"schema": {"x_kubernetes_int_or_string": True}}]}}
    sent = normalised(crd, given)
    assert sent == {"spec": {"versions": [{"schema": {"x-kubernetes-int-or-string": True}}]}}
    assert for_program(sent) == given
