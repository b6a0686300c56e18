"""Kubernetes: the images of pods, and for both targets where images come from."""

from __future__ import annotations

from collections.abc import Iterator

from ..kubernetes import WORKLOADS, containers, is_patch
from ..resource import Resource, Stack
from ..roles import role_of
from ..rule import ADVISORY, HIGH, LOW, MANDATORY, About, rule, stack_rule
from ..values import Bad, Node, Verdicts, demand, forbid
from .docker_hygiene import DIGEST, IMAGE


@rule(
    *("K22", "k8s-image-digest", "images pinned by digest", MANDATORY, HIGH),
    reason="a tag can be moved to another image at any time",
    fix="`image: repository:tag@sha256:…`",
    source="NIST SP 800-190 4.1.5; CKV_K8S_43",
    types=WORKLOADS,
)
def image_digest(workload: Resource) -> Verdicts:
    local = workload.settings.local_images
    for container in containers(workload):
        image = container.at("image")
        if not (is_patch(workload) and image.missing):
            yield from demand(
                image, lambda value: DIGEST.search(str(value)) or (bool(local) and str(value).startswith(local))
            )


@stack_rule(
    *("K23", "stack-image-registry", "images from where they may come from", MANDATORY, HIGH),
    reason="an image from anywhere is code from anybody; and a registry that pulls itself from itself cannot start",
    fix="an image below one of `image_registries`; the stack's own images from another registry",
    source="NIST SP 800-190 4.1.5",
)
def image_registry(stack: Stack) -> Iterator[About]:
    hosts = _own_registries(stack)
    for resource in stack.of_type(*WORKLOADS, IMAGE):
        for image in (
            [resource.at("name")] if resource.type == IMAGE else [each.at("image") for each in containers(resource)]
        ):
            allowed = resource.settings.image_registries
            for verdict in forbid(
                image,
                lambda value: bool(allowed) and not full_name(str(value or "")).startswith(allowed),
            ):
                yield About(resource, verdict)
            if image.text.partition("/")[0] in hosts and (resource.inside_component or role_of(resource)):
                yield About(resource, Bad(image.path, "it comes from the very registry that it belongs to"))


def full_name(image: str) -> str:
    """An image reference with the registry and the namespace that short names stand for."""
    first, slash, _ = image.partition("/")
    if slash and (any(mark in first for mark in ".:") or first == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def _own_registries(stack: Stack) -> set[str]:
    components = [each for each in stack.resources if each.type == "portus:index:PortusStack"]
    return {Node(each.outputs.get("registry_url")).text for each in components} - {""}


@rule(
    *("K24", "k8s-pull-policy", "images are looked up", ADVISORY, LOW),
    reason="an image that is never looked up runs without the node's asking whether the pod may have it",
    fix="`imagePullPolicy: Always`, or a digest",
    source="CKV_K8S_15; kube-score",
    types=WORKLOADS,
)
def pull_policy(workload: Resource) -> Verdicts:
    for container in containers(workload):
        policy, image = container.at("imagePullPolicy"), container.at("image")
        pinned = bool(DIGEST.search(image.text)) or image.unknown
        local = bool(workload.settings.local_images) and image.text.startswith(workload.settings.local_images)
        if not is_patch(workload) and not local:  # what was built on the node is looked up nowhere
            yield from demand(policy, lambda value: value == "Always" or (pinned and value != "Never"))
