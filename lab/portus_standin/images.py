"""Repositories and tags as Portus records them, from events and from the registry's catalog.

Sources: SUSE/Portus app/models/{repository,tag,registry}.rb.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from .accounts import PORTUS_USER, find_user
from .models import Activity, Namespace, Registry, Repository, Tag, User, now
from .registry_client import (
    CatalogEntry,
    Manifest,
    ManifestError,
    NotFoundError,
    RegistryClient,
    RequestError,
    UnexpectedAnswerError,
)
from .releases import mended

log = logging.getLogger(__name__)

#: What Portus expects when it asks for a manifest (repository.rb:146); a refusal of its realm is not among it.
MANIFEST_ERRORS = (RequestError, NotFoundError, ManifestError)


def record_activity(session: Session, key: str, repository: Repository, actor: User | None, tag: str = "") -> None:
    """Remember who did what to a repository."""
    session.add(
        Activity(
            trackable_id=repository.id,
            trackable_type="Repository",
            owner_id=actor.id if actor else None,
            key=key,
            parameters={"repository_name": repository.full_name, "tag_name": tag},
        )
    )


def find_namespace(session: Session, full_name: str, registry: Registry) -> tuple[Namespace | None, str]:
    """The namespace of a repository's full name, and the rest of the name."""
    query = select(Namespace).where(Namespace.registry_id == registry.id)
    first, slash, rest = full_name.partition("/")
    if slash:
        return session.scalar(query.where(Namespace.name == first)), rest
    return session.scalar(query.where(Namespace.is_global.is_(True))), full_name


def find_repository(session: Session, namespace: Namespace, name: str) -> Repository | None:
    """The repository of that name."""
    return session.scalar(select(Repository).where(Repository.namespace_id == namespace.id, Repository.name == name))


def image_id_of(client: RegistryClient, repository: str, digest: str) -> str:
    """The image id behind a digest, empty when the registry does not tell (an OCI manifest for one)."""
    try:
        return client.manifest(repository, digest).image_id if digest else ""
    except MANIFEST_ERRORS as error:
        log.warning("Could not fetch manifest for '%s' with digest '%s': %s", repository, digest, error)
        return ""


@dataclass(frozen=True)
class Push:
    """A tag that somebody pushed."""

    namespace: Namespace
    repository: str
    tag: str
    digest: str
    author: User


def record_push(session: Session, client: RegistryClient, push: Push) -> None:
    """Record a pushed tag; one that exists keeps its author."""
    repository = find_repository(session, push.namespace, push.repository)
    if repository is None:
        repository = Repository(name=push.repository, namespace=push.namespace)
        session.add(repository)
        session.flush()
    image_id = image_id_of(client, repository.full_name, push.digest)
    tag = next((tag for tag in repository.tags if tag.name == push.tag), None)
    if tag is None:
        repository.tags.append(Tag(name=push.tag, author=push.author, digest=push.digest, image_id=image_id))
    else:
        tag.digest, tag.image_id, tag.updated_at = push.digest, image_id, now()
    record_activity(session, "repository.push", repository, push.author, push.tag)


def forget_digest(session: Session, repository: Repository, digest: str, actor: User | None) -> None:
    """Remove the tags of a digest, and the repository with the last of them."""
    _forget(session, repository, [tag for tag in repository.tags if tag.digest == digest], actor)


def forget_tag(session: Session, repository: Repository, name: str, actor: User | None) -> None:
    """Remove one tag, and the repository with the last of them."""
    _forget(session, repository, [tag for tag in repository.tags if tag.name == name], actor)


def _forget(session: Session, repository: Repository, tags: list[Tag], actor: User | None) -> None:
    for tag in tags:
        log.info("Removed the tag '%s'.", tag.name)
        repository.tags.remove(tag)
        record_activity(session, "repository.delete", repository, actor, tag.name)
    session.flush()
    if not repository.tags:
        log.info("Removed the image '%s'.", repository.name)
        session.delete(repository)


def delete_tag(session: Session, client: RegistryClient, tag: Tag, actor: User) -> bool:
    """Delete by digest in the registry, so all tags of that digest go. False when the registry refuses."""
    repository = tag.repository
    try:
        digest = tag.digest or client.manifest(repository.full_name, tag.name).digest
        client.delete_manifest(repository.full_name, digest)
    except (RequestError, NotFoundError, ManifestError, UnexpectedAnswerError) as error:
        log.error("Could not delete tag on the registry: %s", error)
        return False
    tag.digest = digest
    forget_digest(session, repository, digest, actor)
    return True


Manifests = dict[str, Manifest | None]
"""Tag → its manifest, None where the registry gives none."""


def manifests_of(client: RegistryClient, entry: CatalogEntry) -> Manifests:
    """The manifests of a repository's tags.

    They are fetched before anything is written: a tag's author is a foreign key here and not in Portus, so that a
    transaction with a new tag would keep the hidden user from signing in for the next token.
    """
    return {tag: _manifest(client, entry["name"], tag) for tag in entry["tags"] or ()}


def _manifest(client: RegistryClient, repository: str, tag: str) -> Manifest | None:
    try:
        return client.manifest(repository, tag)
    except MANIFEST_ERRORS as error:
        log.warning("Could not fetch manifest for '%s' with tag '%s': %s", repository, tag, error)
        return None


def synchronise_repository(
    session: Session, registry: Registry, entry: CatalogEntry, manifests: Manifests
) -> Repository | None:
    """Make a repository's tags what the catalog says; None when its namespace is unknown."""
    namespace, name = find_namespace(session, entry["name"], registry)
    if namespace is None:
        return None
    repository = find_repository(session, namespace, name)
    if not entry["tags"]:
        return repository
    if repository is None:
        repository = Repository(name=name, namespace=namespace)
        session.add(repository)
        session.flush()
    portus = find_user(session, PORTUS_USER)
    known = {tag.name: tag for tag in repository.tags}
    for tag_name in entry["tags"]:
        manifest = manifests[tag_name]
        if tag_name not in known:
            image_id, digest = (manifest.image_id, manifest.digest) if manifest else ("", "")
            repository.tags.append(Tag(name=tag_name, author=portus, digest=digest, image_id=image_id))
            log.info("Created the tag '%s'.", tag_name)
            record_activity(session, "repository.push", repository, portus, tag_name)
        elif manifest and known[tag_name].digest != manifest.digest:
            known[tag_name].digest = manifest.digest
            if mended("oci_manifests"):
                known[tag_name].image_id = manifest.image_id
            record_activity(session, "repository.push", repository, portus, tag_name)
    for tag_name in known.keys() - set(entry["tags"]):
        repository.tags.remove(known[tag_name])
    return repository
