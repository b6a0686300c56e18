"""Portus' own security holes: what PortusStack puts beside Portus' code to close them is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..known_holes import SECURITY
from ..kubernetes import WORKLOADS, containers, pod_spec
from ..resource import Resource, Stack
from ..roles import CONTAINER, images
from ..rule import CRITICAL, MANDATORY, About, stack_rule
from ..values import Bad, Unseen, Verdicts
from .docker_hygiene import IMAGE
from .portus_settings import is_portus

_RELEASE = re.compile(r"portus\S*:2\.(\d+)(?:[.@_-]|$)")
_INITIALIZER = re.compile(r"/srv/Portus/config/initializers/portus_stack_(\w+)\.rb")
_ALL_RELEASES = range(6)


@stack_rule(
    *("P23", "portus-patches", "Portus' known security holes are closed", MANDATORY, CRITICAL),
    reason="without it whoever reaches Portus overwrites images, becomes administrator or forges events",
    fix="no `false` for a security patch in `portus.patches`; each hole stands in docs/security.md",
    source="SUSE/Portus app/models/namespace/auth_scope.rb, lib/api/v1/application_tokens.rb",
)
def holes_closed(stack: Stack) -> Iterator[About]:
    for resource in stack.of_type(CONTAINER, *WORKLOADS):
        if is_portus(resource) and resource.inside_component:
            for verdict in _missing(resource, _wanted(stack, resource)):
                yield About(resource, verdict)


def _wanted(stack: Stack, resource: Resource) -> list[str]:
    """The patches for the image's release; where nothing tells it, those that every release needs."""
    references = [node.text for node in images(resource)]
    references += [each.at("name").text for each in stack.sources(resource, "image") if each.type == IMAGE]
    known = [int(found[1]) for each in references if (found := _RELEASE.search(each))]
    releases = known[:1] or _ALL_RELEASES
    return [name for name, (since, until) in SECURITY.items() if all(since <= each <= until for each in releases)]


def _missing(resource: Resource, wanted: list[str]) -> Verdicts:
    place = resource.at("uploads") if resource.type == CONTAINER else pod_spec(resource).at("containers")
    if resource.type == CONTAINER:
        nodes = [each.at("file") for each in place.each()]
    else:
        nodes = [mount.at("mountPath") for each in containers(resource) for mount in each.at("volumeMounts").each()]
    if place.unknown or any(node.unknown for node in nodes):
        yield Unseen(place.path)
        return
    there = {found[1] for node in nodes if (found := _INITIALIZER.fullmatch(node.text))}
    for name in wanted:
        if name not in there:
            yield Bad(place.path, f"the patch {name} is missing")
