"""What cannot be: wrong objects, missing kinds, a cluster that does not answer, a wish that is not covered; and what
follows an interrupt."""

import os
import signal
import subprocess
import time

import pytest

from tests.engine.plugins_kubernetes.cluster import LiveCluster
from tests.engine.plugins_kubernetes.stack import Stack

pytestmark = pytest.mark.engine

OWN = os.environ.get("PROVIDERS", "") == ""


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            'deployment("d", replicas="two")',
            "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas",
        ),
        ('k8s.core.v1.ConfigMap("c", metadata={"name": "Bad_Name"}, opts=OPTS)', 'Invalid value: "Bad_Name"'),
        ('k8s.core.v1.Service("s", spec={"ports": []}, opts=OPTS)', "spec.ports: Required value"),
    ],
)
def test_a_wrong_object_is_found_by_the_preview(stack: Stack, program: str, words: str) -> None:
    stack.write(program)
    shown = stack.run("preview", succeeds=False)
    assert words in shown and "was not successfully created by the Kubernetes API server" in shown


def test_a_wrong_change_is_found_by_the_preview(stack: Stack) -> None:
    stack.write("""
        k8s.core.v1.PersistentVolumeClaim("pvc", metadata={"annotations": {"pulumi.com/skipAwait": "true"}}, spec={
            "accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1Mi"}},
            "volumeMode": "Filesystem" if V == 1 else "Block"}, opts=OPTS)
    """)
    stack.up()
    stack.version = 2
    assert "spec is immutable after creation" in stack.run("preview", succeeds=False)


def test_a_namespace_of_the_same_program_is_no_obstacle_for_the_preview(stack: Stack, cluster: LiveCluster) -> None:
    stack.write("""
        space = k8s.core.v1.Namespace("space", metadata={"name": f"{NAMESPACE}-2"}, opts=OPTS)
        k8s.core.v1.ConfigMap("c", metadata={"namespace": f"{NAMESPACE}-2"},
                              opts=ResourceOptions(provider=provider, depends_on=[space]))
        k8s.core.v1.ConfigMap("d", metadata={"namespace": space.metadata.name}, opts=OPTS)
    """)
    assert set(stack.steps()) == {"create space", "create c", "create d"}
    stack.up()
    assert stack.changes() == {}
    stack.destroy()
    assert cluster.read(f"/api/v1/namespaces/{cluster.namespace}-2") is None


def test_a_definition_and_its_resources_in_one_program(stack: Stack, cluster: LiveCluster) -> None:
    """Also fields that no type knows, which go to the server as they are, and an update of the definition."""
    stack.write("""
        definition = custom("definition", "things")
        k8s.apiextensions.CustomResource(
            "thing", api_version=f"{NAMESPACE}.portus.test/v1", kind="Things", spec={"size": V, "any": {"deep": [1]}},
            opts=ResourceOptions(provider=provider, depends_on=[definition]))
    """)
    assert set(stack.steps()) == {"create definition", "create thing"}
    stack.up()
    group = f"/apis/{cluster.namespace}.portus.test/v1"
    assert cluster.found(group, "things", stack.name("thing"))["spec"] == {"size": 1, "any": {"deep": [1]}}
    assert stack.changes() == {}
    assert stack.changes(2) == {"update thing": {"spec.size": "update"}}
    stack.up(2)
    assert cluster.found(group, "things", stack.name("thing"))["spec"]["size"] == 2
    stack.refresh()
    assert stack.changes(2) == {}
    stack.destroy()
    assert cluster.get(group, "things") is None


def test_an_unreachable_cluster(stack: Stack) -> None:
    stack.write("""
        away = k8s.Provider("away", kubeconfig='''{"apiVersion": "v1", "kind": "Config", "current-context": "x",
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}], "users": [{"name": "x", "user": {}}],
            "clusters": [{"name": "x", "cluster": {"server": "http://127.0.0.1:1"}}]}''')
        k8s.core.v1.ConfigMap("c", metadata={"name": "c"}, opts=ResourceOptions(provider=away))
    """)
    assert set(stack.steps()) == {"create c"}
    shown = stack.up(succeeds=False)
    assert (
        "configured Kubernetes cluster is unreachable: unable to load schema information from the API server" in shown
    )


@pytest.mark.skipif(not OWN, reason="the official plugin can do these")
@pytest.mark.parametrize(
    ("program", "words"),
    [
        ('k8s.core.v1.ConfigMapPatch("p", metadata={"name": "x"}, opts=OPTS)', "'kubernetes:core/v1:ConfigMapPatch'"),
        ('k8s.helm.v3.Release("r", chart="x", opts=OPTS)', "'kubernetes:helm.sh/v3:Release' is not covered"),
        ('k8s.Provider("p", enable_server_side_apply=False)', "client-side apply is not covered"),
        ('k8s.Provider("p", render_yaml_to_directory="x")', "`kubernetes:renderYamlToDirectory`"),
    ],
)
def test_what_is_not_covered_is_refused_by_name(stack: Stack, program: str, words: str) -> None:
    stack.write(program)
    assert words in stack.run("preview", succeeds=False)


def test_an_interrupted_wait_ends_promptly_and_the_next_up_goes_on(stack: Stack, cluster: LiveCluster) -> None:
    stack.write("""deployment("d", replicas=1 if V == 1 else 0)""")
    environment = {**stack.environment, "PROGRAM_VERSION": "1"}
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"]
    with subprocess.Popen(
        command,
        cwd=stack.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        cluster.wait(lambda: cluster.names("/apis/apps/v1", "replicasets"), "the Deployment's ReplicaSet")
        os.kill(process.pid, signal.SIGINT)
        began = time.monotonic()
        process.communicate(timeout=120)
        assert time.monotonic() - began < 60, "the standard limit is ten minutes"
    assert any("Resource operation was cancelled for" in reason for reason in stack.resource("d")["initErrors"])
    assert set(stack.steps(2)) == {"update d"}
    stack.up(2)
    assert stack.changes(2) == {}
    assert len(cluster.names("/apis/apps/v1", "deployments")) == 1
