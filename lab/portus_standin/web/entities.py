"""How the API shows things (SUSE/Portus 2.4.3 lib/api/entities.rb, the outside view)."""

from __future__ import annotations

from datetime import datetime

from ..models import ApplicationToken, Namespace, Registry, Repository, Role, Tag, Team, TeamUser, User, Visibility

Entity = dict[str, object]


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _times(record: User | Registry | Tag | Repository | Team | TeamUser | Namespace) -> Entity:
    return {"created_at": _time(record.created_at), "updated_at": _time(record.updated_at)}


def user(record: User) -> Entity:
    """A user without anything secret."""
    return {
        "id": record.id,
        "username": record.username,
        "email": record.email,
        "current_sign_in_at": _time(record.current_sign_in_at),
        "last_sign_in_at": _time(record.last_sign_in_at),
        "admin": record.admin,
        "enabled": record.enabled,
        "locked_at": _time(record.locked_at),
        "namespace_id": record.namespace_id,
        "display_name": record.display_name,
        "bot": record.bot,
        **_times(record),
    }


def application_token(record: ApplicationToken) -> Entity:
    """An application token without the token."""
    return {"id": record.id, "application": record.application}


def registry(record: Registry) -> Entity:
    """The registry record."""
    return {
        "id": record.id,
        "name": record.name,
        "hostname": record.hostname,
        "external_hostname": record.external_hostname,
        "use_ssl": record.use_ssl,
        **_times(record),
    }


def tag(record: Tag) -> Entity:
    """A tag with its author."""
    author = record.author
    return {
        "id": record.id,
        "name": record.name,
        "author": {"id": author.id if author else None, "name": author.username if author else None},
        "digest": record.digest,
        "image_id": record.image_id,
        "scanned": 0,
        "vulnerabilities": None,
        **_times(record),
    }


def repository(record: Repository) -> Entity:
    """A repository; its registry's name is the one that users type."""
    place = record.namespace
    return {
        "id": record.id,
        "name": record.name,
        "full_name": record.full_name,
        "namespace": {"id": place.id, "name": place.name},
        "registry_hostname": place.home.external_hostname or place.home.hostname,
        "stars": 0,
        "tags_count": len(record.tags),
        **_times(record),
    }


def namespace(record: Namespace) -> Entity:
    """A namespace with its team."""
    return {
        "id": record.id,
        "name": record.clean_name,
        "description": record.description,
        "team": {"id": record.team.id, "name": record.team.name, "hidden": record.team.hidden},
        "visibility": Visibility(record.visibility).name,
        "global": record.is_global,
        **_times(record),
    }


def team(record: Team) -> Entity:
    """A team."""
    return {
        "id": record.id,
        "name": record.name,
        "description": record.description,
        "hidden": record.hidden,
        **_times(record),
    }


def member(record: TeamUser) -> Entity:
    """A membership."""
    return {
        "id": record.id,
        "team_id": record.team_id,
        "user_id": record.user_id,
        "role": Role(record.role).name,
        "display_name": record.user.username,
        **_times(record),
    }
