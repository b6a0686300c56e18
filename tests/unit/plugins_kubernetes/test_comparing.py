"""Which change is which, without a cluster."""

import pytest

from tests.unit.plugins_kubernetes.samples import cluster, diff_request
from toolchain.plugins.framework import UNKNOWN, DiffKind, Properties, Value
from toolchain.plugins.kubernetes.comparing import compare
from toolchain.plugins.kubernetes.paths import covers, parse_path, written_path
from toolchain.plugins.kubernetes.state import outputs


def thing(kind: str, version: str = "v1", **content: Value) -> Properties:
    metadata: Properties = {"name": "n", "namespace": "s"}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def changes(old: Properties, new: Properties, *ignored: str, **live: Value) -> dict[str, str]:
    """Path → kind of change, where the live object is the old inputs and what the server added."""
    state = outputs({**old, **live}, old, "manager")
    diff = compare(cluster(), diff_request(state, new, *ignored))
    assert diff.detailed is not None and diff.changed == bool(diff.detailed)
    replaced = {path for path, kind in diff.detailed.items() if kind.value.endswith("replace")}
    assert replaced == set(diff.replaces)
    return {path: kind.value for path, kind in diff.detailed.items()}


def pod(**container: Value) -> Properties:
    return thing("Pod", spec={"containers": [{"name": "c", **container}]})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (thing("ConfigMap", data={"a": "1"}), thing("ConfigMap", data={"a": "2"}), {"data.a": "update_replace"}),
        (thing("ConfigMap", data={"a": "1"}), thing("ConfigMap"), {"data": "delete_replace"}),
        (thing("ConfigMap"), thing("ConfigMap", data={"a.b": "1"}), {"data": "add_replace"}),
        (
            thing("ConfigMap", data={"a": "1"}),
            thing("ConfigMap", data={"a": "1", "b.c": "1"}),
            {'data["b.c"]': "add_replace"},
        ),
        (thing("Service", spec={"type": "a"}), thing("Service", spec={"type": "b"}), {"spec.type": "update"}),
        (thing("Service", spec={}), thing("Service", spec={"clusterIP": "None"}), {"spec.clusterIP": "add_replace"}),
        (thing("Service"), thing("Service", spec={"clusterIP": "None"}), {"spec": "add_replace"}),
        (thing("Service", spec={"clusterIP": "None"}), thing("Service"), {"spec": "delete"}),
        (pod(image="a"), pod(image="b"), {"spec.containers[0].image": "update_replace"}),
        (pod(image="a"), pod(image=UNKNOWN), {"spec.containers[0].image": "update_replace"}),
        (
            pod(image="a"),
            thing("Pod", spec={"containers": [{"name": "c", "image": "a"}, {"name": "d", "image": "a"}]}),
            {"spec.containers[1]": "add_replace"},
        ),
        (
            thing("Pod", spec={"containers": [{"name": "c", "image": "a"}, {"name": "d", "image": "a"}]}),
            pod(image="a"),
            {"spec.containers[1]": "delete"},
        ),
        (
            thing("PersistentVolumeClaim", spec={"volumeMode": "Block", "storageClassName": "a"}),
            thing("PersistentVolumeClaim", spec={"volumeMode": "Filesystem", "storageClassName": "b"}),
            {"spec.volumeMode": "update", "spec.storageClassName": "update_replace"},
        ),
        (
            thing("PodDisruptionBudget", "policy/v1", spec={"minAvailable": 1}),
            thing("PodDisruptionBudget", "policy/v1", spec={"minAvailable": 2}),
            {"spec.minAvailable": "update"},
        ),
        (
            thing("Job", "batch/v1", spec={"parallelism": 1, "suspend": True}),
            thing("Job", "batch/v1", spec={"parallelism": 2, "suspend": True}),
            {"spec.parallelism": "update_replace"},
        ),
        (thing("Thing", "example.org/v1", spec={"a": 1}), thing("Thing", "example.org/v1"), {"spec": "delete"}),
    ],
)  # fmt: skip
def test_changes(old: Properties, new: Properties, expected: dict[str, str]) -> None:
    assert changes(old, new) == expected
    assert changes(old, old) == {}


def test_what_the_server_added_is_no_change_and_what_it_changed_is_one() -> None:
    old = thing("Service", spec={"ports": [{"port": 80}]})
    added: Properties = {"clusterIP": "10.0.0.1", "ports": [{"port": 80, "protocol": "TCP"}, {"port": 81}]}
    assert changes(old, old, spec=added) == {}
    assert changes(old, old, spec={"ports": [{"port": 8080}]}) == {"spec.ports[0].port": "update"}


def test_a_list_that_the_server_keeps_as_null_is_one_that_differs() -> None:
    """Seen with the official plugin, which updates such an object each time."""
    old = thing("Role", "rbac.authorization.k8s.io/v1", rules=[])
    assert changes(old, old, rules=None) == {"rules": "update"}
    assert changes(old, thing("Role", "rbac.authorization.k8s.io/v1"), rules=None) == {"rules": "delete"}


def test_ignored_changes() -> None:
    old, new = thing("ConfigMap", data={"a": "1"}), thing("ConfigMap", data={"a": "2"})
    assert changes(old, new, "data") == {} and changes(old, new, "data.a") == {}
    assert changes(old, new, "data.b") != {}
    assert changes(pod(image="a"), pod(image="b"), "spec.containers[*].image") == {}


def test_a_replacement_goes_first_only_where_the_names_would_clash() -> None:
    old, new = thing("ConfigMap", data={"a": "1"}), thing("ConfigMap", data={"a": "2"})
    assert compare(cluster(), diff_request(outputs(old, old, "m"), new)).delete_before_replace
    renamed = {**new, "metadata": {"name": "other", "namespace": "s"}}
    diff = compare(cluster(), diff_request(outputs(old, old, "m"), renamed))
    assert diff.replaces and not diff.delete_before_replace
    automatic: Properties = {"name": "n", "namespace": "s", "annotations": {"pulumi.com/autonamed": "true"}}
    old, new = {**old, "metadata": automatic}, {**new, "metadata": automatic}
    diff = compare(cluster(), diff_request(outputs(old, old, "m"), new))
    assert diff.replaces and not diff.delete_before_replace


@pytest.mark.parametrize(("kind", "setting"), [("ConfigMap", "mutable_config_maps"), ("Secret", "mutable_secrets")])
def test_mutable_data(kind: str, setting: str) -> None:
    old, new = thing(kind, data={"a": "eA=="}), thing(kind, data={"a": "eQ=="})
    mutable = cluster(**{setting: True})
    diff = compare(mutable, diff_request(outputs(old, old, "m"), new))
    assert diff.detailed == {"data.a": DiffKind.UPDATE}
    fixed = {**new, "immutable": True}
    assert "data.a" in compare(mutable, diff_request(outputs(old, old, "m"), fixed)).replaces


@pytest.mark.parametrize("path", ["spec.a[0].b", 'metadata.labels["app.kubernetes.io/name"]', "data"])
def test_paths_are_read_as_they_are_written(path: str) -> None:
    assert written_path(parse_path(path)) == path
    assert covers(parse_path(path), parse_path(f"{path}.below")) and not covers(
        parse_path(f"{path}.b"), parse_path(path)
    )
