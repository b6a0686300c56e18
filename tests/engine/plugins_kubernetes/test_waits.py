"""What `up` waits for, and how it says what it waited for in vain. Numbers as in test_objects.py."""

import re
import threading
import time

import pytest

from tests.engine.plugins_kubernetes.cluster import LiveCluster
from tests.engine.plugins_kubernetes.stack import Stack

pytestmark = pytest.mark.engine

CORE = "/api/v1"
BATCH = "/apis/batch/v1"


def test_a_deployment_without_pods_fails_within_its_limit_and_goes_on_later(stack: Stack, cluster: LiveCluster) -> None:
    """13, 14: without a node the pod is never scheduled, with one its image is never there."""
    stack.write("""
        deployment("d", replicas=1 if V == 1 else 0, annotations={"pulumi.com/timeoutSeconds": "5"})
    """)
    began = time.monotonic()
    shown = stack.up(succeeds=False)
    assert 5 <= time.monotonic() - began < 120, "the standard limit is ten minutes"
    assert (
        "was successfully created, but the Kubernetes API server reported that it failed to fully initialize" in shown
    )
    assert "timed out waiting to be Ready" in shown and "Minimum number of live Pods was not attained" in shown
    name = stack.name("d")
    assert len(stack.resource("d")["initErrors"]) >= 2
    assert set(stack.steps()) == {"update d"}
    assert 'the Kubernetes API server reported that "' in stack.up(succeeds=False)
    stack.refresh()
    assert stack.resource("d")["initErrors"]
    stack.up(2)
    assert stack.name("d") == name
    assert "initErrors" not in stack.resource("d")
    assert stack.changes(2) == {}


def test_a_wait_can_be_skipped(stack: Stack) -> None:
    """18."""
    stack.write("""deployment("d", replicas=1, annotations={"pulumi.com/skipAwait": "true"})""")
    stack.up()
    assert stack.changes() == {}


def test_a_job_that_fails_for_good_fails_at_once_and_is_replaced_when_asked(stack: Stack, cluster: LiveCluster) -> None:
    """15: the limit is the Job's own, so it ends without containers too."""
    stack.write("""
        pod = {"restartPolicy": "Never", "containers": POD["spec"]["containers"]}
        k8s.batch.v1.Job("job", metadata={"annotations": {"pulumi.com/replaceUnready": "true"}}, opts=OPTS,
                         spec={"backoffLimit": 0, "activeDeadlineSeconds": 2, "template": {"spec": pod}})
    """)
    began = time.monotonic()
    shown = stack.up(succeeds=False)
    assert time.monotonic() - began < 120, "the standard limit is ten minutes"
    assert "[DeadlineExceeded] Job was active longer than specified deadline" in shown
    name = stack.name("job")
    conditions = stack.resource("job")["outputs"]["status"]["conditions"]
    assert {"Failed", "FailureTarget"} & {condition["type"] for condition in conditions}
    step = stack.steps()["replace job"]
    assert step["replaceReasons"] == ['metadata.annotations["pulumi.com/replaceUnready"]']
    stack.up(succeeds=False)
    names = cluster.names(BATCH, "jobs")
    assert len(names) == 2 and name in names, "the new one failed like the old one, which goes with the next success"


def test_services_wait_for_their_endpoints_or_not(stack: Stack) -> None:
    """16."""
    stack.write("""
        ports = [{"port": 80}]
        k8s.core.v1.Service("headless", spec={"clusterIP": "None", "selector": {"a": "b"}, "ports": ports}, opts=OPTS)
        k8s.core.v1.Service("bare", spec={"ports": ports}, opts=OPTS)
        k8s.core.v1.Service("external", spec={"type": "ExternalName", "externalName": "portus.test"}, opts=OPTS)
        k8s.core.v1.Service("full", spec={"selector": {"a": "b"}, "ports": ports}, opts=OPTS)
    """)
    shown = stack.up()
    assert "[1/3] Finding Pods to direct traffic to" in shown
    seconds = {name: int(number) for name, number in re.findall(r"Service (\w+) created \((\d+)", shown)}
    assert seconds.pop("full") >= 10
    assert set(seconds) == {"headless", "bare", "external"} and max(seconds.values()) < 8
    assert stack.resource("full")["outputs"]["spec"]["clusterIP"].count(".") == 3
    assert stack.changes() == {}


def test_a_balancer_without_an_address_and_an_ingress_without_a_controller_fail(stack: Stack) -> None:
    stack.write("""
        limit = {"annotations": {"pulumi.com/timeoutSeconds": "3"}}
        spec = {"type": "LoadBalancer", "loadBalancerClass": "portus.test/none", "ports": [{"port": 80}]}
        k8s.core.v1.Service("s", metadata=limit, spec=spec, opts=OPTS)
        backend = {"service": {"name": "nowhere", "port": {"number": 80}}}
        path = {"path": "/p", "pathType": "Prefix", "backend": backend}
        k8s.networking.v1.Ingress("i", metadata=limit, opts=OPTS, spec={
            "ingressClassName": "none", "rules": [{"host": "portus.test", "http": {"paths": [path]}}]})
    """)
    shown = stack.up(succeeds=False)
    assert "Service was not allocated an IP address; does your cloud provider support this?" in shown
    assert "Ingress .status.loadBalancer field was not updated with a hostname/IP address." in shown
    assert "Ingress has at least one rule with an unavailable target endpoint." in shown


def test_a_claim_that_waits_for_its_pod_is_made(stack: Stack) -> None:
    """17."""
    stack.write("""
        late = k8s.storage.v1.StorageClass("late", provisioner="portus.test/none", opts=OPTS,
                                           volume_binding_mode="WaitForFirstConsumer")
        k8s.core.v1.PersistentVolumeClaim("pvc", opts=OPTS, spec={
            "accessModes": ["ReadWriteOnce"], "storageClassName": late.metadata.name,
            "resources": {"requests": {"storage": "1024Ki" if V == 1 else "1Mi"}}})
    """)
    stack.up()
    assert stack.resource("pvc")["outputs"]["status"]["phase"] == "Pending"
    assert stack.changes(2) == {}
    stack.refresh()
    assert stack.changes(2) == {}


def test_the_program_says_what_is_ready(stack: Stack, cluster: LiveCluster) -> None:
    """19."""
    stack.write("""
        definition = custom("definition", "things")
        annotations = {"pulumi.com/waitFor": '["condition=Ready", "jsonpath={.status.step}=2"]',
                       "pulumi.com/timeoutSeconds": "30" if V == 1 else "2"}
        k8s.apiextensions.CustomResource(
            f"thing{V}", api_version=f"{NAMESPACE}.portus.test/v1", kind="Things", spec={},
            metadata={"name": f"thing{V}", "annotations": annotations},
            opts=ResourceOptions(provider=provider, depends_on=[definition]))
    """)
    group = f"/apis/{cluster.namespace}.portus.test/v1"

    def make_ready() -> None:
        cluster.wait(lambda: cluster.get(group, "things", "thing1"), "the resource")
        ready = {"conditions": [{"type": "Ready", "status": "True"}], "step": 2}
        cluster.patch(group, "things/thing1/status", {"status": ready})

    hand = threading.Thread(target=make_ready)
    hand.start()
    stack.up()
    hand.join()
    assert stack.resource("thing1")["outputs"]["status"]["step"] == 2
    assert "timed out waiting for the condition" in stack.up(2, succeeds=False)


def test_a_token_for_an_unknown_account_is_a_failure(stack: Stack) -> None:
    stack.write("""
        k8s.core.v1.Secret("tok", type="kubernetes.io/service-account-token", opts=OPTS, metadata={
            "name": "tok", "annotations": {"kubernetes.io/service-account.name": "nobody" if V == 1 else "default"}})
    """)
    shown = stack.up(succeeds=False)
    # The cluster removes such a secret in its own time, which may be more than is waited for its token.
    assert 'secrets "tok" not found' in shown or "Timeout occurred polling for 'tok'" in shown, shown
    stack.refresh()
    stack.up(2)
    assert stack.resource("tok")["outputs"]["data"]
