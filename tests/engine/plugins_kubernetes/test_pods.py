"""What runs on a node: rollouts, Jobs, and the pods' own words in the failure. Numbers as in test_objects.py."""

import json
import re
import time

import pytest

from tests.engine.plugins_kubernetes.cluster import LiveCluster
from tests.engine.plugins_kubernetes.stack import Stack

pytestmark = pytest.mark.engine

APPS = "/apis/apps/v1"
BATCH = "/apis/batch/v1"
CORE = "/api/v1"


@pytest.fixture(autouse=True)
def image(cluster: LiveCluster, stack: Stack) -> str:
    """The lab's Python image on the node, which has a shell; programs find it as `IMAGE`."""
    nodes = cluster.read(f"{CORE}/nodes")
    names: list[str] = [
        name
        for node in (nodes or {})["items"]
        for found in node["status"].get("images", [])
        for name in found.get("names", [])
        if re.match(r"(?:docker\.io/)?portus-stack\.lab/python:", name)
    ]
    if not names:
        pytest.skip("the cluster has no node, or its node not the image portus-stack.lab/python")
    stack.environment = {**stack.environment, "TEST_IMAGE": sorted(names)[0].removeprefix("docker.io/")}
    return names[0]


PODS = """
IMAGE = os.environ["TEST_IMAGE"]


def pod(command, image=IMAGE, labels=None, **spec):
    container = {"name": "c", "image": image, "imagePullPolicy": "Never", "command": ["sh", "-c", command], **spec}
    return {"metadata": {"labels": labels or {"app": "x"}},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 0}}
"""
SLEEP = '"exec sleep 600"'


def test_a_rollout_is_waited_for(stack: Stack, cluster: LiveCluster) -> None:
    """13: a change of the pods is done when the new ones are there."""
    stack.write(
        PODS
        + f"""
probe = {{"exec": {{"command": ["test", "-e", "/tmp/ready"]}}, "periodSeconds": 1}}
command = f"sleep 3; touch /tmp/ready; exec sleep 60{{V}}"
deployment("d", replicas=1, template=pod(command, readinessProbe=probe))
k8s.core.v1.Service("s", opts=OPTS, spec={{"clusterIP": "None", "selector": {{"app": "x"}}, "ports": [{{"port": 80}}]}})
k8s.apps.v1.StatefulSet("set", opts=OPTS, spec={{
    "replicas": 1, "serviceName": "s", "selector": {{"matchLabels": {{"app": "y"}}}},
    "template": pod(command, labels={{"app": "y"}}, readinessProbe=probe)}})
k8s.apps.v1.DaemonSet("daemon", opts=OPTS, spec={{
    "selector": {{"matchLabels": {{"app": "z"}}}}, "template": pod({SLEEP}, labels={{"app": "z"}})}})
"""
    )
    shown = stack.up()
    assert "Waiting for app ReplicaSet to be available (0/1 Pods available)" in shown
    assert "[1/2] Waiting for StatefulSet to create Pods (0/1 Pods ready)" in shown
    assert stack.resource("d")["outputs"]["status"]["readyReplicas"] == 1
    assert stack.resource("set")["outputs"]["status"]["readyReplicas"] == 1
    assert stack.resource("daemon")["outputs"]["status"]["numberReady"] >= 1
    assert stack.changes() == {}
    before = stack.resource("d")["outputs"]["metadata"]["uid"]
    shown = stack.up(2)
    assert "StatefulSet update to roll out" in shown
    resource = stack.resource("d")
    assert resource["outputs"]["metadata"]["uid"] == before
    assert resource["outputs"]["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    live = cluster.found(APPS, "statefulsets", stack.name("set"))["status"]
    assert live["currentRevision"] == live["updateRevision"] and live["readyReplicas"] == 1
    stack.refresh()
    assert stack.changes(2) == {}


def test_the_pods_own_words_are_in_the_failure_and_the_next_up_heals(stack: Stack) -> None:
    """13, 14."""
    stack.write(
        PODS
        + f"""
limit = {{"pulumi.com/timeoutSeconds": "15"}}
deployment("image", replicas=1, annotations=limit,
           template=pod({SLEEP}, image="nowhere.test/x:1") if V == 1 else pod({SLEEP}))
crash = pod("echo no; exit 3") if V == 1 else pod({SLEEP})
probe = {{"exec": {{"command": ["true"]}}, "initialDelaySeconds": 2}}
crash["metadata"]["labels"] = {{"app": "y"}}
crash["spec"]["containers"][0]["readinessProbe"] = probe
deployment("crash", replicas=1, annotations=limit, selector={{"matchLabels": {{"app": "y"}}}}, template=crash)
"""
    )
    shown = stack.up(succeeds=False)
    name = stack.name("image")
    assert re.search(rf"\[Pod \S*/{name}-\S+\]: containers with unready status: \[c\]", shown)
    assert "[ErrImageNeverPull]" in shown and 'Container image "nowhere.test/x:1" is not present' in shown
    assert re.search(r'container "c" terminated at \S+ \(Error: exit code 3\)', shown)
    stack.up(2)
    assert stack.name("image") == name
    assert stack.changes(2) == {}


def test_a_job_is_waited_for_and_its_end_is_told(stack: Stack) -> None:
    """15, 11."""
    stack.write(
        PODS
        + """
work = pod("sleep 2" if V == 1 else "exit 3")
work["spec"]["restartPolicy"] = "Never"
k8s.batch.v1.Job("job", spec={"backoffLimit": 0, "template": work}, opts=OPTS)
single = pod("sleep 1; exit 0")
k8s.core.v1.Pod("pod", spec={**single["spec"], "restartPolicy": "Never"}, opts=OPTS)
"""
    )
    shown = stack.up()
    assert "to succeed (Active: 1 | Succeeded: 0 | Failed: 0)" in shown
    assert stack.resource("job")["outputs"]["status"]["succeeded"] == 1
    assert "replace job" in stack.steps(2)
    began = time.monotonic()
    shown = stack.up(2, succeeds=False)
    assert time.monotonic() - began < 120, "the standard limit is ten minutes"
    assert "[BackoffLimitExceeded] Job has reached the specified backoff limit" in shown


def test_a_change_of_a_pod_replaces_it(stack: Stack) -> None:
    """11."""
    stack.write(
        PODS
        + """
k8s.core.v1.Pod("pod", metadata={"name": "pod"}, spec=pod(f"exec sleep 60{V}")["spec"], opts=OPTS)
"""
    )
    stack.up()
    before = stack.resource("pod")["outputs"]["metadata"]["uid"]
    assert stack.steps(2)["replace pod"]["replaceReasons"] == ["spec.containers[0].command[2]"]
    stack.up(2)
    assert stack.resource("pod")["outputs"]["metadata"]["uid"] != before
    assert json.dumps(stack.resource("pod")["outputs"]["spec"]).count("sleep 602") == 1


def test_a_pod_without_a_node_is_told(stack: Stack) -> None:
    stack.write(
        PODS
        + f"""
lost = pod({SLEEP})
lost["spec"]["nodeSelector"] = {{"portus.test/nowhere": "1"}}
deployment("d", replicas=1, annotations={{"pulumi.com/timeoutSeconds": "5"}}, template=lost)
"""
    )
    assert "Minimum number of live Pods was not attained" in stack.up(succeeds=False)
