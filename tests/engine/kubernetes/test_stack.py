"""A PortusStack on a real cluster: what users and administrators do, and what the cluster itself says."""

import json
import re
import uuid
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as kubernetes_client

from tests.engine.docker.client import DockerClient, Edge
from tests.engine.docker.deployment import Deployment
from tests.engine.kubernetes.cluster import ROLE_LABEL, Cluster, wait_for
from tests.engine.kubernetes.conftest import FIRST, LOGIN, cluster_config, project, reached
from tests.portus_image import portus_image

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]
PORTS = {"database": 3306, "registry": 5000, "portus": 3000, "edge": 31551}
LINKS = {
    ("portus", "database"),
    ("background", "database"),
    ("portus", "registry"),
    ("background", "registry"),
    ("portus", "edge"),
    ("background", "edge"),
    ("registry", "portus"),
    ("edge", "portus"),
    ("edge", "registry"),
}


def fresh(prefix: str) -> str:
    return f"{prefix}{uuid.uuid4().hex[:8]}"


def test_administrator_pushes_and_pulls_the_same_image(client: DockerClient, edge: Edge) -> None:
    repository = f"{edge.username}/{fresh('app')}"
    pushed = client.push_new_image(repository)
    assert client.pull_afresh(repository) == pushed


def test_forged_webhook_and_inner_paths_are_refused(edge: Edge) -> None:
    for path in ("/v2/webhooks/events", "/api/v1/users/bootstrap", "/api/v1/_ping"):
        assert edge.request("POST", edge.portus_host, path, body="{}").status in (403, 404), path


@pytest.mark.soak
def test_generation_1_beside_generation_2_in_one_namespace(
    tmp_path: Path, kubeconfig: Path, stack: Deployment, cluster: Cluster
) -> None:
    """The other one, with registry 3 and one host name, comes, is not reached from it, and goes: neither notices."""
    host = f"{FIRST}.test:31552"
    config = cluster_config(
        FIRST,
        31552,
        hostnames={"portus": host, "registry": host},
        portus={"image": portus_image(1)},
        registry={"image": "portus-stack.lab/registry:3.1", "storage": {"filesystem": {"size_gib": 1}}},
    )
    config["portus-stack:kubernetes"] |= {"namespace": cluster.namespace, "create_namespace": False}
    first = Cluster(kubeconfig, cluster.namespace, FIRST)
    with project(FIRST, tmp_path / "stack", config, kubeconfig) as deployment:
        deployment.up()
        with reached(deployment, first) as edge:
            docker = DockerClient(edge, tmp_path)
            assert docker.login(edge.username, edge.password)[0] == 0
            repository = f"{edge.username}/{fresh('app')}"
            pushed = docker.push_new_image(repository)
            assert docker.pull_afresh(repository) == pushed
        assert not list(_passages(first, cluster)) and not list(_passages(cluster, first))
        deployment.destroy()
    wait_for(lambda: not _objects_of(first), 120, lambda: f"destroy leaves {_objects_of(first)}")
    cluster.wait_until_ready()
    stack.up("--expect-no-changes")


def _passages(source: Cluster, destination: Cluster) -> Iterator[tuple[str, str]]:
    """Roles of one stack that reach roles of another."""
    pods = destination.pods()
    for role in source.pods():
        for other, pod in pods.items():
            ports = [each.container_port for each in pod.spec.containers[0].ports or []]
            if any(source.reaches(role, pod.status.pod_ip, port) for port in ports):
                yield role, other


def _objects_of(cluster: Cluster) -> list[str]:
    """What of a stack is in its namespace."""
    core, apps = cluster.core, cluster.apps
    policies = kubernetes_client.NetworkingV1Api(cluster.api)
    lists = (
        *(core.list_namespaced_pod, core.list_namespaced_service, core.list_namespaced_secret),
        *(core.list_namespaced_config_map, core.list_namespaced_service_account),
        *(core.list_namespaced_persistent_volume_claim, policies.list_namespaced_network_policy),
        *(apps.list_namespaced_deployment, apps.list_namespaced_stateful_set),
    )
    found = [each for listed in lists for each in listed(cluster.namespace, label_selector=cluster.selector).items]
    return [each.metadata.name for each in found]


def test_second_up_and_refresh_change_nothing(stack: Deployment) -> None:
    stack.up("--expect-no-changes")
    stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", stack.name)
    stack.up("--expect-no-changes")


def test_status_tells_how_each_role_is(stack: Deployment) -> None:
    shown = stack.operation("status")
    assert shown.code == 0, shown.output
    assert "All is well." in shown.output
    assert "Events stuck      0" in shown.output, "the database's pod was not asked"
    for role in ("database", "registry", "portus", "background", "edge"):
        assert re.search(rf"^{role} .* healthy ", shown.output, re.MULTILINE), shown.output
    for task in ("bootstrap", "smoke_check"):
        assert re.search(rf"^{task} .* done ", shown.output, re.MULTILINE), shown.output


def test_drift_is_shown_and_put_right(stack: Deployment, cluster: Cluster) -> None:
    name = f"{stack.name}-edge"
    change = {"metadata": {"labels": {ROLE_LABEL: "somebody"}}}
    cluster.apps.patch_namespaced_deployment(name, cluster.namespace, change, field_manager="kubectl-edit")
    shown = stack.run("refresh", "--yes", "--skip-preview", "--diff", "-s", stack.name)
    assert shown.code == 0 and "somebody" in shown.output
    stack.up()
    found = cluster.apps.read_namespaced_deployment(name, cluster.namespace)
    assert found.metadata.labels[ROLE_LABEL] == "edge"


def test_object_that_somebody_deleted_is_made_again(stack: Deployment, cluster: Cluster) -> None:
    policies = kubernetes_client.NetworkingV1Api(cluster.api)
    policies.delete_namespaced_network_policy(f"{stack.name}-database", cluster.namespace)
    stack.pulumi("refresh", "--yes", "--skip-preview", "-s", stack.name)
    stack.up()
    assert policies.read_namespaced_network_policy(f"{stack.name}-database", cluster.namespace)


def test_every_role_comes_back_with_every_image(client: DockerClient, edge: Edge, cluster: Cluster) -> None:
    repository = f"{edge.username}/{fresh('kept')}"
    pushed = client.push_new_image(repository)
    for role in cluster.pods():
        cluster.delete_pod(role)
        assert client.pull_afresh(repository) == pushed, role


def test_exactly_the_links_pass(cluster: Cluster) -> None:
    """Every pair of roles and port, from inside the pods, by the pods' own addresses."""
    pods = cluster.pods()
    found = {
        (source, destination)
        for source in pods
        for destination, port in PORTS.items()
        if source != destination and cluster.reaches(source, pods[destination].status.pod_ip, port)
    }
    assert found == LINKS


def test_nothing_but_name_servers_and_links_is_reached_outside(cluster: Cluster) -> None:
    api_server = cluster.api.configuration.host.removeprefix("https://").split(":")
    for role in cluster.pods():
        assert not cluster.reaches(role, api_server[0], int(api_server[1])), f"{role} reaches the API server"


def test_pods_pull_with_the_logins_that_were_given(stack: Deployment, cluster: Cluster) -> None:
    names = {role: [each.name for each in pod.spec.image_pull_secrets] for role, pod in cluster.pods().items()}
    (name,) = {each for (each,) in names.values()}
    secret = cluster.core.read_namespaced_secret(name, cluster.namespace)
    assert secret.type == "kubernetes.io/dockerconfigjson"
    login = json.loads(b64decode(secret.data[".dockerconfigjson"]))["auths"][LOGIN["address"]]
    assert login["auth"] == b64encode(f"{LOGIN['username']}:{LOGIN['password']}".encode()).decode()
    state = stack.pulumi("stack", "export", "-s", stack.name)
    assert LOGIN["address"] not in state
    assert LOGIN["password"] not in state


def test_no_pod_has_a_token(cluster: Cluster) -> None:
    for role in cluster.pods():
        answer = cluster.run(role, "sh", "-c", "ls /var/run/secrets/kubernetes.io 2>&1 || true")
        assert "No such file" in answer, role


def test_pod_security_is_what_the_documentation_says(cluster: Cluster) -> None:
    """The API server itself judges: all but Portus' pods are admitted where `restricted` is enforced."""
    judge = Cluster(cluster.kubeconfig, f"{cluster.namespace}-judge")
    judge.create_namespace({"pod-security.kubernetes.io/enforce": "restricted"})
    try:
        for role, pod in cluster.pods().items():
            reason = judge.refusal(_copy(cluster, pod))
            if role in ("portus", "background"):
                assert "violates PodSecurity" in reason
            else:
                assert reason == "", role
    finally:
        judge.remove_namespace()
    privileged = _copy(cluster, cluster.pods()["edge"])
    privileged["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    assert 'violates PodSecurity "baseline' in cluster.refusal(privileged)


def _copy(cluster: Cluster, pod: Any) -> dict[str, Any]:
    """The pod as it would be asked for anew."""
    found: dict[str, Any] = cluster.api.sanitize_for_serialization(pod)
    specification = {
        key: value for key, value in found["spec"].items() if key not in ("nodeName", "serviceAccountName")
    }
    specification.pop("serviceAccount", None)
    return {"metadata": {"name": "judged"}, "spec": specification}
