"""What a PortusStack registers: names, parents, providers, fate, labels, order."""

import re
from collections.abc import Callable

import pulumi
import pytest

from components.portus import OUTPUTS, PortusStack
from components.portus.naming import DEPLOYMENT_LABEL, NAME_LABEL, ROLE_LABEL
from tests.component.deployments import NAME, VARIANTS, deploy, providers
from tests.component.recorder import (
    COMPONENT,
    CONTAINER,
    IDENTIFIER,
    IMAGE,
    NETWORK,
    PASSWORD,
    PRIVATE_KEY,
    REPORT,
    VOLUME,
    Recording,
    Registration,
    record,
)
from tests.unit.portus import samples, topologies

Deployed = Callable[..., Recording]
PROVIDER = "pulumi:providers:"
ROLES = {"database", "registry", "portus", "background", "edge", "backup", "bootstrap", "smoke-check"}
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def ours(recording: Recording) -> list[Registration]:
    """All but the providers that the program itself made."""
    return [
        one for one in recording if not (one.type.startswith(PROVIDER) and not one.request.parent.count("::portus:"))
    ]


def inside(recording: Recording) -> list[Registration]:
    return [one for one in ours(recording) if one.type != COMPONENT]


@each_variant
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
def test_names_are_unique_and_begin_with_the_name_of_the_stack(variant: str, preview: bool, deployed: Deployed) -> None:
    recording = deployed(variant, preview)
    assert len({one.urn for one in recording}) == len(recording.registrations)
    assert len({(one.type, one.name) for one in recording}) == len(recording.registrations)
    for one in inside(recording):
        assert re.fullmatch(rf"{NAME}-[a-z0-9-]+[a-z0-9]", one.name), one.urn


@each_variant
def test_everything_hangs_below_the_component(variant: str, deployed: Deployed) -> None:
    urns = {one.urn for one in deployed(variant)}
    for one in inside(deployed(variant)):
        assert one.request.parent in urns, one.urn
        assert "portus:index:PortusStack$portus:internal:" in one.urn


@each_variant
def test_what_a_role_needs_is_its_child_and_was_a_child_of_the_target(variant: str, deployed: Deployed) -> None:
    target = f"{COMPONENT}$portus:internal:DockerTarget::{NAME}-docker"
    owned = [one for token in (CONTAINER, VOLUME) for one in deployed(variant).of_type(token)]
    assert owned
    for one in owned:
        role = one.labels[ROLE_LABEL]
        kind = "".join(word.capitalize() for word in re.split("[-_]", role))
        assert one.request.parent.endswith(f"$portus:internal:{kind}::{NAME}-{role.replace('_', '-')}"), one.urn
        (alias,) = one.request.aliases
        assert alias.spec.parentUrn.endswith(target), one.urn


@each_variant
def test_no_default_provider_is_used(variant: str, deployed: Deployed) -> None:
    for one in inside(deployed(variant)):
        if one.request.custom and not one.type.startswith(PROVIDER):
            package = one.type.split(":")[0]
            assert f"::pulumi:providers:{package}::" in one.request.provider.replace("$", "::"), one.urn


@each_variant
def test_preview_and_update_ask_for_the_same_resources(variant: str, deployed: Deployed) -> None:
    assert {one.urn for one in deployed(variant, True)} == {one.urn for one in deployed(variant)}


@each_variant
def test_everything_on_docker_is_labelled(variant: str, deployed: Deployed) -> None:
    for token in (CONTAINER, NETWORK, VOLUME):
        found = deployed(variant).of_type(token)
        assert found
        for one in found:
            assert one.labels[NAME_LABEL] == NAME
            assert re.fullmatch("[0-9a-f]{8}", one.labels[DEPLOYMENT_LABEL])
            assert one.labels[ROLE_LABEL]
    for one in deployed(variant).containers.values():
        assert one.name == f"{NAME}-{one.labels[ROLE_LABEL].replace('_', '-')}"


@each_variant
def test_names_on_docker_are_those_of_the_resources(variant: str, deployed: Deployed) -> None:
    """Two PortusStacks on one host never meet: all is named after the stack, volumes after the deployment too."""
    for one in deployed(variant).of_type(CONTAINER) + deployed(variant).of_type(NETWORK):
        assert one.values["name"] == one.name
    for one in deployed(variant).of_type(VOLUME):
        name = f"{one.name}-{one.labels[DEPLOYMENT_LABEL]}"
        # One that is filled from an image is another one for another image.
        assert re.fullmatch(
            f"{name}-[0-9a-f]{{12}}" if one.name.endswith("-program") else name, str(one.values["name"])
        )


@each_variant
def test_only_the_edge_is_published(variant: str, deployed: Deployed) -> None:
    published = {name for name, one in deployed(variant).containers.items() if one.values.get("ports")}
    private = {f"{NAME}-registry", f"{NAME}-portus"} if variant in ("three hosts", "every argument") else set()
    assert f"{NAME}-edge" in published
    assert published <= {f"{NAME}-edge"} | private
    for name in private & published:
        for port in deployed(variant).containers[name].values["ports"]:  # type: ignore[union-attr]
            assert port["ip"].startswith("10.0.0."), "a private address"  # type: ignore[call-overload, index, union-attr]


@each_variant
def test_processes_are_those_of_the_plan(variant: str, deployed: Deployed) -> None:
    expected = {process.name.replace("_", "-") for process in topologies.topology(VARIANTS[variant]).processes}
    assert {name.removeprefix(f"{NAME}-") for name in deployed(variant).containers} == expected
    assert expected <= ROLES


@each_variant
def test_containers_wait_for_those_before_them(variant: str, deployed: Deployed) -> None:
    containers = deployed(variant).containers
    for process in topologies.topology(VARIANTS[variant]).processes:
        container = containers[f"{NAME}-{process.name.replace('_', '-')}"]
        for earlier in process.after:
            assert containers[f"{NAME}-{earlier}"].urn in container.request.dependencies, (
                f"{process.name} after {earlier}"
            )


@each_variant
def test_new_files_come_when_it_is_their_process_turn(variant: str, deployed: Deployed) -> None:
    """Replacing them deletes whoever has the former ones, who serves until then."""
    recording = deployed(variant)
    for process in topologies.topology(VARIANTS[variant]).processes:
        name = f"{NAME}-{process.name.replace('_', '-')}-files"
        for upload in (one for one in recording.of_type(CONTAINER) if one.name == name):
            earlier = {recording.containers[f"{NAME}-{each}"].urn for each in process.after}
            assert earlier <= set(upload.request.dependencies), name


@each_variant
def test_containers_are_replaced_where_the_provider_would_change_nothing(variant: str, deployed: Deployed) -> None:
    for one in deployed(variant).containers.values():
        assert {"healthcheck", "tmpfs", "init"} <= set(one.request.replaceOnChanges)
        assert one.request.deleteBeforeReplace, "a new one of the same name is refused while the old one is there"
        assert one.values["wait"] is True


@each_variant
def test_containers_are_confined(variant: str, deployed: Deployed) -> None:
    for one in deployed(variant).containers.values():
        values = one.values
        assert values["memory"] == values["memorySwap"]
        assert values["restart"] == "always"
        assert "networkMode" not in values
        assert "privileged" not in values
        assert values["capabilities"]["drops"] == ["ALL"]  # type: ignore[call-overload, index]
        sudo = variant.endswith("generation 1") and one.name == f"{NAME}-portus"
        assert bool(values.get("securityOpts")) != sudo


def kept(recording: Recording) -> list[Registration]:
    """The data, and the credentials that open it: a container's files hold neither."""
    data = [one for one in recording.of_type(VOLUME) if one.name.endswith("-data")]
    renewable = (f"{NAME}-session-key", f"{NAME}-http-secret", f"{NAME}-webhook-secret")
    passwords = [one for one in recording.of_type(PASSWORD) if one.name not in renewable]
    return [*data, *passwords, *recording.of_type(IDENTIFIER)]


@each_variant
def test_credentials_have_the_fate_of_the_data(variant: str, deployed: Deployed) -> None:
    settings = samples.settings(VARIANTS[variant])
    found = kept(deployed(variant))
    assert {(one.request.protect, one.request.retainOnDelete) for one in found} == {
        (settings.data.protect, settings.data.retain)
    }, {one.name: (one.request.protect, one.request.retainOnDelete) for one in found}


@each_variant
def test_destroy_meets_the_protection_before_anything_else(variant: str, deployed: Deployed) -> None:
    """The engine deletes dependents first: what depends on everything is the first that it looks at."""
    recording = deployed(variant)
    protection = recording.named(f"{NAME}-data-protection")
    assert protection.request.protect == samples.settings(VARIANTS[variant]).data.protect
    everything = {one.urn for one in inside(recording) if one.request.custom and not one.type.startswith(PROVIDER)}
    assert everything <= set(protection.request.dependencies)
    # A component without children is nobody's dependency, and would be deleted at once.
    assert recording.named(f"{NAME}-topology").request.protect == protection.request.protect


def test_what_can_be_made_again_is_never_protected(deployed: Deployed) -> None:
    recording = deployed()
    protected = {one.name for one in recording if one.request.protect}
    assert {f"{NAME}-session-key", f"{NAME}-http-secret", f"{NAME}-token-key", f"{NAME}-edge-key"}.isdisjoint(protected)
    assert not [one for one in recording if one.request.protect and one.type in (CONTAINER, NETWORK, IMAGE)]


def test_images_are_left_on_the_host(deployed: Deployed) -> None:
    for one in deployed().of_type(IMAGE):
        assert one.values["keepLocally"] is True


def test_containers_use_images_by_id(deployed: Deployed) -> None:
    for one in deployed().of_type(CONTAINER):
        assert str(one.values["image"]).startswith("sha256:")


def test_rotation_renews_what_it_names_and_nothing_else(deployed: Deployed) -> None:
    before, after = deployed(), deployed("rotated")
    renewed = {
        one.name
        for one in after
        if one.request.replacement_trigger != before.named(one.name, one.type).request.replacement_trigger
        or one.values.get("keepers") != before.named(one.name, one.type).values.get("keepers")
    }
    assert renewed == {
        f"{NAME}-{kind}"
        for kind in (
            *("token-key", "edge-key", "portus-key", "registry-key", "database-key"),
            *("session-key", "http-secret", "webhook-secret"),
        )
    }
    authority = (f"{NAME}-ca-key", f"{NAME}-ca")
    assert renewed.isdisjoint(authority), "clients trust the CA"


def test_keys_have_a_trigger_before_their_first_rotation(deployed: Deployed) -> None:
    """The engine takes a missing trigger for “never”: one that only then appears would replace nothing."""
    keys = [one for one in deployed().of_type(PRIVATE_KEY) if one.name != f"{NAME}-ca-key"]
    assert keys
    assert all(one.request.HasField("replacement_trigger") for one in keys)


def test_generation_1_signs_tokens_with_its_tls_key(deployed: Deployed) -> None:
    names = {one.name for one in deployed("generation 1").of_type(PRIVATE_KEY)}
    assert names == {f"{NAME}-{kind}-key" for kind in ("ca", "token", "edge", "registry", "database")}


def test_outputs_are_complete_and_alike_in_name(deployed: Deployed) -> None:
    for variant in VARIANTS:
        recording = deployed(variant)
        (component,) = recording.of_type(COMPONENT)
        outputs = recording.outputs[component.urn]
        assert set(outputs) == set(OUTPUTS)
        assert outputs["smoke_check"] == ({} if variant == "no smoke check" else REPORT)
        assert outputs["stand_in"] is False


def test_images_output_names_every_process(deployed: Deployed) -> None:
    recording = deployed()
    images = recording.outputs[recording.named(NAME, COMPONENT).urn]["images"]
    assert isinstance(images, dict)
    assert {name.replace("_", "-") for name in images} == ROLES - {"backup"}
    assert all("@sha256:" in str(digest) for digest in images.values())


def test_preview_knows_that_the_outputs_are_still_to_come(deployed: Deployed) -> None:
    recording = deployed(preview=True)
    outputs = recording.outputs[recording.named(NAME, COMPONENT).urn]
    assert outputs["stand_in"] is False
    assert outputs["portus_url"] != "https://portus.example.com", "nothing answers there yet"
    assert recording.invokes == [], "no log can be read before there is a container"


def _graph(recording: Recording) -> dict[str, str]:
    return {one.urn: one.visible for one in recording}


def _turned(value: object) -> object:
    """The same mapping with its keys the other way round."""
    if isinstance(value, dict):
        return {key: _turned(item) for key, item in reversed(value.items())}
    return value


@pytest.mark.parametrize("variant", ["default", "secret options", "three hosts", "every argument"])
def test_order_of_the_arguments_changes_nothing(variant: str, deployed: Deployed) -> None:
    turned = _turned(samples.merged(samples.MINIMAL, VARIANTS[variant]))
    assert isinstance(turned, dict)
    assert _graph(deploy(turned)) == _graph(deployed(variant))


def test_two_stacks_live_in_one_program() -> None:
    def program() -> None:
        options = pulumi.ResourceOptions(providers=providers())
        for name, port in (("one", 8443), ("two", 9443)):
            hosts = {role: f"{role}.{name}.test:{port}" for role in ("portus", "registry")}
            PortusStack(name, {"hostnames": hosts}, options)  # type: ignore[typeddict-item]

    recording = record(program)
    assert len({one.urn for one in recording}) == len(recording.registrations)
    for token in (CONTAINER, NETWORK, VOLUME):
        names = [str(one.values["name"]) for one in recording.of_type(token)]
        assert len(names) == len(set(names))
    deployments = {one.labels[NAME_LABEL]: one.labels[DEPLOYMENT_LABEL] for one in recording.of_type(VOLUME)}
    assert len(set(deployments.values())) == 2
    assert {f"{name}-evidence" for name in recording.containers} <= set(recording.hooks)
    assert len(recording.containers) == 14


def test_options_reach_every_child() -> None:
    """By the SDK, that is: transforms, aliases and ``retain_on_delete`` are handed on by the engine."""
    for one in inside(deploy({"data": {"protect": False}}, opts=pulumi.ResourceOptions(protect=True))):
        assert one.request.protect, one.urn


def test_several_hosts_have_a_provider_each(deployed: Deployed) -> None:
    recording = deployed("three hosts")
    hosts = {one.name for one in recording.of_type("pulumi:providers:docker") if one.name.startswith(f"{NAME}-host-")}
    assert hosts == {f"{NAME}-host-{host}" for host in ("front", "core", "disks")}
    places = {"edge": "front", "portus": "core", "database": "core", "background": "core", "registry": "disks"}
    for role, host in places.items():
        provider = recording.containers[f"{NAME}-{role}"].request.provider
        assert f"::{NAME}-host-{host}::" in provider
        for kind in (VOLUME, NETWORK):
            for one in recording.of_type(kind):
                if one.labels[ROLE_LABEL].startswith(role):
                    assert f"::{NAME}-host-{host}::" in one.request.provider, one.urn


def test_ssh_checks_host_keys(deployed: Deployed) -> None:
    for one in deployed("three hosts").of_type("pulumi:providers:docker"):
        if one.name.startswith(f"{NAME}-host-"):
            assert "StrictHostKeyChecking=yes" in str(one.values["sshOpts"])
