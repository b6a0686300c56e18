"""The lab's Kubernetes is a real one: DNS, volumes, Pod Security, policies, load balancers, nodes that go and come."""

from __future__ import annotations

import subprocess
import urllib.request

import pytest

from lab.cluster import cluster as clusters
from lab.cluster.api import ApiError, Object
from lab.cluster.fields import parts, text
from tests.engine.cluster.tenant import Tenant, eventually, pod

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

REFUSED = "No route to host"
#: Sends one word, waits for a file, and sends another on the same connection.
_HOLD = """
import os, socket, sys, time
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as connection:
    connection.sendall(b"one")
    assert connection.recv(5) == b"one"
    open("/tmp/held", "w").close()
    while not os.path.exists("/tmp/go"):
        time.sleep(0.05)
    connection.sendall(b"two")
    print(connection.recv(5).decode())
"""


def test_services_are_found_by_name_from_every_node(tenant: Tenant) -> None:
    tenant.run_echo("echo", 7000, nodeName="node-2")
    ports = [{"port": 70, "targetPort": "echo"}]
    service: Object = {"apiVersion": "v1", "kind": "Service", "spec": {"selector": {"app": "echo"}, "ports": ports}}
    tenant.api.apply(tenant.path("services", "echo"), service)
    for node in ("node-1", "node-2"):
        tenant.run_pod(f"caller-{node}", nodeName=node)
        for name in ("echo", f"echo.{tenant.namespace}.svc.cluster.local"):
            eventually(
                lambda name=name, node=node: tenant.connect(f"caller-{node}", name, 70) == "hello",  # type: ignore[misc]
                f"{name} reached from {node}",
            )


def test_claim_is_bound_survives_its_pod_moves_grows_and_goes(tenant: Tenant) -> None:
    claim = tenant.path("persistentvolumeclaims", "data")
    spec: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    tenant.api.apply(claim, {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": spec})
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    container = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}

    def start(name: str, **more: object) -> None:
        content = pod(name, ["sleep", "infinity"], container, volumes=volumes, **more)
        tenant.api.apply(tenant.path("pods", name), content)
        tenant.await_ready(name)

    start("writer")
    tenant.execute("writer", "sh", "-c", "echo kept >/data/file")
    assert tenant.execute("writer", "stat", "-c", "%u:%g", "/data/file") == "1000:2000"
    other = "node-2" if tenant.node("writer") == "node-1" else "node-1"
    tenant.api.delete(tenant.path("pods", "writer"))
    start("reader", nodeName=other)
    assert tenant.execute("reader", "cat", "/data/file") == "kept"

    tenant.api.merge(claim, {"spec": {"resources": {"requests": {"storage": "2Gi"}}}})
    eventually(lambda: text(tenant.api.get(claim), "status", "capacity", "storage") == "2Gi", "grown")

    folder = tenant.instance.volumes / text(tenant.api.get(claim), "spec", "volumeName")
    assert (folder / "file").read_text() == "kept\n"
    tenant.api.delete(tenant.path("pods", "reader"))
    tenant.api.delete(claim)
    eventually(lambda: not folder.exists(), "removed with its claim")


def test_pod_security_is_enforced_by_the_api_server(tenant: Tenant) -> None:
    tenant.run_pod("harmless")
    privileged = pod("privileged", ["sleep", "1"], {"securityContext": {"privileged": True}})
    with pytest.raises(ApiError, match="violates PodSecurity") as refused:
        tenant.api.apply(tenant.path("pods", "privileged"), privileged)
    assert refused.value.status == 403


def test_policies_pass_what_they_name_and_nothing_else(tenant: Tenant) -> None:
    """On the same node and across nodes; the kubelet's probes go on, and so do connections that were open."""
    tenant.run_echo("database", 7000, nodeName="node-1")
    tenant.run_pod("near", nodeName="node-1")
    tenant.run_pod("far", nodeName="node-2")
    database = tenant.address("database")
    for caller in ("near", "far"):
        assert tenant.connect(caller, database, 7000) == "hello"
    holding = subprocess.Popen(
        tenant.command_in("near", "python3", "-c", _HOLD, database, "7000"), stdout=subprocess.PIPE, text=True
    )
    eventually(lambda: tenant.execute("near", "sh", "-c", "ls /tmp") == "held", "one connection open")

    tenant.policy("default-deny", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    for caller in ("near", "far"):
        eventually(lambda caller=caller: tenant.connect(caller, database, 7000) == REFUSED, "refused")  # type: ignore[misc]
    assert "name resolution" in tenant.connect("near", "kubernetes.default.svc.cluster.local", 443)
    tenant.execute("near", "touch", "/tmp/go")
    assert holding.communicate(timeout=30)[0] == "two\n"
    assert tenant.is_ready("database")

    peer = {"podSelector": {"matchLabels": {"app": "far"}}}
    tenant.policy(
        "to-database",
        {
            "podSelector": {"matchLabels": {"app": "database"}},
            "ingress": [{"from": [peer], "ports": [{"port": "echo"}]}],
        },
    )
    tenant.policy("out", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 7000}]}]})
    eventually(lambda: tenant.connect("far", database, 7000) == "hello", "far let in")
    assert tenant.connect("near", database, 7000) == REFUSED
    assert tenant.connect("far", database, 7001) == REFUSED


def test_policy_holds_from_a_pods_first_packet(tenant: Tenant) -> None:
    tenant.run_echo("echo", 7000, nodeName="node-1")
    tenant.policy("no-way-out", {"podSelector": {"matchLabels": {"app": "hasty"}}, "policyTypes": ["Egress"]})
    address = tenant.address("echo")
    script = (
        "import socket, time\n"
        "found = set()\n"
        "for _ in range(200):\n"
        "    try: socket.create_connection(('" + address + "', 7000), 0.2); found.add('connected')\n"
        "    except OSError as error: found.add(error.strerror or 'no answer')\n"
        "print(sorted(found), flush=True)\n"
        "time.sleep(1000)\n"
    )
    for number in range(3):
        tenant.run_pod("hasty", ["python3", "-c", script], nodeName=f"node-{1 + number % 2}")
        logs = tenant.instance.node(1 + number % 2).folder / "pods"
        written = f"{tenant.namespace}_hasty_*/main/*.log"
        eventually(lambda: any(REFUSED in log.read_text() for log in logs.glob(written)), "told")  # noqa: B023
        assert not any("connected" in log.read_text() for log in logs.glob(written))
        tenant.api.delete(tenant.path("pods", "hasty"))
        eventually(lambda: not tenant.exists(tenant.path("pods", "hasty")), "gone")


def test_load_balancer_is_reached_from_this_machine(tenant: Tenant) -> None:
    serve = ["python3", "-m", "http.server", "8080", "-d", "/etc"]
    tenant.run_pod("web", serve, nodeName="node-2")
    spec: Object = {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}
    path = tenant.path("services", "web")
    tenant.api.apply(path, {"apiVersion": "v1", "kind": "Service", "spec": spec})

    def address() -> str:
        ingress = parts(tenant.api.get(path), "status", "loadBalancer", "ingress")
        return text(ingress[0], "ip") if ingress else ""

    def answer() -> bool:
        try:
            with urllib.request.urlopen(f"http://{address()}/hostname", timeout=5) as found:
                return bool(found.read().strip() == b"web")
        except OSError:
            return False

    eventually(address, "given an address")
    eventually(answer, "answering")


def test_drained_node_gives_its_pods_to_the_other(tenant: Tenant) -> None:
    described = pod("web", ["sleep", "infinity"])
    template = {"metadata": described["metadata"], "spec": described["spec"]}
    spec: Object = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    deployment = tenant.path("deployments", "web", "/apis/apps/v1")
    tenant.api.apply(deployment, {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec})

    def pods() -> list[Object]:
        return parts(tenant.api.get(f"/api/v1/namespaces/{tenant.namespace}/pods"), "items")

    def running() -> str:
        found = [one for one in pods() if text(one, "status", "phase") == "Running"]
        return text(found[0], "spec", "nodeName") if len(found) == len(pods()) == 1 else ""

    eventually(running, "running")
    node = running()
    tenant.api.merge(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}})
    try:
        name = text(pods()[0], "metadata", "name")
        eviction: Object = {"apiVersion": "policy/v1", "kind": "Eviction"}
        metadata = {"name": name, "namespace": tenant.namespace}
        tenant.api.post(f"{tenant.path('pods', name)}/eviction", {**eviction, "metadata": metadata})
        eventually(lambda: running() not in ("", node), "on the other node")
    finally:
        tenant.api.merge(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": None}})


def test_pods_outlive_kubelet_and_containerd(tenant: Tenant) -> None:
    tenant.run_echo("echo", 7000, nodeName="node-2")
    tenant.run_pod("caller", nodeName="node-1")
    before = parts(tenant.api.get(tenant.path("pods", "echo")), "status", "containerStatuses")
    for process in ("kubelet", "containerd", "kube-proxy", "controllers"):
        clusters.restart(tenant.instance.name, "node-2", process)
    tenant.await_ready("echo")
    assert tenant.connect("caller", tenant.address("echo"), 7000) == "hello"
    after = parts(tenant.api.get(tenant.path("pods", "echo")), "status", "containerStatuses")
    assert [text(one, "containerID") for one in after] == [text(one, "containerID") for one in before]


def test_lost_node_is_noticed_and_comes_back(tenant: Tenant) -> None:
    tenant.run_echo("echo", 7000, nodeName="node-2")

    def ready() -> bool:
        conditions = parts(tenant.api.get("/api/v1/nodes/node-2"), "status", "conditions")
        return any(text(one, "type") == "Ready" and text(one, "status") == "True" for one in conditions)

    clusters.stop_node(tenant.instance.name, 2)
    eventually(lambda: not ready(), "noticed", 120)
    clusters.up(tenant.instance.name, 2)
    eventually(ready, "ready again")
    eventually(lambda: tenant.is_ready("echo"), "its pod runs again")
    tenant.run_pod("caller", nodeName="node-1")
    assert tenant.connect("caller", tenant.address("echo"), 7000) == "hello"
