"""Programs of other people: well kept ones give no mandatory finding, careless parts exactly what is wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.policy.graphs import Entry, Graph, entry
from tests.policy.kubernetes_stack import DIGEST, container, from_role, meta, pod, policy, service, workload
from tests.policy.pack import Pack

PINNED = f"@{DIGEST}"


def docker(name: str, **inputs: Any) -> Entry:
    """A container as a careful person writes it."""
    base = {
        "image": f"sha256:{'a' * 64}",
        "user": "1000:1000",
        "memory": 256,
        "cpus": "0.5",
        "readOnly": True,
        "capabilities": {"drops": ["ALL"]},
        "securityOpts": ["no-new-privileges:true"],
        "healthcheck": {"tests": ["CMD", "wget", "-q", "-O-", "http://127.0.0.1:8000/"]},
        "networksAdvanced": [{"name": "app"}],
        "restart": "on-failure",
        "maxRetryCount": 5,
        "logDriver": "json-file",
        "logOpts": {"max-size": "10m"},
        "ulimits": [{"name": "nproc"}, {"name": "nofile"}],
    }
    return entry("docker:index/container:Container", name, base | inputs)


def image(name: str, reference: str) -> Entry:
    return entry("docker:index/remoteImage:RemoteImage", name, {"name": reference})


def kubernetes_app(name: str, port: int = 8080, **more: Any) -> Graph:
    """A workload with its Service and network policies, the way public examples show it."""
    selector = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}
    return (
        workload("Deployment", name, name, pod(name, container(name, port, **more)), replicas=1),
        service(name, port),
        policy(f"{name}-deny", {"podSelector": {}}),
        policy(f"{name}-allow", {**selector, "ingress": [from_role("gateway", port)]}),
    )


def _stateful(name: str, port: int) -> Graph:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    selector = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}
    return (
        workload("StatefulSet", name, name, pod(name, container(name, port)), volumeClaimTemplates=[claim], replicas=1),
        service(name, port, clusterIP="None"),
        policy(f"{name}-deny", {"podSelector": {}}),
        policy(f"{name}-allow", {**selector, "ingress": [from_role("app", port)]}),
    )


PROGRAMS: dict[str, Graph] = {
    "a web application on Kubernetes": (
        *kubernetes_app("shop", 8000, env=[{"name": "DATABASE_URL", "value": "postgres://db:5432/shop"}]),
        entry(
            "kubernetes:core/v1:ConfigMap",
            "settings",
            {
                "metadata": meta("settings"),
                "data": {"app.ini": "debug = false\ntoken_ttl = 3600\nsecret_file = /run/secrets/x\n"},
            },
        ),
    ),
    "postgres on Kubernetes": _stateful("postgres", 5432),
    "a cron job": (
        workload(
            "CronJob",
            "report",
            "report",
            {},
            jobTemplate={"spec": {"template": pod("report", container("report", 1))}},
            schedule="@daily",
        ),
        policy("report-deny", {"podSelector": {}}),
    ),
    "an ingress with cert-manager": (
        *kubernetes_app("blog"),
        entry(
            "kubernetes:networking.k8s.io/v1:Ingress",
            "blog-ingress",
            {
                "metadata": meta("blog", **{"cert-manager.io/cluster-issuer": "letsencrypt"}),
                "spec": {
                    "rules": [{"host": "blog.corp.net"}],
                    "tls": [{"hosts": ["blog.corp.net"], "secretName": "blog-tls"}],
                },
            },
        ),
    ),
    "an operator with a narrow role": (
        *kubernetes_app("operator"),
        entry(
            "kubernetes:rbac.authorization.k8s.io/v1:Role",
            "operator-role",
            {
                "metadata": meta("operator"),
                "rules": [
                    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch", "patch"]},
                    {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["operator"], "verbs": ["get"]},
                ],
            },
        ),
    ),
    "postgres on Docker": (
        image("postgres-image", f"postgres:16{PINNED}"),
        entry("docker:index/network:Network", "app", {"name": "app", "internal": True, "driver": "bridge"}),
        entry("docker:index/volume:Volume", "pgdata", {"name": "pgdata"}),
        docker(
            "db",
            envs=["POSTGRES_PASSWORD_FILE=/run/secrets/pg", "POSTGRES_USER=app"],
            volumes=[{"volumeName": "pgdata", "containerPath": "/var/lib/postgresql/data"}],
        ),
    ),
    "a reverse proxy on Docker": (
        docker(
            "proxy",
            ports=[{"internal": 8443, "external": 443, "ip": "0.0.0.0"}],
            tmpfs={"/tmp": "rw,noexec,nosuid,size=16m"},
        ),
        entry("docker:index/network:Network", "app", {"name": "app", "driver": "bridge"}),
    ),
    "redis beside a worker": (
        docker("redis", command=["redis-server", "--save", "", "--requirepass-file", "/run/secrets/redis"]),
        docker("worker", envs=["QUEUE_URL=redis://redis:6379/0", "LOG_LEVEL=info"]),
        entry("docker:index/network:Network", "app", {"name": "app", "internal": True}),
    ),
    "a remote host over ssh": (
        entry(
            "pulumi:providers:docker",
            "remote",
            {"host": "ssh://deploy@10.0.0.5", "sshOpts": ["-o", "ServerAliveInterval=30"]},
        ),
        docker("agent"),
    ),
    "internal certificates": (
        entry("tls:index/privateKey:PrivateKey", "root", {"algorithm": "ECDSA", "ecdsaCurve": "P384"}, protect=True),
        entry(
            "tls:index/selfSignedCert:SelfSignedCert",
            "ca",
            {
                "isCaCertificate": True,
                "allowedUses": ["cert_signing", "crl_signing"],
                "validityPeriodHours": 43800,
                "earlyRenewalHours": 2000,
            },
            protect=True,
        ),
    ),
    "generated passwords": (
        entry(
            "random:index/randomPassword:RandomPassword",
            "admin",
            {"length": 32, "special": True, "keepers": {"version": "3"}},
        ),
        entry("random:index/randomPet:RandomPet", "name", {"length": 2}),
        entry("random:index/randomId:RandomId", "suffix", {"byteLength": 4}),
    ),
    "things that this pack knows nothing of": (
        entry("aws:s3/bucket:Bucket", "assets", {"acl": "private", "tags": {"token": "none"}}),
        entry("cloudflare:index/record:Record", "www", {"type": "A", "value": "192.0.2.1"}),
        entry("pulumi:providers:aws", "aws", {"region": "eu-central-1"}),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_a_well_kept_program_gives_no_alarm(name: str, preview: bool, packs: Callable[[bool], Pack]) -> None:
    told = packs(preview).judge(PROGRAMS[name])
    assert [(each.policy, each.name, each.message) for each in told if each.level == "mandatory"] == []


def test_there_are_twelve() -> None:
    assert len(PROGRAMS) == 12


def test_embedded_both_get_findings_with_their_own_names(
    packs: Callable[[bool], Pack], graph: Callable[[str, bool], Graph], rule_ids: dict[str, str]
) -> None:
    ours = graph("docker", False)
    (edge,) = [each for each in ours if each.name == "hub-edge" and each.type == "docker:index/container:Container"]
    weak = Entry(**{**vars(edge), "inputs": {**edge.inputs, "privileged": True}})
    careless = docker("cache", image="redis:7", privileged=True, envs=["REDIS_PASSWORD=correct-horse"])
    together = (*(weak if each is edge else each for each in ours), careless)
    told = packs(False).judge(together)
    packs(False).restore(together, ours)
    found = {(rule_ids[each.policy], each.name) for each in told}
    assert found == {("D01", "hub-edge"), ("D01", "cache"), ("D29", "cache"), ("D31", "cache")}
    assert all("correct-horse" not in each.message for each in told)
