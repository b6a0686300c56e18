"""Which role of a PortusStack a resource plays.

A member's role is what its parents say, which nobody can declare. What stands outside of a component is what it runs;
its own labels count only where that does not tell.
"""

from __future__ import annotations

import re

from .resource import ROLE_LABEL, Resource, Stack
from .values import Node

CONTAINER = "docker:index/container:Container"
PORTUS, REGISTRY, DATABASE, EDGE, BACKGROUND = "portus", "registry", "database", "edge", "background"
BACKUP = "backup"
_KUBERNETES_LABELS = (ROLE_LABEL, "app.kubernetes.io/component", "app.kubernetes.io/name")
_ROLES = (PORTUS, REGISTRY, DATABASE, EDGE, BACKGROUND, BACKUP, "bootstrap", "smoke_check", "smoke-check", "migrate")
_SYNONYMS = {"mariadb": DATABASE, "mysql": DATABASE}
_IMAGES = {
    "portus": PORTUS,
    "portus-standin": PORTUS,
    "registry": REGISTRY,
    "distribution": REGISTRY,
    "mariadb": DATABASE,
    "mysql": DATABASE,
    "percona": DATABASE,
    **dict.fromkeys(("mariadb-server", "mysql-server", "percona-server", "mariadb-galera"), DATABASE),
}
_OF_PORTUS_IMAGE = (BACKGROUND, "bootstrap", "migrate")
"""Roles that the image of Portus has too; labels tell them apart."""
_INTERNAL = "portus:internal:"
_SERVER_VARIABLE = re.compile(r"^(?:MARIADB|MYSQL)_(?:ROOT_PASSWORD|ROOT_HOST|RANDOM_ROOT|ALLOW_EMPTY|INITDB)")
_SERVER_PROGRAM = re.compile(r"(?:^|/)(?:mariadbd|mysqld)(?:[-_]safe)?$")


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
    found = _by_parents(resource)
    if found:
        return found
    declared, told = _by_labels(resource)
    if resource.inside_component and told:
        return declared
    nature = _by_nature(resource)
    if nature == PORTUS and declared in _OF_PORTUS_IMAGE:
        return declared
    return nature or declared


def _by_parents(resource: Resource) -> str:
    """The role of the part of a PortusStack that a resource belongs to: ``portus:internal:SmokeCheck``."""
    if not resource.inside_component:
        return ""
    for parent in reversed(resource.qualified_type.split("$")[:-1]):
        name = parent.removeprefix(_INTERNAL) if parent.startswith(_INTERNAL) else ""
        role = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        if role in _ROLES:
            return role
    return ""


def _by_labels(resource: Resource) -> tuple[str, bool]:
    """The role that labels declare, and whether PortusStack's own label is there at all."""
    found = labels(resource)
    for label in _KUBERNETES_LABELS:
        value = found.get(label, "").replace("-", "_")
        value = _SYNONYMS.get(value, value)
        if value in _ROLES:
            return value, True
        if label == ROLE_LABEL and value:
            return "", True
    return "", False


def _by_nature(resource: Resource) -> str:
    """The role of what a container or a pod runs: by its image, by what a database server alone is told."""
    names = (repository(image.text) for image in images(resource))
    found = next((_IMAGES[name] for name in names if name in _IMAGES), "")
    if found or resource.type != CONTAINER:
        return found
    variables = (each.text for each in resource.at("envs").each())
    programs = [each.text for place in ("entrypoints", "command") for each in resource.at(place).each()]
    serves = any(map(_SERVER_VARIABLE.match, variables)) or any(map(_SERVER_PROGRAM.search, programs))
    return DATABASE if serves else ""


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


def owner(stack: Stack, resource: Resource) -> str:
    """URN of the PortusStack that a resource belongs to, "" for none.

    Where its parents are not in the stack, the type of its URN has to do: then every PortusStack is the same one.
    """
    seen: Resource | None = resource
    for _ in range(len(stack.resources)):
        if seen is None or not seen.inside_component:
            break
        above = stack.by_urn.get(seen.parent)
        if above is not None and above.is_component:
            return above.urn
        seen = above
    return "portus" if resource.inside_component else ""
