"""Objects on a real API server: names, states, diffs, replacements, owners of fields. Numbers in the tests' texts are
those of the providers' facts, "What a program can tell".
"""

import json
import re

import pytest

from tests.engine.plugins_kubernetes.cluster import LiveCluster
from tests.engine.plugins_kubernetes.stack import Stack

pytestmark = pytest.mark.engine

CORE = "/api/v1"
APPS = "/apis/apps/v1"


def test_names_ids_and_namespaces(stack: Stack, cluster: LiveCluster) -> None:
    """1, 2, 3."""
    stack.write("""
        k8s.core.v1.ConfigMap("cfg", data={"a": "1"}, opts=OPTS)
        rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
        role = k8s.rbac.v1.ClusterRole("role", rules=[rule], opts=OPTS)
    """)
    assert set(stack.steps()) == {"create cfg", "create role"}
    stack.up()
    name = stack.name("cfg")
    assert re.fullmatch(r"cfg-[0-9a-f]{8}", name)
    resource = stack.resource("cfg")
    assert resource["id"] == f"{cluster.namespace}/{name}"
    assert resource["inputs"]["metadata"] == {
        "name": name,
        "namespace": cluster.namespace,
        "annotations": {"pulumi.com/autonamed": "true"},
    }
    live = cluster.found(CORE, "configmaps", name)
    assert live["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert resource["outputs"]["metadata"]["uid"] == live["metadata"]["uid"]
    assert resource["outputs"]["metadata"]["managedFields"][0]["manager"] == "pulumi-kubernetes"
    assert stack.resource("role")["id"] == stack.name("role")
    assert stack.changes() == {}
    stack.refresh()
    assert stack.changes() == {}
    assert stack.name("cfg") == name


def test_a_config_map_is_replaced_beside_or_in_place_of_the_old(stack: Stack, cluster: LiveCluster) -> None:
    """4, 5."""
    stack.write("""
        auto = k8s.core.v1.ConfigMap("auto", data={"a": str(V)}, opts=OPTS)
        k8s.core.v1.ConfigMap("fixed", metadata={"name": "fixed"}, data={"a": str(V)}, opts=OPTS)
        volume = {"name": "v", "configMap": {"name": auto.metadata.name}}
        deployment("user", template={**POD, "spec": {**POD["spec"], "volumes": [volume]}})
    """)
    stack.up()
    old, uid = stack.name("auto"), stack.resource("fixed")["outputs"]["metadata"]["uid"]
    steps = stack.steps(2)
    assert steps["replace auto"]["detailedDiff"] == {"data.a": {"kind": "update-replace", "inputDiff": False}}
    assert {"replace fixed", "update user"} <= set(steps)
    stack.up(2)
    assert stack.name("auto") != old
    assert cluster.get(CORE, "configmaps", old) is None
    live = cluster.found(APPS, "deployments", stack.name("user"))
    assert live["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"] == stack.name("auto")
    assert stack.resource("fixed")["outputs"]["metadata"]["uid"] != uid
    assert stack.changes(2) == {}


def test_mutable_config_maps_and_secrets_keep_their_object_and_lose_what_is_not_said_any_more(
    stack: Stack, cluster: LiveCluster
) -> None:
    """6, 21."""
    stack.write("""
        mutable = ResourceOptions(provider=k8s.Provider(
            "mutable", namespace=NAMESPACE, enable_config_map_mutable=True, enable_secret_mutable=True))
        data = {"kept": str(V), "gone": "1"} if V == 1 else {"kept": str(V)}
        k8s.core.v1.ConfigMap("c", metadata={"labels": data}, data=data, opts=mutable)
        k8s.core.v1.Secret("s", string_data=data, opts=mutable)
    """)
    stack.up()
    uids = {name: stack.resource(name)["outputs"]["metadata"]["uid"] for name in ("c", "s")}
    name = stack.name("c")
    cluster.patch(CORE, f"configmaps/{name}", {"metadata": {"labels": {"strange": "1"}}})
    cluster.kubectl("label", "configmap", name, "hand=1")
    assert set(stack.steps(2)) == {"update c", "update s"}
    stack.up(2)
    assert {name: stack.resource(name)["outputs"]["metadata"]["uid"] for name in ("c", "s")} == uids
    live = cluster.found(CORE, "configmaps", name)
    assert live["data"] == {"kept": "2"}
    assert live["metadata"]["labels"] == {"kept": "2", "strange": "1"}
    assert cluster.found(CORE, "secrets", stack.name("s"))["data"] == {"kept": "Mg=="}


def test_secrets_stay_secret(stack: Stack, cluster: LiveCluster) -> None:
    """7."""
    stack.write("""
        k8s.core.v1.Secret("s", string_data={"p": "hunter2"}, opts=OPTS)
        environment = [{"name": "P", "value": pulumi.Output.secret("hunter3")}]
        container = {**POD["spec"]["containers"][0], "env": environment}
        deployment("d", template={**POD, "spec": {"containers": [container]}})
    """)
    encoded = "aHVudGVyMg=="
    for shown in (stack.run("preview", "--diff"), stack.up(), stack.run("stack", "export")):
        assert "hunter" not in shown and encoded not in shown
    secret = stack.resource("s")
    assert json.loads(secret["outputs"]["data"]["plaintext"]) == {"p": encoded}
    assert "stringData" not in secret["outputs"] and "stringData" not in secret["inputs"]
    assert secret["outputs"]["type"] == "Opaque"
    stack.refresh()
    assert "hunter" not in stack.run("stack", "export") and encoded not in stack.run("stack", "export")
    assert stack.changes() == {}
    assert cluster.found(CORE, "secrets", stack.name("s"))["data"] == {"p": encoded}


def test_what_the_servers_types_change_is_no_change(stack: Stack, cluster: LiveCluster) -> None:
    """8, 9."""
    stack.write("""
        limits = {"cpu": "1000m", "memory": "1024Mi"}
        container = {"name": "c", "image": "x", "env": [{"name": "E", "value": ""}],
                     "resources": {"limits": limits, "requests": {"cpu": 0.5}}, "misspelt": True}
        spec = {"hostNetwork": False, "initContainers": [], "containers": [container], "securityContext": {}}
        deployment("d", paused=False, minReadySeconds=0,
                   template={"metadata": {"labels": {"app": "x"}, "annotations": {}}, "spec": spec})
    """)
    stack.up()
    assert stack.changes() == {}
    stack.refresh()
    assert stack.changes() == {}
    given = stack.resource("d")["inputs"]["spec"]["template"]["spec"]
    assert given == {
        "containers": [
            {
                "name": "c",
                "image": "x",
                "env": [{"name": "E"}],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}},
            }
        ],
        "securityContext": {},
    }


def test_what_replaces_and_what_updates(stack: Stack) -> None:
    """10, 12."""
    stack.write("""
        labels = {"app": "x", "v": str(V)}
        deployment("label", selector={"matchLabels": labels}, template={**POD, "metadata": {"labels": labels}})
        deployment("size", replicas=0, revisionHistoryLimit=V)
        k8s.core.v1.Service("type", spec={"type": "ClusterIP" if V == 1 else "NodePort", "ports": [{"port": 80}]},
                            opts=OPTS)
        k8s.core.v1.Service("address", spec={"ports": [{"port": 80}], **({} if V == 1 else {"clusterIP": "None"})},
                            opts=OPTS)
        k8s.policy.v1.PodDisruptionBudget("budget", spec={"minAvailable": V, "selector": {"matchLabels": {"a": "b"}}},
                                          opts=OPTS)
    """)
    stack.up()
    assert stack.changes(2) == {
        "replace label": {
            "spec.selector.matchLabels.v": "update-replace",
            "spec.template.metadata.labels.v": "update",
        },
        "update size": {"spec.revisionHistoryLimit": "update"},
        "update type": {"spec.type": "update"},
        "replace address": {"spec.clusterIP": "add-replace"},
        "update budget": {"spec.minAvailable": "update"},
    }
    before = stack.resource("type")["outputs"]["metadata"]["uid"]
    stack.up(2)
    assert stack.resource("type")["outputs"]["metadata"]["uid"] == before
    assert stack.changes(2) == {}


def test_who_manages_the_fields(stack: Stack, cluster: LiveCluster) -> None:
    """20, 22: also a conflict, its way out by force, and by ignoring."""
    stack.write("""
        ignore = ["spec.replicas"] if V == 3 else []
        force = {"pulumi.com/patchForce": "true"} if V == 4 else {}
        deployment("d", replicas=0, revisionHistoryLimit=V, annotations={**force, "pulumi.com/skipAwait": "true"},
                   opts=ResourceOptions(provider=provider, ignore_changes=ignore))
    """)
    stack.up()
    stack.up(2)
    name = stack.name("d")
    manager = stack.resource("d")["outputs"]["__fieldManager"]
    assert re.fullmatch(r"pulumi-kubernetes-[0-9a-f]{8}", manager)
    live = cluster.found(APPS, "deployments", name)
    ours = {entry["manager"]: entry["operation"] for entry in live["metadata"]["managedFields"]}
    assert ours[manager] == "Apply" and "pulumi-kubernetes" not in ours

    cluster.kubectl("scale", "deployment", name, "--replicas=3")
    stack.up(3)
    assert cluster.found(APPS, "deployments", name)["spec"]["replicas"] == 3
    refused = stack.up(5, succeeds=False)
    assert "server-side apply field conflict detected" in refused
    assert f'The resource managed by field manager "{manager}" had an apply conflict' in refused
    assert 'conflict with "kubectl"' in refused and ".spec.replicas" in refused
    stack.up(4)
    assert cluster.found(APPS, "deployments", name)["spec"]["replicas"] == 0


def test_an_object_that_exists_is_left_alone_or_taken_over(stack: Stack, cluster: LiveCluster) -> None:
    """23."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "taken"}, "data": {"foreign": "1"}}
    cluster.create(f"{CORE}/namespaces/{cluster.namespace}/configmaps", body)
    stack.write("""
        upsert = k8s.Provider("upsert", namespace=NAMESPACE, upsert_existing_objects=True)
        k8s.core.v1.ConfigMap("c", metadata={"name": "taken"}, data={"ours": "1"},
                              opts=OPTS if V == 1 else ResourceOptions(provider=upsert))
    """)
    assert set(stack.steps()) == {"create c"}
    refused = stack.up(succeeds=False)
    assert 'configmaps "taken" already exists' in refused and "pulumi import" in refused
    assert cluster.found(CORE, "configmaps", "taken")["data"] == {"foreign": "1"}
    stack.up(2)
    assert cluster.found(CORE, "configmaps", "taken")["data"] == {"foreign": "1", "ours": "1"}


def test_an_object_that_vanished(stack: Stack, cluster: LiveCluster) -> None:
    """24."""
    stack.write("""deployment("d", revisionHistoryLimit=V)""")
    stack.up()
    cluster.delete(APPS, f"deployments/{stack.name('d')}")
    assert stack.changes() == {}
    refused = stack.up(2, succeeds=False)
    assert "not found" in refused
    stack.version = 1
    stack.refresh()
    assert stack.resources() == {} or "d" not in stack.resources()
    assert set(stack.steps()) == {"create d"}
    stack.up()
    assert cluster.get(APPS, "deployments", stack.name("d")) is not None


def test_drift_is_shown_after_a_refresh_and_put_right(stack: Stack, cluster: LiveCluster) -> None:
    stack.write("""deployment("d", revisionHistoryLimit=1)""")
    stack.up()
    name = stack.name("d")
    cluster.kubectl("patch", "deployment", name, "-p", '{"spec": {"revisionHistoryLimit": 7, "paused": true}}')
    assert stack.changes() == {}
    stack.refresh()
    assert stack.changes() == {"update d": {"spec.revisionHistoryLimit": "update"}}
    stack.up()
    assert cluster.found(APPS, "deployments", name)["spec"]["revisionHistoryLimit"] == 1


def test_a_deletion_waits_and_says_what_holds_it(stack: Stack, cluster: LiveCluster) -> None:
    """25."""
    stack.write("""
        k8s.core.v1.ConfigMap("held", metadata={"name": "held", "annotations": {"pulumi.com/timeoutSeconds": "3"}},
                              opts=OPTS)
        k8s.core.v1.ConfigMap("free", metadata={"name": "free"}, opts=OPTS)
        k8s.core.v1.ConfigMap("kept", metadata={"name": "kept"},
                              opts=ResourceOptions(provider=provider, retain_on_delete=True))
    """)
    stack.up()
    cluster.patch(CORE, "configmaps/held", {"metadata": {"finalizers": ["portus.test/held"]}})
    refused = stack.destroy(succeeds=False)
    assert "finalizers might be preventing deletion (portus.test/held)" in refused
    assert "timed out waiting for the condition" in refused
    assert "held" in stack.resources() and "free" not in stack.resources()
    cluster.patch(CORE, "configmaps/held", {"metadata": {"finalizers": []}})
    stack.destroy()
    assert not {"held", "free"} & cluster.names(CORE, "configmaps") and "kept" in cluster.names(CORE, "configmaps")


def test_an_object_is_imported_and_then_unchanged(stack: Stack, cluster: LiveCluster) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "there", "labels": {"l": "1"}}}
    cluster.create(f"{CORE}/namespaces/{cluster.namespace}/configmaps", {**body, "data": {"a": "1"}})
    stack.write("""
        k8s.core.v1.ConfigMap("c", metadata={"name": "there", "labels": {"l": "1"}}, data={"a": "1"},
                              opts=ResourceOptions(provider=provider, import_=f"{NAMESPACE}/there"))
    """)
    assert "1 imported" in stack.up()
    assert stack.resource("c")["inputs"]["data"] == {"a": "1"}
    assert stack.changes() == {}


def test_an_object_is_read(stack: Stack, cluster: LiveCluster) -> None:
    stack.write("""
        found = k8s.core.v1.ServiceAccount.get("sa", f"{NAMESPACE}/default", opts=OPTS)
        pulumi.export("uid", found.metadata.uid)
    """)
    stack.up()
    live = cluster.found(CORE, "serviceaccounts", "default")
    assert json.loads(stack.run("stack", "output", "--json"))["uid"] == live["metadata"]["uid"]
    stack.write("""k8s.core.v1.ServiceAccount.get("sa", f"{NAMESPACE}/missing", opts=OPTS)""")
    assert "does not exist" in stack.run("preview", succeeds=False)
