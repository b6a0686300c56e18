"""Volumes, load balancers and what the enforcer knows of pods, from the objects alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.cluster.addons import PROVISIONER
from lab.cluster.api import Object
from lab.cluster.controllers import enforcer, load_balancers, volumes
from lab.cluster.fields import part, text


def claim(phase: str = "Pending", size: str = "1Gi", has: str | None = None, node: str | None = "node-1") -> Object:
    annotations = {"volume.kubernetes.io/selected-node": node} if node else {}
    status: Object = {"phase": phase, **({"capacity": {"storage": has}} if has else {})}
    spec: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    metadata: Object = {"name": "data", "namespace": "shop", "uid": "42", "annotations": annotations}
    return {"metadata": metadata, "spec": spec, "status": status}


STANDARD: Object = {"metadata": {"name": "standard"}, "volumeBindingMode": "WaitForFirstConsumer"}


def test_claim_gets_a_volume_once_a_node_was_chosen() -> None:
    assert volumes.wants_volume(claim(), STANDARD)
    assert not volumes.wants_volume(claim(node=None), STANDARD)
    assert volumes.wants_volume(claim(node=None), {"volumeBindingMode": "Immediate"})
    assert not volumes.wants_volume(claim("Bound"), STANDARD)


def test_volume_answers_to_its_claim() -> None:
    made = volumes.volume_for(claim(size="3Gi"), STANDARD, Path("/somewhere/pvc-42"))
    assert text(made, "spec", "capacity", "storage") == "3Gi"
    assert text(made, "spec", "claimRef", "uid") == "42" and text(made, "spec", "local", "path") == "/somewhere/pvc-42"
    assert text(made, "spec", "persistentVolumeReclaimPolicy") == "Delete"
    kept = volumes.volume_for(claim(), {**STANDARD, "reclaimPolicy": "Retain"}, Path("/x"))
    assert text(kept, "spec", "persistentVolumeReclaimPolicy") == "Retain"


def test_bound_claim_that_asks_for_more_grows() -> None:
    volume: Object = {"status": {"phase": "Bound"}}
    assert volumes.wants_growth(claim("Bound", "2Gi", has="1Gi"), volume)
    assert not volumes.wants_growth(claim("Bound", "1Gi", has="1Gi"), volume)
    assert not volumes.wants_growth(claim("Bound", "2Gi"), volume)


@pytest.mark.parametrize(
    ("phase", "policy", "provisioner", "removed"),
    [
        ("Released", "Delete", PROVISIONER, True),
        ("Bound", "Delete", PROVISIONER, False),
        ("Released", "Retain", PROVISIONER, False),
        ("Released", "Delete", "somebody.else/volumes", False),
    ],
)
def test_only_our_own_released_volumes_are_removed(phase: str, policy: str, provisioner: str, removed: bool) -> None:
    volume: Object = {
        "metadata": {"name": "pvc-42", "annotations": {"pv.kubernetes.io/provisioned-by": provisioner}},
        "spec": {"persistentVolumeReclaimPolicy": policy},
        "status": {"phase": phase},
    }
    assert volumes.is_to_be_removed(volume) is removed


def service(name: str, kind: str = "LoadBalancer", address: str | None = None, **spec: object) -> Object:
    ingress: Object = {"ingress": [{"ip": address}]} if address else {}
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"type": kind, **spec},
        "status": {"loadBalancer": ingress},
    }


def changes(*services: Object) -> dict[str, str]:
    found = load_balancers.changes(services, ["10.0.0.1", "10.0.0.2"])
    return {text(part(one, "metadata"), "name"): address for one, address in found}


def test_load_balancer_gets_a_free_address_and_keeps_it() -> None:
    assert changes(service("old", address="10.0.0.1"), service("new")) == {"new": "10.0.0.2"}


def test_load_balancer_gets_the_address_that_it_asks_for_only_if_it_is_free() -> None:
    assert changes(service("new", loadBalancerIP="10.0.0.2")) == {"new": "10.0.0.2"}
    assert changes(service("old", address="10.0.0.2"), service("new", loadBalancerIP="10.0.0.2")) == {}


def test_load_balancers_beyond_the_addresses_wait() -> None:
    assert changes(service("a"), service("b"), service("c")) == {"a": "10.0.0.1", "b": "10.0.0.2"}


def test_other_services_lose_an_address_and_other_classes_are_left_alone() -> None:
    assert changes(service("was", kind="ClusterIP", address="10.0.0.1")) == {"was": ""}
    assert changes(service("foreign", loadBalancerClass="example.com/other")) == {}


def note(folder: Path, pod: str, address: str) -> None:
    """What CNI writes when a pod's network is ready."""
    arguments = [["K8S_POD_NAMESPACE", "shop"], ["K8S_POD_NAME", pod]]
    content = {"cniArgs": arguments, "result": {"ips": [{"address": f"{address}/24"}]}}
    (folder / f"pods-{pod}-eth0").write_text(json.dumps(content), encoding="utf-8")


def test_pods_of_the_node_are_known_from_their_networks_notes(tmp_path: Path) -> None:
    note(tmp_path, "web", "10.0.0.7")
    note(tmp_path, "of-another-cluster", "10.9.0.7")
    (tmp_path / "pods-half-eth0").write_text('{"cniArgs": [', encoding="utf-8")
    assert enforcer.local_addresses(tmp_path, "10.0.0.0/24") == {("shop", "web"): "10.0.0.7"}


def test_pods_that_ended_or_have_no_network_of_their_own_are_no_peers() -> None:
    def described(name: str, phase: str = "Running", **spec: object) -> Object:
        metadata = {"namespace": "shop", "name": name}
        return {"metadata": metadata, "spec": spec, "status": {"phase": phase, "podIP": "10.0.0.1"}}

    contents = [described("runs"), described("done", "Succeeded"), described("node", hostNetwork=True)]
    assert [pod.name for pod in enforcer.pods_with_addresses(contents, {})] == ["runs"]
    assert enforcer.pods_with_addresses(contents, {("shop", "runs"): "10.0.0.9"})[0].address == "10.0.0.9"
