"""What a PortusStack registers on Kubernetes: names, labels, order, confinement, fate."""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from components.portus.credentials import bot_username
from components.portus.naming import DEPLOYMENT_LABEL, NAME_LABEL, ROLE_LABEL
from tests.component.deployments import KUBERNETES_VARIANTS, NAME, kubernetes_args
from tests.component.recorder import (
    CLAIM,
    COMPLETED_AT,
    COMPONENT,
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    NAMESPACE,
    POLICY,
    SECRET,
    SERVICE,
    STATEFUL_SET,
    Recording,
    Registration,
)
from tests.unit.portus import samples, topologies

Deployed = Callable[..., Recording]
Object = dict[str, Any]
each_variant = pytest.mark.parametrize("variant", KUBERNETES_VARIANTS)


def objects(recording: Recording) -> list[Registration]:
    return [one for one in recording if one.type.startswith("kubernetes:")]


def runners(recording: Recording) -> list[Registration]:
    """What has pods."""
    return [one for one in objects(recording) if one.type in (DEPLOYMENT, STATEFUL_SET, JOB)]


def labelled_deployment(recording: Recording) -> str:
    """The deployment's id, as everything of it carries it."""
    (found,) = {one.labels[DEPLOYMENT_LABEL] for one in objects(recording)}
    return found


def pod(one: Registration) -> Object:
    return cast(Object, one.values)["spec"]["template"]["spec"]  # type: ignore[no-any-return]


def containers(recording: Recording) -> Iterator[tuple[Registration, Object]]:
    for one in runners(recording):
        for container in pod(one)["containers"]:
            yield one, container


def runner(recording: Recording, role: str) -> Registration:
    found = [one for one in runners(recording) if one.labels[ROLE_LABEL] == role]
    return found[0]


@each_variant
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
def test_names_are_unique_and_begin_with_the_name_of_the_stack(
    variant: str, preview: bool, on_kubernetes: Deployed
) -> None:
    recording = on_kubernetes(variant, preview)
    found = [one for one in recording if "portus:internal:" in one.urn]
    assert len({(one.type, one.name) for one in found}) == len(found)
    for one in found:
        assert re.fullmatch(rf"{NAME}-[a-z0-9-]+[a-z0-9]", one.name), one.urn


@each_variant
def test_what_a_role_needs_is_its_child_and_was_a_child_of_the_target(variant: str, on_kubernetes: Deployed) -> None:
    for one in objects(on_kubernetes(variant)):
        if one.type == NAMESPACE or one.name == f"{NAME}-pull-secret":  # all roles share them
            assert "portus:internal:KubernetesTarget::" in one.request.parent
            continue
        role = one.labels[ROLE_LABEL]
        kind = "".join(word.capitalize() for word in re.split("[-_]", role))
        assert one.request.parent.endswith(f"$portus:internal:{kind}::{NAME}-{role.replace('_', '-')}"), one.urn
        # Some releases of the wheel add the former types of a kind.
        (alias,) = (each for each in one.request.aliases if each.spec.parentUrn)
        assert alias.spec.parentUrn.endswith(f"$portus:internal:KubernetesTarget::{NAME}-kubernetes"), one.urn


@each_variant
def test_preview_and_update_ask_for_the_same_resources(variant: str, on_kubernetes: Deployed) -> None:
    assert {one.urn for one in on_kubernetes(variant, True)} == {one.urn for one in on_kubernetes(variant)}


@each_variant
def test_the_provider_is_the_one_that_was_handed_in(variant: str, on_kubernetes: Deployed) -> None:
    for one in objects(on_kubernetes(variant)):
        assert one.request.provider.endswith(tuple("0123456789abcdef")) or one.request.provider
        assert "::pulumi:providers:kubernetes::kubernetes::" in one.request.provider


@each_variant
def test_nothing_of_docker_is_there(variant: str, on_kubernetes: Deployed) -> None:
    assert not [one for one in on_kubernetes(variant) if one.type.startswith("docker:")]


@each_variant
def test_everything_is_labelled_and_in_the_namespace(variant: str, on_kubernetes: Deployed) -> None:
    namespace = samples.settings(kubernetes_args(variant)).kubernetes.namespace
    for one in objects(on_kubernetes(variant)):
        metadata = cast(Object, one.values["metadata"])
        assert one.labels[NAME_LABEL] == NAME or one.labels[NAME_LABEL], one.urn
        assert re.fullmatch("[0-9a-f]{8}", one.labels[DEPLOYMENT_LABEL])
        assert one.labels["app.kubernetes.io/component"] == one.labels[ROLE_LABEL]
        assert one.labels["app.kubernetes.io/part-of"] == "portus-stack"
        if one.type == NAMESPACE:
            assert metadata["name"] == NAME
        else:
            assert metadata["namespace"] in (namespace, NAME), one.urn


@each_variant
def test_content_that_changes_gets_another_name(variant: str, on_kubernetes: Deployed) -> None:
    for token in (SECRET, CONFIG_MAP):
        for one in on_kubernetes(variant).of_type(token):
            assert one.values["immutable"] is True
            assert "name" not in cast(Object, one.values["metadata"])
    for one in on_kubernetes(variant).of_type(JOB):
        assert "name" not in cast(Object, one.values["metadata"])
        assert cast(Object, one.values["metadata"])["annotations"]["pulumi.com/replaceUnready"] == "true"


@each_variant
def test_pods_have_no_token_and_no_link_variables(variant: str, on_kubernetes: Deployed) -> None:
    recording = on_kubernetes(variant)
    accounts = {
        str(cast(Object, one.values["metadata"])["name"]): one
        for one in recording.of_type("kubernetes:core/v1:ServiceAccount")
    }
    for one in runners(recording):
        assert pod(one)["automountServiceAccountToken"] is False
        assert pod(one)["enableServiceLinks"] is False
        assert accounts[pod(one)["serviceAccountName"]].values["automountServiceAccountToken"] is False


@each_variant
def test_containers_are_confined(variant: str, on_kubernetes: Deployed) -> None:
    for one, container in containers(on_kubernetes(variant)):
        role = one.labels[ROLE_LABEL]
        context, of_pod = container["securityContext"], pod(one)["securityContext"]
        assert context["capabilities"]["drop"] == ["ALL"]
        assert context["privileged"] is False
        assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
        assert set(container["resources"]["limits"]) == {"memory", "cpu", "ephemeral-storage"}
        assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"]
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
        if role in ("portus", "background"):
            continue
        assert of_pod["runAsNonRoot"] is True and of_pod["runAsUser"] > 0 and of_pod["fsGroup"] > 0
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert "add" not in context["capabilities"]


@each_variant
def test_workloads_have_three_probes_and_tasks_none(variant: str, on_kubernetes: Deployed) -> None:
    for one, container in containers(on_kubernetes(variant)):
        probes = {"startupProbe", "readinessProbe", "livenessProbe"} & set(container)
        assert len(probes) == (0 if one.type == JOB else 3), one.urn


@each_variant
def test_they_wait_for_those_before_them(variant: str, on_kubernetes: Deployed) -> None:
    recording = on_kubernetes(variant)
    for process in topologies.topology(kubernetes_args(variant)).processes:
        for earlier in process.after:
            before = {one.urn for one in runners(recording) if one.labels[ROLE_LABEL] == earlier}
            assert before and before <= set(runner(recording, process.name).request.dependencies), process.name


@each_variant
def test_what_is_exposed_comes_after_the_administrator(variant: str, on_kubernetes: Deployed) -> None:
    recording = on_kubernetes(variant)
    edge = {one.urn for one in runners(recording) if one.labels[ROLE_LABEL] == "edge"}
    exposed = [
        one
        for one in objects(recording)
        if one.name == f"{NAME}-edge-public" or one.type.endswith(("Ingress", "TLSRoute", "HTTPRoute"))
    ]
    assert len(exposed) == 1
    assert edge <= set(exposed[0].request.dependencies)


@each_variant
def test_nothing_else_is_exposed(variant: str, on_kubernetes: Deployed) -> None:
    for one in on_kubernetes(variant).of_type(SERVICE):
        specification = cast(Object, one.values["spec"])
        if one.name == f"{NAME}-edge-public":
            assert specification["selector"][ROLE_LABEL] == "edge"
        else:
            assert specification["type"] == "ClusterIP"


def led_to(recording: Recording) -> set[int]:
    """The ports of the edge's pods at which outsiders with TLS arrive, however they are led there."""
    services = {one.name: cast(Object, one.values["spec"])["ports"] for one in recording.of_type(SERVICE)}
    if public := services.get(f"{NAME}-edge-public"):
        return {port["targetPort"] for port in public if port["appProtocol"] == "https"}
    (way,) = [one for one in objects(recording) if one.type.endswith(("Ingress", "TLSRoute", "HTTPRoute"))]
    specification = cast(Object, way.values["spec"])
    backends = [backend["port"] for rule in specification["rules"] for backend in rule.get("backendRefs", ())]
    paths = [path for rule in specification["rules"] for path in rule.get("http", {}).get("paths", ())]
    backends += [path["backend"]["service"]["port"]["number"] for path in paths]
    (inner,) = [ports for name, ports in services.items() if name == f"{NAME}-edge"]
    return {port["targetPort"] for port in inner if port["port"] in backends}


@each_variant
def test_outsiders_are_led_to_another_port_than_the_roles_inside(variant: str, on_kubernetes: Deployed) -> None:
    """The edge tells them apart by it (roles/edge_fence.py)."""
    recording = on_kubernetes(variant)
    (policy,) = [one for one in recording.of_type(POLICY) if one.name == f"{NAME}-edge"]
    arrivals = cast(Object, policy.values["spec"])["ingress"]
    everybody = {port["port"] for one in arrivals if not one.get("from") for port in one["ports"]}
    roles = {port["port"] for one in arrivals if one.get("from") for port in one["ports"]}
    outside = led_to(recording)
    assert len(outside) == 1 and outside <= everybody
    assert not outside & roles


@each_variant
def test_data_and_credentials_have_one_fate(variant: str, on_kubernetes: Deployed) -> None:
    data = samples.settings(kubernetes_args(variant)).data
    kept = [*on_kubernetes(variant).of_type(CLAIM), *on_kubernetes(variant).of_type(NAMESPACE)]
    for one in kept:
        assert (one.request.protect, one.request.retainOnDelete) == (data.protect, data.retain), one.urn
    protection = on_kubernetes(variant).named(f"{NAME}-data-protection")
    assert {one.urn for one in objects(on_kubernetes(variant))} <= set(protection.request.dependencies)


@each_variant
def test_outputs(variant: str, on_kubernetes: Deployed) -> None:
    recording = on_kubernetes(variant)
    outputs = recording.outputs[recording.named(NAME, COMPONENT).urn]
    repository = f"{bot_username(labelled_deployment(recording))}/smoke-check"
    report = {"repository": repository, "tag": "latest", "checked_at": COMPLETED_AT}
    assert outputs["smoke_check"] == ({} if variant == "no smoke check" else report)
    assert recording.invokes == []


def test_public_names_lead_to_the_edge_from_inside(on_kubernetes: Deployed) -> None:
    recording = on_kubernetes()
    for role in ("portus", "background", "smoke_check"):
        aliases = {tuple(one["hostnames"]): one["ip"] for one in pod(runner(recording, role))["hostAliases"]}
        assert aliases[f"{NAME}-edge", "portus.example.com", "registry.example.com"].startswith("10.96.")
    assert {one["hostnames"][0] for one in pod(runner(recording, "edge"))["hostAliases"]} == {
        f"{NAME}-portus",
        f"{NAME}-registry",
    }
    assert "hostAliases" not in pod(runner(recording, "database"))


def test_smoke_check_runs_again_when_a_workload_changes(on_kubernetes: Deployed) -> None:
    check = runner(on_kubernetes(), "smoke_check")
    verified = {one.urn for one in runners(on_kubernetes()) if one.type != JOB}
    template = cast(Object, check.values["spec"])["template"]
    assert re.fullmatch("[0-9a-f]{16}", template["metadata"]["annotations"]["org.portus-stack.verifies"])
    assert verified <= set(check.request.dependencies)


def test_tasks_end_by_themselves_before_their_deadline(on_kubernetes: Deployed) -> None:
    for one in on_kubernetes().of_type(JOB):
        specification = cast(Object, one.values["spec"])
        arguments = pod(one)["containers"][0]["args"]
        assert specification["backoffLimit"] == 0
        assert int(arguments[arguments.index("--within") + 1]) < specification["activeDeadlineSeconds"]


def test_what_owns_data_alone_is_a_stateful_set(on_kubernetes: Deployed) -> None:
    kinds = {one.labels[ROLE_LABEL]: one.type for one in runners(on_kubernetes()) if one.type != JOB}
    assert kinds == {
        "database": STATEFUL_SET,
        "registry": DEPLOYMENT,
        "portus": DEPLOYMENT,
        "background": DEPLOYMENT,
        "edge": DEPLOYMENT,
    }
    strategies = {
        one.labels[ROLE_LABEL]: cast(Object, one.values["spec"])["strategy"]["type"]
        for one in on_kubernetes().of_type(DEPLOYMENT)
    }
    rolling = dict.fromkeys(("portus", "registry", "edge"), "RollingUpdate")
    assert strategies == {"background": "Recreate", **rolling}


def test_registry_hands_its_volume_over_on_the_node_where_it_is(on_kubernetes: Deployed) -> None:
    """The old pod is told to end at once, goes on for a while, and the new one starts beside it if it can."""
    on_volume = runner(on_kubernetes(), "registry")
    strategy = cast(Object, on_volume.values["spec"])["strategy"]["rollingUpdate"]
    assert strategy == {"maxSurge": 1, "maxUnavailable": 1}
    (wish,) = pod(on_volume)["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert wish["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"
    (spread,) = pod(on_volume)["topologySpreadConstraints"]
    assert spread["matchLabelKeys"] == ["pod-template-hash"]
    assert (
        wish["podAffinityTerm"]["labelSelector"]["matchLabels"]
        == cast(Object, on_volume.values["spec"])["selector"]["matchLabels"]
    )
    goes_on = int(pod(on_volume)["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod(on_volume)["terminationGracePeriodSeconds"] == goes_on + 30
    for variant in ("replicas", "bucket"):
        elsewhere = runner(on_kubernetes(variant), "registry")
        assert cast(Object, elsewhere.values["spec"])["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert "affinity" not in pod(elsewhere)


def test_replicas_spread_and_fall_one_at_a_time(on_kubernetes: Deployed) -> None:
    recording = on_kubernetes("replicas")
    budgets = {one.labels[ROLE_LABEL] for one in recording.of_type("kubernetes:policy/v1:PodDisruptionBudget")}
    assert budgets == {"portus", "edge", "registry"}
    for role in budgets:
        keys = [one["topologyKey"] for one in pod(runner(recording, role))["topologySpreadConstraints"]]
        assert keys == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert not on_kubernetes().of_type("kubernetes:policy/v1:PodDisruptionBudget")


def test_first_portus_is_alone_until_it_made_the_tables(on_kubernetes: Deployed) -> None:
    recording = on_kubernetes("replicas")
    first, others = recording.named(f"{NAME}-portus", DEPLOYMENT), recording.named(f"{NAME}-portus-others", DEPLOYMENT)
    counts = [cast(Object, one.values["spec"])["replicas"] for one in (first, others)]
    assert counts == [1, 2]
    assert first.urn in others.request.dependencies
    selectors = [cast(Object, one.values["spec"])["selector"]["matchLabels"] for one in (first, others)]
    assert selectors[0] != selectors[1]
    service = cast(Object, recording.named(f"{NAME}-portus", SERVICE).values["spec"])["selector"]
    assert all(service.items() <= selector.items() for selector in selectors)


def test_shared_layers_are_claimed_for_many(on_kubernetes: Deployed) -> None:
    claim = on_kubernetes("replicas").named(f"{NAME}-registry-data", CLAIM)
    assert cast(Object, claim.values["spec"])["accessModes"] == ["ReadWriteMany"]
    assert runner(on_kubernetes("replicas"), "registry").type == DEPLOYMENT


def test_namespace_of_somebody_else_is_left_alone(on_kubernetes: Deployed) -> None:
    """Nothing outside the namespace is touched: no rights are needed there."""
    recording = on_kubernetes("somebody's namespace")
    assert not recording.of_type(NAMESPACE)
    cluster_wide = ("ClusterRole", "StorageClass", "PersistentVolume", "PriorityClass", "CustomResourceDefinition")
    assert not [one for one in objects(recording) if one.type.split(":")[-1] in cluster_wide]


@pytest.mark.parametrize(("variant", "level"), [("default", "baseline"), ("generation 1", "baseline")])
def test_namespace_enforces_what_all_pods_meet(variant: str, level: str, on_kubernetes: Deployed) -> None:
    (namespace,) = on_kubernetes(variant).of_type(NAMESPACE)
    assert namespace.labels["pod-security.kubernetes.io/enforce"] == level
    assert namespace.labels["pod-security.kubernetes.io/warn"] == "restricted"
    assert namespace.labels["pod-security.kubernetes.io/audit"] == "restricted"


def test_users_wishes_reach_the_pods(on_kubernetes: Deployed) -> None:
    for one, container in containers(on_kubernetes("every argument, node_port")):
        specification, metadata = pod(one), cast(Object, one.values["spec"])["template"]["metadata"]
        assert specification["nodeSelector"] == {"kubernetes.io/os": "linux"}
        assert specification["tolerations"][1]["tolerationSeconds"] == 30
        assert specification["affinity"]["podAntiAffinity"] == {}
        assert specification["priorityClassName"] == "high"
        assert {"name": "mirror"} in specification["imagePullSecrets"]
        assert metadata["labels"]["example.com/team"] == "registry"
        assert metadata["annotations"]["example.com/note"].startswith("see")
        assert {"name": "TZ", "value": "Europe/Zurich"} in container["env"]
    for one in objects(on_kubernetes("every argument, node_port")):
        assert one.labels["example.com/owner"] == "team"


def test_low_port_needs_no_capability(on_kubernetes: Deployed) -> None:
    sysctls = pod(runner(on_kubernetes(), "edge"))["securityContext"]["sysctls"]
    assert sysctls == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    assert "sysctls" not in pod(runner(on_kubernetes(), "registry"))["securityContext"]
