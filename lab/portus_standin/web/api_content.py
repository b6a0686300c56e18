"""The API's namespaces, teams, repositories and tags.

Sources: SUSE/Portus 2.4.3 lib/api/v1/{namespaces,teams,repositories,tags}.rb.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from .. import policies
from ..accounts import Invalid, find_user, valid_namespace_name
from ..images import delete_tag
from ..models import Namespace, Repository, Role, Tag, Team, TeamUser, User, Visibility
from ..registries import client_of, the_registry
from . import entities
from .api_answers import (
    ApiError,
    answer_error,
    answer_http_error,
    answer_invalid,
    authorized,
    find,
    forbidden,
    page_of,
    parameters,
    required,
)
from .context import db, is_internal, portus

blueprint = Blueprint("api_content", __name__, url_prefix="/api/v1")
blueprint.register_error_handler(ApiError, answer_error)
blueprint.register_error_handler(Invalid, lambda error: answer_invalid(error.errors))
blueprint.register_error_handler(HTTPException, answer_http_error)


def _check(allowed: bool) -> None:
    if not allowed:
        forbidden()


@blueprint.get("/namespaces")
def namespaces() -> Response:
    """The namespaces that the user may see; an administrator sees all but the hidden user's."""
    user = authorized(admin=False)
    found = db().scalars(select(Namespace).order_by(Namespace.created_at, Namespace.id)).all()
    visible = [one for one in found if (one.name != "portus" if user.admin else policies.may_see(user, one))]
    return jsonify([entities.namespace(namespace) for namespace in page_of(visible)])


@blueprint.post("/namespaces")
def add_namespace() -> tuple[Response, int]:
    """Create a private namespace for a visible team."""
    user, given = authorized(admin=False), parameters()
    name, team_name = required(given, "name", "team")
    team = db().scalar(select(Team).where(Team.name == team_name, Team.hidden.is_(False)))
    registry = the_registry(db())
    if team is None or registry is None:
        raise ApiError(404, "Not found")
    description = str(given["description"]) if given.get("description") else None
    _check(policies.may_create_namespace(user, team, portus().options))
    _validate_namespace(name)
    namespace = Namespace(name=name, team=team, home=registry, description=description)
    db().add(namespace)
    db().flush()
    return jsonify(entities.namespace(namespace)), 201


def _validate_namespace(name: str) -> None:
    if not valid_namespace_name(name):
        rule = (
            "can only contain lower case alphanumeric characters, with optional underscores and dashes in the middle."
        )
        raise Invalid({"name": [rule]})
    if db().scalar(select(Namespace).where(Namespace.name == name)) is not None:
        raise Invalid({"name": ["has already been taken"]})


@blueprint.get("/namespaces/<int:identity>")
def one_namespace(identity: int) -> Response:
    """A namespace."""
    user, namespace = authorized(admin=False), find(Namespace, identity)
    _check(policies.may_pull(user, namespace, portus().options))
    return jsonify(entities.namespace(namespace))


@blueprint.put("/namespaces/<int:identity>")
def change_namespace(identity: int) -> Response:
    """Change a namespace's description or visibility; what changes nothing is refused without a word."""
    user, namespace, given = authorized(admin=False), find(Namespace, identity), parameters("namespace")
    _check(policies.may_update_namespace(user, namespace, portus().options))
    visibility = _visibility(str(given["visibility"])) if given.get("visibility") else None
    if visibility is not None:
        _check(policies.may_change_visibility(user, namespace, portus().options))
    description = given.get("description")
    if visibility is None and (description is None or description == namespace.description):
        raise Invalid({})
    if visibility is Visibility.private and namespace.is_global:
        raise Invalid({"visibility": ["global namespace cannot be private"]})
    if visibility is not None:
        namespace.visibility = visibility
    if description is not None:
        namespace.description = str(description)
    db().flush()
    return jsonify(entities.namespace(namespace))


def _visibility(text: str) -> Visibility:
    if text not in Visibility.__members__:
        raise ApiError(422, f"unknown visibility kind '{text}'")
    return Visibility[text]


@blueprint.delete("/namespaces/<int:identity>")
def remove_namespace(identity: int) -> Response:
    """Delete a namespace with all that is in it; not the global one, nor a user's own."""
    user, namespace = authorized(admin=False), find(Namespace, identity)
    _check(policies.may_delete(user, namespace, portus().options, not_global=True))
    if db().scalar(select(User).where(User.namespace_id == identity)) is not None:
        raise ApiError(422, "Cannot remove personal namespace")
    for repository in list(namespace.repositories):
        query = select(Tag).where(Tag.repository_id == repository.id)
        if not _delete_tags(lambda query=query: list(db().scalars(query)), user):  # type: ignore[misc]
            raise ApiError(422, f"Could not remove {repository.full_name}")
    db().delete(namespace)
    return Response(status=204)


@blueprint.get("/namespaces/<int:identity>/repositories")
def repositories_of_namespace(identity: int) -> Response:
    """A namespace's repositories."""
    user, namespace = authorized(admin=False), find(Namespace, identity)
    _check(policies.may_pull(user, namespace, portus().options))
    return jsonify([entities.repository(repository) for repository in namespace.repositories])


@blueprint.get("/repositories")
def repositories() -> Response:
    """The repositories that the user may see."""
    user = authorized(admin=False)
    found = db().scalars(select(Repository).order_by(Repository.id)).all()
    visible = [one for one in found if policies.may_list(user, one.namespace)]
    return jsonify([entities.repository(one) for one in page_of(visible)])


def _repository(identity: int) -> Repository:
    user, repository = authorized(admin=False), find(Repository, identity)
    _check(policies.may_see(user, repository.namespace))
    return repository


@blueprint.get("/repositories/<int:identity>")
def one_repository(identity: int) -> Response:
    """A repository."""
    return jsonify(entities.repository(_repository(identity)))


@blueprint.get("/repositories/<int:identity>/tags")
def tags_of_repository(identity: int) -> Response:
    """A repository's tags."""
    return jsonify([entities.tag(tag) for tag in _repository(identity).tags])


@blueprint.get("/repositories/<int:identity>/tags/grouped")
def grouped_tags_of_repository(identity: int) -> Response:
    """A repository's tags, those of one digest together."""
    groups: dict[str | None, list[entities.Entity]] = {}
    for tag in _repository(identity).tags:
        groups.setdefault(tag.digest, []).append(entities.tag(tag))
    return jsonify(list(groups.values()))


def _delete_tags(tags: Callable[[], list[Tag]], user: User) -> bool:
    registry, state = the_registry(db()), portus()
    assert registry is not None
    client = client_of(registry, state.settings.portus_password, state.options)
    while remaining := tags():
        if not delete_tag(db(), client, remaining[0], user):
            return False
        db().flush()
    return True


@blueprint.delete("/repositories/<int:identity>")
def remove_repository(identity: int) -> Response:
    """Delete a repository with all its tags, in the registry too."""
    user, repository = authorized(admin=False), find(Repository, identity)
    _check(policies.may_delete(user, repository.namespace, portus().options))
    query = select(Tag).where(Tag.repository_id == identity)
    if not _delete_tags(lambda: list(db().scalars(query)), user):
        raise ApiError(422, "Could not remove repository")
    return Response(status=204)


@blueprint.get("/tags")
def tags() -> Response:
    """All tags, for administrators."""
    authorized(admin=True)
    return jsonify([entities.tag(tag) for tag in db().scalars(select(Tag).order_by(Tag.id))])


@blueprint.get("/tags/<int:identity>")
def one_tag(identity: int) -> Response:
    """A tag."""
    user, tag = authorized(admin=False), find(Tag, identity)
    _check(policies.may_see(user, tag.repository.namespace))
    return jsonify(entities.tag(tag))


@blueprint.delete("/tags/<int:identity>")
def remove_tag(identity: int) -> Response:
    """Delete a tag's digest, and so every tag of that digest."""
    user, tag = authorized(admin=False), find(Tag, identity)
    _check(policies.may_delete(user, tag.repository.namespace, portus().options))
    query = select(Tag).where(Tag.id == identity)
    if not _delete_tags(lambda: list(db().scalars(query)), user):
        raise ApiError(422, f"Could not remove <strong>{tag.name}</strong> tag")
    return Response(status=204)


@blueprint.get("/teams")
def teams() -> Response:
    """The visible teams of the user, all of them for an administrator."""
    user = authorized(admin=False)
    found = db().scalars(select(Team).where(Team.hidden.is_(False)).order_by(Team.id)).all()
    return jsonify([_team_entity(team) for team in page_of([one for one in found if policies.may_see_team(user, one)])])


def _team_entity(team: Team) -> entities.Entity:
    """A team as GET shows it: to a session with that user's role, whom Portus forgets (lib/api/v1/teams.rb:26)."""
    if is_internal():
        raise ApiError(500, "undefined method `id' for nil:NilClass")
    return entities.team(team)


@blueprint.post("/teams")
def add_team() -> tuple[Response, int]:
    """Create a team that the user, or the user an administrator names, owns."""
    user, given = authorized(admin=False), parameters()
    _check(user.admin or portus().options.enabled("user_permission.create_team"))
    (name,) = required(given, "name")
    if db().scalar(select(Team).where(Team.name == name)) is not None:
        raise Invalid({"name": ["has already been taken"]})
    owner = user
    if given.get("owner_id") is not None:
        _check(user.admin)
        owner = find(User, int(str(given["owner_id"])))
    description = str(given["description"]) if given.get("description") else None
    team = Team(name=name, description=description, memberships=[TeamUser(user=owner, role=Role.owner)])
    db().add(team)
    db().flush()
    return jsonify(entities.team(team)), 201


def _team(identity: int) -> Team:
    user, team = authorized(admin=False), find(Team, identity)
    _check(policies.may_see_team(user, team))
    return team


@blueprint.get("/teams/<int:identity>")
def one_team(identity: int) -> Response:
    """A team."""
    return jsonify(_team_entity(_team(identity)))


@blueprint.get("/teams/<int:identity>/namespaces")
def namespaces_of_team(identity: int) -> Response:
    """A team's namespaces."""
    return jsonify([entities.namespace(namespace) for namespace in _team(identity).namespaces])


@blueprint.get("/teams/<int:identity>/members")
def members_of_team(identity: int) -> Response:
    """A team's users."""
    return jsonify([entities.user(membership.user) for membership in _team(identity).memberships])


@blueprint.post("/teams/<int:identity>/members")
def add_member(identity: int) -> tuple[Response, int]:
    """Add a user to a team; an administrator always becomes an owner."""
    actor, team, given = authorized(admin=False), find(Team, identity), parameters()
    if team.hidden:
        raise ApiError(404, "Not found")
    _check(actor.admin or team.role_of(actor) is Role.owner)
    username, role = required(given, "user", "role")
    user = find_user(db(), username)
    if user is None:
        raise ApiError(404, "Not found")
    if role not in Role.__members__:
        raise Invalid({"role": ["is not valid"]})
    if team.role_of(user) is not None:
        raise Invalid({"user": ["has already been taken"]})
    membership = TeamUser(team=team, user=user, role=Role.owner if user.admin else Role[role])
    db().add(membership)
    db().flush()
    return jsonify(entities.member(membership)), 201
