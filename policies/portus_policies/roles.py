"""Which role of a PortusStack a resource plays: by label, else by image, else none."""

from __future__ import annotations

import re

from .resource import ROLE_LABEL, Resource
from .values import Node

CONTAINER = "docker:index/container:Container"
PORTUS, REGISTRY, DATABASE, EDGE, BACKGROUND = "portus", "registry", "database", "edge", "background"
_KUBERNETES_LABELS = (ROLE_LABEL, "app.kubernetes.io/component", "app.kubernetes.io/name")
_ROLES = (PORTUS, REGISTRY, DATABASE, EDGE, BACKGROUND, "bootstrap", "smoke_check", "smoke-check", "migrate")
_SYNONYMS = {"mariadb": DATABASE, "mysql": DATABASE}
_IMAGES = {
    "portus": PORTUS,
    "portus-standin": PORTUS,
    "registry": REGISTRY,
    "distribution": REGISTRY,
    "mariadb": DATABASE,
    "mysql": DATABASE,
}


def labels(resource: Resource) -> dict[str, str]:
    """The labels of a Docker or Kubernetes resource that can be read (of a workload, its pods')."""
    found: dict[str, str] = {}
    for each in resource.at("labels").each():
        found[each.at("label").text] = each.at("value").text
    for place in (
        ("metadata",),
        ("spec", "template", "metadata"),
        ("spec", "jobTemplate", "spec", "template", "metadata"),
    ):
        found |= {key: node.text for key, node in resource.at(*place, "labels").entries()}
    return found


def repository(image: str) -> str:
    """The last part of an image's name, without tag and digest."""
    return re.split(r"[:@]", image.rpartition("/")[2])[0]


def images(resource: Resource) -> list[Node]:
    """The image references of a container or a pod."""
    if resource.type == CONTAINER:
        return [resource.at("image")]
    pod = resource.at("spec", "template", "spec")
    pod = resource.at("spec") if pod.missing else pod
    return [each.at("image") for each in pod.at("containers").each()]


def role_of(resource: Resource) -> str:
    """The role, "" for none that we know."""
    if "role" not in resource.known:
        resource.known["role"] = _role_of(resource)
    return resource.known["role"]


def _role_of(resource: Resource) -> str:
    found = labels(resource)
    for label in _KUBERNETES_LABELS:
        value = found.get(label, "").replace("-", "_")
        value = _SYNONYMS.get(value, value)
        if value in _ROLES:
            return value
        if label == ROLE_LABEL and value:
            return ""
    names = (repository(image.text) for image in images(resource))
    return next((_IMAGES[name] for name in names if name in _IMAGES), "")


def selected_role(selector: Node) -> str:
    """The role of the pods that a Kubernetes selector selects, "" where it names none."""
    wanted = {key: node.text.replace("-", "_") for key, node in selector.at("matchLabels").entries()}
    for label in _KUBERNETES_LABELS:
        if label in wanted:
            return _SYNONYMS.get(wanted[label], wanted[label])
    return ""


def runs(resource: Resource) -> bool:
    """Whether a Docker container is ever started (one that is not only carries files into a volume)."""
    return resource.at("start").value is not False
