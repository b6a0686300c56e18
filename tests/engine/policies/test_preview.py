"""The pack in the real engine: committed stacks pass, each file of rules refuses its own, data is not lost."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from portus_policies.all_rules import ROOMS

from tests.engine.docker.deployment import Deployment, prepared
from tests.policy import kubernetes_stack
from tests.policy.certificate_cases import WEAK
from tests.policy.graphs import Change, add, put, state_of

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[3]
COMMITTED = sorted(
    path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in (ROOT / "stacks").glob("Pulumi.*.yaml")
)
PROVIDERS = """
import pulumi, pulumi_docker as docker, pulumi_random as random, pulumi_tls as tls
host = docker.Provider("host", host="unix:///var/run/docker.sock")
opts = pulumi.ResourceOptions(provider=host)
"""
BAD = {
    # File of rules → what it must refuse, and the rule.
    "docker_containers": (
        'docker.Container("c", image="sha256:" + "a" * 64, privileged=True, opts=opts)',
        "dkr-no-privileged",
    ),
    "docker_host": (
        'docker.Volume("v", driver="local", driver_opts={"type": "none", "o": "bind", "device": "/srv/.."}, opts=opts)',
        "dkr-no-system-mounts",
    ),
    "docker_ports": (
        'docker.Container("c", image="sha256:" + "a" * 64, opts=opts,'
        ' ports=[{"internal": 9000, "external": 9000, "ip": "0:0:0:0:0:0:0:0"}])',
        "dkr-bind-address",
    ),
    "provided_certificates": (
        'docker.Container("c", image="sha256:" + "a" * 64, start=False, must_run=False, network_mode="none", opts=opts,'
        f" uploads=[{{'file': '/etc/x/a.crt', 'content': {WEAK['RSA-1024']!r}}}])",
        "tls-provided-certificates",
    ),
    "docker_hygiene": ('docker.RemoteImage("i", name="nginx:latest", opts=opts)', "dkr-image-digest"),
    "docker_network": ('docker.Network("n", driver="macvlan", opts=opts)', "dkr-network-internal"),
    "certificates": (
        'tls.PrivateKey("k", algorithm="RSA", rsa_bits=2048, opts=pulumi.ResourceOptions(provider=tls.Provider("t2")))',
        "tls-key-strength",
    ),
    "generated": (
        'random.RandomPassword("p", length=8, opts=pulumi.ResourceOptions(provider=random.Provider("r2")))',
        "rnd-entropy",
    ),
    "registry_settings": (
        'docker.Container("c", image="sha256:" + "a" * 64, start=False, must_run=False, network_mode="none", opts=opts,'
        ' uploads=[{"file": "/etc/x/config.yml", "content": "storage: {inmemory: {}}\\nhttp: {addr: x}\\n", '
        '"permissions": "0444"}])',
        "reg-storage",
    ),
    "portus_settings": (
        'docker.Container("c", image="opensuse/portus:2.4.3", envs=["RAILS_ENV=development"], opts=opts)',
        "portus-production",
    ),
    "portus_standing": (
        'docker.Container("c", image="opensuse/portus:2.4.3", envs=["ADMIN_PASSWORD=Harbor12345"], opts=opts)',
        "portus-no-defaults",
    ),
    "portus_patches": (
        """
class PortusStack(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("portus:index:PortusStack", "s")
docker.Container(
    "c", image="opensuse/portus:2.4.3", opts=pulumi.ResourceOptions(provider=host, parent=PortusStack()),
    uploads=[{"file": "/srv/Portus/config/initializers/portus_stack_widened_scopes.rb", "content": "# closed"}],
)
""",
        "portus-patches",
    ),
    "registry_trust": (
        """
t = pulumi.ResourceOptions(provider=tls.Provider("t3"))
key = tls.PrivateKey("k", algorithm="RSA", rsa_bits=3072, opts=t)
life = {"private_key_pem": key.private_key_pem, "validity_period_hours": 800, "early_renewal_hours": 200, "opts": t}
tls.SelfSignedCert("token", allowed_uses=["digital_signature"], **life)
leaf = tls.SelfSignedCert("leaf", allowed_uses=["server_auth", "digital_signature"], dns_names=["r.corp.net"], **life)
docker.Container(
    "c", image="sha256:" + "a" * 64, start=False, must_run=False, network_mode="none", opts=opts,
    labels=[{"label": "org.portus-stack.role", "value": "registry"}],
    uploads=[
        {"file": "/etc/x/a.key", "content": key.private_key_pem},
        {"file": "/etc/x/a.crt", "content": leaf.cert_pem},
    ],
)
""",
        "reg-no-signing-key",
    ),
    "database_settings": (
        'docker.Container("c", image="mariadb:11", envs=["MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1"], opts=opts)',
        "db-root-password",
    ),
    "whole_stack": (
        'docker.Container("c", image="sha256:" + "a" * 64, '
        'opts=pulumi.ResourceOptions(provider=host, ignore_changes=["securityOpts"]))',
        "stack-ignore-changes",
    ),
}

_CONTAINER = 'docker.Container("c", image="sha256:" + "a" * 64, opts=opts, %s)'
MEANINGS = {
    # The same bad thing in other words → the rule.
    'security_opts=["no-new-privileges:true", "no-new-privileges:false"]': "dkr-no-new-privileges",
    'security_opts=["no-new-privileges:true", \'seccomp={"defaultAction": "SCMP_ACT_ALLOW"}\']': "dkr-seccomp",
    'security_opts=["no-new-privileges:true", "label=type:spc_t"]': "dkr-security-module",
    'user="0:1000"': "dkr-user",
    'group_adds=["docker"]': "dkr-groups",
    'volumes=[{"host_path": "/var", "container_path": "/x"}]': "dkr-no-system-mounts",
    'envs=["CACHE=redis://:hunter2@cache"]': "dkr-no-open-secrets",
    'command=["curl", "-u", "portus:hunter2", "https://registry"]': "dkr-no-open-secrets",
    'envs=["MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=no"], labels=[{"label": "org.portus-stack.role", "value": "cache"}]': (
        "db-root-password"
    ),
}

KUBERNETES: Mapping[str, tuple[Change, str]] = {
    # File of rules → what it must refuse in a state, and the rule.
    "kubernetes_pods": (
        Change("edge", put("spec/template/spec/hostPID", True), "Deployment"),
        "k8s-no-host-namespaces",
    ),
    "kubernetes_workloads": (
        Change(
            "edge", put("spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem", False), "Deployment"
        ),
        "k8s-read-only-root",
    ),
    "kubernetes_identity": (
        Change("edge", put("spec/template/spec/automountServiceAccountToken", True), "Deployment"),
        "k8s-no-api-token",
    ),
    "kubernetes_ways_in": (Change("namespace", None, "", {"protect": False}), "k8s-namespace-protected"),
    "kubernetes_images": (
        Change("portus", put("spec/template/spec/containers/0/image", "opensuse/portus:2.4.3"), "Deployment"),
        "k8s-image-digest",
    ),
    "kubernetes_secrets": (Change("options", put("data/db_password", "hunter2hunter2")), "k8s-no-secret-in-config-map"),
    "kubernetes_policies": (Change("portus-policy", add("spec/ingress", {})), "k8s-policies-narrow"),
    "kubernetes_network": (Change("portus-service", put("spec/externalIPs", ["192.0.2.1"])), "k8s-no-external-ips"),
}


@pytest.fixture(scope="module")
def pack() -> str:
    """The pack's folder, ready for the engine."""
    done = subprocess.run([ROOT / "toolchain" / "policies"], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A project of its own, whose program each test writes."""
    with prepared("policies", tmp_path_factory.mktemp("policies") / "p", {}) as deployment:
        yield deployment


def previewed(program: Deployment, pack: str, text: str, *arguments: str) -> tuple[int, str]:
    """Exit code and output of a preview of a program."""
    main = program.project / "__main__.py"
    main.unlink(missing_ok=True)
    main.write_text(PROVIDERS + text + "\n")
    done = program.run("preview", "--suppress-progress", "-s", program.name, "--policy-pack", pack, *arguments)
    return done.code, done.output


@pytest.mark.parametrize("stack", COMMITTED)
def test_a_committed_stack_passes_under_its_own_profile(stack: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PORTUS_STACK_STATE": str(tmp_path)}
    environment |= {"PULUMI_BACKEND_URL": f"file://{tmp_path}", "PULUMI_CONFIG_PASSPHRASE": "engine tests only"}
    environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
    done = subprocess.run(
        ["python", "-m", "operations", "preview", "--stack", stack],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert "portus-stack@v" in output and "excused until" in output and "[mandatory]" not in output


@pytest.mark.parametrize("room", BAD)
def test_each_file_of_rules_refuses(room: str, program: Deployment, pack: str) -> None:
    text, rule = BAD[room]
    code, output = previewed(program, pack, text)
    assert code != 0, output
    assert "[mandatory]" in output and rule in output and "Instead:" in output


@pytest.mark.parametrize("given", MEANINGS)
def test_what_a_value_means_is_refused(given: str, program: Deployment, pack: str) -> None:
    code, output = previewed(program, pack, _CONTAINER % given)
    assert code != 0, output
    assert "[mandatory]" in output and MEANINGS[given] in output and "hunter2" not in output.partition("Policies:")[2]


def test_kubernetes_rules_refuse_in_an_exported_state(program: Deployment, pack: str, tmp_path: Path) -> None:
    """The engine's own `policy analyze`: no cluster and no provider is needed. One change for each file of rules."""
    worse = kubernetes_stack.stack()
    for change, _ in KUBERNETES.values():
        worse = change.applied(worse)
    state = state_of(worse)
    for resource in state["deployment"]["resources"]:
        resource["outputs"] = resource["inputs"]
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state))
    done = program.run("policy", "analyze", "--file", str(file), "--policy-pack", pack)
    assert done.code != 0 and [rule for _, rule in KUBERNETES.values() if rule not in done.output] == [], done.output


def test_every_file_of_rules_refuses_something_here() -> None:
    assert {*BAD, *KUBERNETES} == {room.__name__.rpartition(".")[2] for room in ROOMS}


def test_a_rule_that_repairs_does_so_in_the_engine(program: Deployment, pack: str, tmp_path: Path) -> None:
    configuration = tmp_path / "policy.json"
    text = BAD["certificates"][0]
    configuration.write_text(json.dumps({"tls-key-strength": "remediate", "tls-ca-protected": "disabled"}))
    weak = text.replace("rsa_bits=2048, ", "")
    code, output = previewed(program, pack, weak, "--policy-pack-config", str(configuration), "--diff")
    assert code == 0, output
    assert "[remediate]" in output and "tls-key-strength" in output and "3072" in output, output


def test_what_is_configured_away_is_shown(program: Deployment, pack: str, tmp_path: Path) -> None:
    configuration = tmp_path / "policy.json"
    configuration.write_text(json.dumps({"dkr-image-digest": "disabled"}))
    text = BAD["docker_hygiene"][0]
    code, output = previewed(program, pack, text, "--policy-pack-config", str(configuration))
    assert code == 0, output
    assert "switched off by the configuration: D29 dkr-image-digest" in output


def test_a_lost_credential_stops_a_preview_unless_its_name_is_allowed(tmp_path: Path) -> None:
    """`make preview` of a stack whose state holds a password that the program no longer has."""
    environment: dict[str, Any] = {**os.environ, "PORTUS_STACK_STATE": str(tmp_path)}
    environment |= {"PULUMI_BACKEND_URL": f"file://{tmp_path}", "PULUMI_CONFIG_PASSPHRASE": "engine tests only"}
    environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)

    def run(*command: str, stdin: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, cwd=ROOT, env={**environment, **more}, input=stdin, capture_output=True, text=True, check=False
        )

    script = "from pathlib import Path; from operations.engine import Engine; from operations.project import Project; "
    script += "from operations.stack import Stack; Engine(Stack.of(Project.nearest(Path()), 'local')).create()"
    assert run("python", "-c", script).returncode == 0
    state = json.loads(run("pulumi", "stack", "export", "-s", "local").stdout)
    kinds = (
        ("pulumi:pulumi:Stack", "portus-stack-local"),
        ("random:index/randomPassword:RandomPassword", "old-password"),
    )
    state["deployment"]["resources"] = [
        {
            "urn": f"urn:pulumi:local::portus-stack::{kind}::{name}",
            "type": kind,
            "custom": "random" in kind,
            "id": "none" if "random" in kind else "",
            "inputs": {"length": 40} if "random" in kind else {},
        }
        for kind, name in kinds
    ]
    provider = {
        "urn": "urn:pulumi:local::portus-stack::pulumi:providers:random::random",
        "type": "pulumi:providers:random",
        "custom": True,
        "id": "11111111-1111-4111-8111-111111111111",
    }
    state["deployment"]["resources"].insert(1, provider)
    state["deployment"]["resources"][2]["provider"] = f"{provider['urn']}::{provider['id']}"
    assert run("pulumi", "stack", "import", "-s", "local", stdin=json.dumps(state)).returncode == 0
    preview = ("python", "-m", "operations", "preview", "--stack", "local")
    refused = run(*preview)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "delete credential old-password" in refused.stderr and "ALLOW_DATA_LOSS=old-password" in refused.stderr
    assert run(*preview, ALLOW_DATA_LOSS="another").returncode == 1
    assert run(*preview, ALLOW_DATA_LOSS="old-password").returncode == 0
