"""Notifications of the registry: which are accepted, and what an accepted one does.

Sources: SUSE/Portus lib/portus/registry_notification.rb, app/models/{registry,registry_event,repository}.rb.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from .accounts import find_user
from .images import MANIFEST_ERRORS, Push, find_namespace, find_repository, forget_digest, forget_tag, record_push
from .manifests import TYPES
from .models import EventStatus, Registry, RegistryEvent
from .options import Options
from .registries import client_of
from .registry_client import RegistryClient
from .releases import mended

log = logging.getLogger(__name__)

Event = Mapping[str, object]


class EventError(Exception):
    """An event on which Portus breaks (registry_notification.rb:63): the request fails, whatever else it holds."""


_ACTIONS = ("push", "delete")
_MANIFEST_PREFIX = "application/vnd.docker.distribution.manifest"
_LISTED_TYPES = (f"{_MANIFEST_PREFIX}.v2+json", f"{_MANIFEST_PREFIX}.list.v2+json")


def _part(event: Event, name: str) -> Mapping[str, str]:
    part = event.get(name)
    return cast("Mapping[str, str]", part) if isinstance(part, dict) else {}


def relevant(event: Event) -> bool:
    """Deletions, and pushes of Docker manifests: an OCI manifest is no Docker manifest and is dropped.

    Raises EventError for an event without a media type, whatever happened. Mended: every manifest, and what has a tag.
    """
    if not isinstance(event.get("target"), dict):
        log.debug("Wrong format for event")
        return False
    if event.get("action") == "delete":
        return True
    target = _part(event, "target")
    media_type = target.get("mediaType")
    if mended("oci_manifests") and (media_type in TYPES or not media_type):
        return event.get("action") in _ACTIONS and bool(media_type or target.get("tag"))
    if not isinstance(media_type, str):
        raise EventError("undefined method `starts_with?' for nil:NilClass")
    if event.get("action") not in _ACTIONS:
        log.debug("Unsupported '%s' event", event.get("action"))
        return False
    return media_type.startswith(_MANIFEST_PREFIX)


def _data(event: Event) -> str:
    """What is stored of an event; the column takes 65,535 bytes of three-byte characters."""
    if not mended("oci_manifests"):
        return json.dumps(event, ensure_ascii=False)
    target = {key: value for key, value in _part(event, "target").items() if key != "references"}
    return json.dumps({**event, "target": target})


def receive(session: Session, events: Sequence[Event], portus_password: str, options: Options) -> None:
    """Take the events of one request: generation 1 handles them at once, later ones store them for the background."""
    generation = options.generation
    for event in events:
        identity = str(event.get("id", ""))
        if not relevant(event) or session.scalar(select(RegistryEvent.id).where(RegistryEvent.event_id == identity)):
            continue
        stored = RegistryEvent(event_id=identity)
        if generation > 1:
            stored.data, stored.status = _data(event), EventStatus.fresh
        if generation > 1 or event["action"] == "push":
            session.add(stored)
        # One after the other: those before an event on which Portus breaks are kept.
        session.commit()
        if generation == 1:
            handle(session, event, portus_password, options)


def handle(session: Session, event: Event, portus_password: str, options: Options) -> None:
    """Do what an event says. One of an unknown registry, namespace or user changes nothing."""
    log.info("Handling '%s' event of repository '%s'", event["action"], _part(event, "target").get("repository"))
    registry = registry_of_event(session, event)
    if registry is None:
        log.info("Ignoring event coming from unknown registry %s", _part(event, "request").get("host"))
        return
    client = client_of(registry, portus_password, options)
    if event["action"] == "push":
        _push(session, registry, client, event)
    else:
        _delete(session, registry, event)


def registry_of_event(session: Session, event: Event) -> Registry | None:
    """The registry that sent an event, by its inner or its public name."""
    host = _part(event, "request").get("host", "")
    registry = session.scalar(select(Registry).where(Registry.hostname == host))
    return registry or session.scalar(select(Registry).where(Registry.external_hostname == host))


def _push(session: Session, registry: Registry, client: RegistryClient, event: Event) -> None:
    target = _part(event, "target")
    namespace, name = find_namespace(session, target.get("repository", ""), registry)
    if namespace is None:
        log.error("Cannot find namespace of %s under registry %s", target.get("repository"), registry.hostname)
        return
    tag = target.get("tag") or _tag_from_registry(session, client, registry, target)
    if not tag:
        return
    author = find_user(session, _part(event, "actor").get("name", ""))
    if author is None:
        log.error("Cannot find user %s", _part(event, "actor").get("name"))
        return
    record_push(session, client, Push(namespace, name, tag, target.get("digest", ""), author))


def _tag_from_registry(
    session: Session, client: RegistryClient, registry: Registry, target: Mapping[str, str]
) -> str | None:
    """The tag of an event without one (registries before 2.4): the first that Portus does not know yet."""
    if mended("oci_manifests") or target.get("mediaType") not in _LISTED_TYPES:
        log.info("Could not fetch the tag for a target of type %s", target.get("mediaType"))
        return None
    full_name = target["repository"]
    try:
        tags = client.tags(full_name)
    except MANIFEST_ERRORS as error:
        log.info("Could not fetch the tag of %s: %s", full_name, error)
        return None
    namespace, name = find_namespace(session, full_name, registry)
    repository = find_repository(session, namespace, name) if namespace else None
    known = {tag.name for tag in repository.tags} if repository else set()
    return next((tag for tag in tags if tag not in known), None)


def _delete(session: Session, registry: Registry, event: Event) -> None:
    target = _part(event, "target")
    namespace, name = find_namespace(session, target.get("repository", ""), registry)
    repository = find_repository(session, namespace, name) if namespace else None
    if repository is None or repository.marked:
        return
    actor = find_user(session, _part(event, "actor").get("name", ""))
    digest = target.get("digest", "")
    if not digest and mended("oci_manifests"):
        forget_tag(session, repository, target.get("tag", ""), actor)
    else:
        forget_digest(session, repository, digest, actor)
