"""Check and configuration, without a cluster."""

import re

import pytest

from tests.unit.plugins_kubernetes.samples import NOWHERE, check_request, cluster
from toolchain.plugins.framework import UNKNOWN, Autonaming, Properties, Secret, contains_unknown
from toolchain.plugins.kubernetes.checking import check
from toolchain.plugins.kubernetes.objects import at, name_of
from toolchain.plugins.kubernetes.settings import compare_configurations, settings

CONFIG_MAP: Properties = {"apiVersion": "v1", "kind": "ConfigMap"}


def test_a_name_is_made_kept_and_not_kept_when_it_was_the_programs() -> None:
    made = check(cluster(), check_request({**CONFIG_MAP})).inputs
    assert re.fullmatch("cfg-[0-9a-f]{8}", name_of(made))
    assert at(made, "metadata", "annotations") == {"pulumi.com/autonamed": "true"}
    assert check(cluster(), check_request({**CONFIG_MAP}, made)).inputs == made
    named = {**CONFIG_MAP, "metadata": {"name": "n"}}
    assert name_of(check(cluster(), check_request({**CONFIG_MAP}, named)).inputs) == ""
    assert name_of(check(cluster(), check_request(named, made)).inputs) == "n"


def test_the_same_seed_gives_the_same_name() -> None:
    names = {name_of(check(cluster(), check_request({**CONFIG_MAP}, seed=seed)).inputs) for seed in (b"a", b"a", b"b")}
    assert len(names) == 2


def test_the_engines_wish_for_a_name() -> None:
    wished = check(cluster(), check_request({**CONFIG_MAP}, autonaming=Autonaming("wish", "enforce"))).inputs
    assert name_of(wished) == "wish"
    refused = check(cluster(), check_request({**CONFIG_MAP}, autonaming=Autonaming("", "disable"))).failures
    assert [failure.reason for failure in refused] == [
        "autonaming is disabled, resource requires the .metadata.name field to be set"
    ]


def test_namespaces_by_scope_and_by_context() -> None:
    assert at(check(cluster(), check_request({**CONFIG_MAP})).inputs, "metadata", "namespace") == "of-context"
    role: Properties = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    assert at(check(cluster(), check_request(role)).inputs, "metadata", "namespace") is None
    unknown: Properties = {**CONFIG_MAP, "metadata": {"name": "n", "namespace": UNKNOWN}}
    assert check(cluster(), check_request(unknown)).inputs == unknown


def test_secrets_are_marked() -> None:
    secret: Properties = {"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "x"}}
    assert check(cluster(), check_request(secret)).inputs["data"] == Secret({"a": "eA=="})
    hidden: Properties = {**CONFIG_MAP, "data": {"a": Secret("x"), "b": "y"}}
    assert check(cluster(), check_request(hidden)).inputs["data"] == {"a": Secret("x"), "b": "y"}
    waiting: Properties = {**secret, "stringData": Secret({"a": UNKNOWN})}
    assert contains_unknown(check(cluster(), check_request(waiting)).inputs["stringData"])


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"metadata": {"annotations": {"helm.sh/hook": "x"}}}, "Helm hooks"),
        ({"metadata": {"annotations": {"pulumi.com/autonamed": "x"}}}, "ignoring user-specified value"),
        ({"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget"}, "is deprecated by policy/v1/Pod"),
    ],
)
def test_warnings(inputs: Properties, words: str) -> None:
    said: list[str] = []
    check(cluster(), check_request({**CONFIG_MAP, **inputs}, say=said.append))
    assert len(said) == 1 and words in said[0]


def test_a_generated_name_is_refused() -> None:
    inputs: Properties = {**CONFIG_MAP, "metadata": {"generateName": "x-"}}
    (failure,) = check(cluster(), check_request(inputs)).failures
    assert "`.metadata.generateName` field is not supported" in failure.reason


def test_the_environment_counts_where_nothing_is_given() -> None:
    variables = {"PULUMI_K8S_ENABLE_PATCH_FORCE": "true", "PULUMI_K8S_CLIENT_BURST": "3"}
    assert settings({}, variables).force and not settings({"enablePatchForce": "false"}, variables).force
    assert settings({}, variables).client.burst == 3
    assert settings({"kubeClientSettings": '{"burst": 5, "timeout": 7}'}, variables).client.timeout == 7


def test_another_cluster_replaces_the_provider_and_another_user_does_not() -> None:
    other_user = NOWHERE.replace('"user": {}', '"user": {"token": "t"}')
    other_server = NOWHERE.replace("127.0.0.1:1", "127.0.0.1:2")
    old: Properties = {"kubeconfig": NOWHERE}
    same = compare_configurations(old, {"kubeconfig": other_user})
    assert same.changed and not same.replaces
    assert compare_configurations(old, {"kubeconfig": other_server}).replaces == ["kubeconfig"]
    assert compare_configurations(old, {"kubeconfig": UNKNOWN}).replaces == ["kubeconfig"]
    pinned: Properties = {"clusterIdentifier": "a"}
    assert not compare_configurations({**old, **pinned}, {"kubeconfig": other_server, **pinned}).replaces
    assert compare_configurations({**old, **pinned}, {**old, "clusterIdentifier": "b"}).replaces == [
        "clusterIdentifier"
    ]
    assert not compare_configurations(old, dict(old)).changed
