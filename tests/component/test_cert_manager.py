"""What a PortusStack asks for when cert-manager issues the edge's certificate."""

import json
from typing import Any, cast

import pulumi
import pulumi_random as random
import pytest

from components.portus import PortusStack, PortusStackArgs
from components.portus.targets.kubernetes.failures import explain
from tests.component.conftest import Deployed
from tests.component.deployments import NAME, kubernetes_args, providers
from tests.component.recorder import COMPONENT, CONFIG_MAP, DEPLOYMENT, SECRET, Recording, Registration, record
from tests.unit.portus import kubernetes_samples, samples

CERTIFICATE = "kubernetes:cert-manager.io/v1:Certificate"
ISSUED = "cert-manager"
INGRESS, GATEWAY = f"{ISSUED}, ingress", f"{ISSUED}, gateway that ends TLS"
VARIANTS = (ISSUED, INGRESS, GATEWAY)
PROVIDED: dict[str, Any] = {"provided": samples.COMPLETE["certificates"]["provided"]}
Object = dict[str, Any]


def certificate(recording: Recording) -> Registration:
    (found,) = recording.of_type(CERTIFICATE)
    return found


def edge(recording: Recording) -> tuple[Registration, Object]:
    """The edge's Deployment and its pod."""
    one = recording.named(f"{NAME}-edge", DEPLOYMENT)
    return one, cast(Object, one.values["spec"])["template"]["spec"]


def file_of(recording: Recording, role: str, name: str, token: str = CONFIG_MAP) -> str:
    (one,) = [one for one in recording.of_type(token) if one.labels["org.portus-stack.role"] == role]
    return str(cast(Object, one.values["data"])[name])


def test_no_definition_of_cert_manager_is_needed_unless_it_is_chosen(on_kubernetes: Deployed) -> None:
    assert not [one for one in on_kubernetes() if "cert-manager" in one.type]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
def test_certificate_is_for_the_public_names_alone(variant: str, preview: bool, on_kubernetes: Deployed) -> None:
    specification = cast(Object, certificate(on_kubernetes(variant, preview)).values["spec"])
    assert specification["dnsNames"] == ["portus.example.com", "registry.example.com"]
    assert (specification["duration"], specification["renewBefore"]) == ("8760h", "720h")
    assert specification["privateKey"]["rotationPolicy"] == "Always"
    name, kind = ("team", "Issuer") if variant == INGRESS else ("public", "ClusterIssuer")
    assert specification["issuerRef"] == {"name": name, "kind": kind, "group": "cert-manager.io"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_edge_mounts_the_secret_whole_once_it_is_there(variant: str, on_kubernetes: Deployed) -> None:
    recording = on_kubernetes(variant)
    asked = certificate(recording)
    assert cast(Object, asked.values["metadata"])["annotations"]["pulumi.com/waitFor"] == "condition=Ready"
    one, pod = edge(recording)
    assert asked.urn in one.request.dependencies
    secret = {"secretName": cast(Object, asked.values["spec"])["secretName"], "defaultMode": 0o440}
    (volume,) = [each["name"] for each in pod["volumes"] if each.get("secret") == secret]
    (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == volume]
    assert mount["readOnly"] is True and "subPath" not in mount
    configuration = file_of(recording, "edge", "nginx.conf")
    assert f"ssl_certificate {mount['mountPath']}/tls.crt;" in configuration
    assert f"ssl_certificate_key {mount['mountPath']}/tls.key;" in configuration
    assert pod["containers"][0]["args"][-2:] == [mount["mountPath"], "5"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_else_is_issued_for_the_edge(variant: str, on_kubernetes: Deployed) -> None:
    recording = on_kubernetes(variant)
    assert not [one for one in recording if one.type.startswith("tls:") and "edge" in one.name]
    assert not [one for one in recording.of_type(SECRET) if one.labels["org.portus-stack.role"] == "edge"]
    issuers = cast(Object, recording.named(f"{NAME}-topology").values["certificates"])
    assert issuers == {"edge": "issued", **dict.fromkeys(("database", "portus", "registry"), "generated")}


def test_issuers_ca_is_what_clients_and_processes_trust(on_kubernetes: Deployed) -> None:
    recording = on_kubernetes(INGRESS)
    assert recording.outputs[recording.named(NAME, COMPONENT).urn]["ca_certificate_pem"] == samples.CERTIFICATE
    for role, name in (("smoke_check", "ca.crt"), ("portus", "usr_share_pki_trust_anchors_portus-stack.crt")):
        trusted = [value for key, value in _data(recording, role).items() if key.endswith(name.rpartition("_")[2])]
        assert any(samples.CERTIFICATE in each and f"certificate {NAME}-ca" in each for each in trusted), role
    assert "system_trust" not in json.loads(file_of(recording, "smoke_check", "settings.json"))


def test_without_a_ca_the_system_is_trusted(on_kubernetes: Deployed) -> None:
    recording = on_kubernetes(ISSUED)
    assert recording.outputs[recording.named(NAME, COMPONENT).urn]["ca_certificate_pem"] == ""
    assert json.loads(file_of(recording, "smoke_check", "settings.json"))["system_trust"] is True


def _data(recording: Recording, role: str) -> dict[str, str]:
    (one,) = [one for one in recording.of_type(CONFIG_MAP) if one.labels["org.portus-stack.role"] == role]
    return cast(dict[str, str], one.values["data"])


def test_controller_presents_the_issued_certificate(on_kubernetes: Deployed) -> None:
    recording = on_kubernetes(INGRESS)
    (ingress,) = recording.of_type("kubernetes:networking.k8s.io/v1:Ingress")
    (tls,) = cast(Object, ingress.values["spec"])["tls"]
    assert tls["secretName"] == cast(Object, certificate(recording).values["spec"])["secretName"]


def test_gateway_verifies_the_edge_as_every_system_would(on_kubernetes: Deployed) -> None:
    (policy,) = on_kubernetes(GATEWAY).of_type("kubernetes:gateway.networking.k8s.io/v1:BackendTLSPolicy")
    validation = cast(Object, policy.values["spec"])["validation"]
    assert validation == {"wellKnownCACertificates": "System", "hostname": "portus.example.com"}


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
def test_ca_may_come_from_another_resource(preview: bool) -> None:
    """In a preview it is not known."""

    def program() -> None:
        options = pulumi.ResourceOptions(providers=providers())
        elsewhere = random.RandomPassword("elsewhere", length=20)
        path = ("certificates", "cert_manager", "ca_certificate_pem")
        args = samples.merged(samples.MINIMAL, kubernetes_args(INGRESS))
        given = elsewhere.result.apply(lambda _: samples.CERTIFICATE)
        PortusStack(NAME, cast(PortusStackArgs, samples.changed(args, path, given)), options)

    recording = record(program, preview=preview)
    (settings,) = [one for one in recording.of_type(CONFIG_MAP) if one.name == f"{NAME}-smoke-check-settings"]
    assert any(urn.endswith("::elsewhere") for urn in settings.request.propertyDependencies["data"].urns)


@pytest.mark.parametrize(
    ("args", "path", "reason"),
    [
        ({"certificates": {"cert_manager": kubernetes_samples.CERT_MANAGER}}, "", "is for target kubernetes only"),
        (
            {
                **kubernetes_samples.target(),
                "certificates": {"cert_manager": kubernetes_samples.CERT_MANAGER, **PROVIDED},
            },
            "",
            "and certificates.provided exclude each other",
        ),
        (
            {**kubernetes_samples.target(), "certificates": {"cert_manager": {"issuer": {"name": "a", "kind": "CA"}}}},
            ".issuer.kind",
            "must be one of ClusterIssuer, Issuer in group cert-manager.io, not CA",
        ),
        (
            {**kubernetes_samples.target(), "certificates": {"cert_manager": {}}},
            ".issuer.name",
            "is required: a name of a Kubernetes object: lower-case letters, digits, dashes and dots",
        ),
    ],
)
def test_what_cannot_work_is_refused(args: Object, path: str, reason: str) -> None:
    assert samples.problems({**samples.MINIMAL, **args}) == {f"certificates.cert_manager{path}": reason}


def test_issuer_of_another_group_has_kinds_of_its_own() -> None:
    issuer = {"name": "a", "kind": "StepClusterIssuer", "group": "certmanager.step.sm"}
    args = {**kubernetes_samples.target(), "certificates": {"cert_manager": {"issuer": issuer}}}
    assert samples.problems({**samples.MINIMAL, **args}) == {}


def test_cluster_without_cert_manager_is_told() -> None:
    told = explain(NAME, NAME, "edge", 'no matches for kind "Certificate" in version "cert-manager.io/v1"')
    assert "cert-manager is not in this cluster" in told
