"""The API's health, users, application tokens and registry.

Sources: SUSE/Portus 2.4.3 lib/api/v1/{health,users,application_tokens,registries}.rb.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from .. import database, registries
from ..accounts import Invalid, NewUser, any_user, create_application_token, create_user, hash_password, password_errors
from ..models import ApplicationToken, Registry, Tag, User
from ..registries import RegistryFields
from ..registry_client import RegistryError
from ..releases import mended
from . import entities
from .api_answers import (
    ApiError,
    Parameters,
    answer_error,
    answer_http_error,
    answer_invalid,
    authorized,
    find,
    forbidden,
    parameters,
    required,
    truth,
)
from .context import db, portus

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
blueprint.register_error_handler(ApiError, answer_error)
blueprint.register_error_handler(Invalid, lambda error: answer_invalid(error.errors))
blueprint.register_error_handler(HTTPException, answer_http_error)

Created = tuple[Response, int]


@blueprint.get("/_ping")
def ping() -> Response:
    """Alive; the database is not asked."""
    return Response(status=200, content_type="application/json")


@blueprint.get("/health")
def health() -> Created:
    """Database and registry. 503 until there is a registry that answers."""
    state = database.state(portus().settings)
    ready = state is database.State.ready
    message = "database is up-to-date" if ready else "database is initializing"
    registry_message, registry_ready = _registry_health()
    answer = {
        "database": {"msg": message, "success": ready},
        "registry": {"msg": registry_message, "success": registry_ready},
    }
    return jsonify(answer), 200 if ready and registry_ready else 503


def _registry_health() -> tuple[str, bool]:
    registry = registries.the_registry(db())
    if registry is None:
        return "no registry configured", False
    try:
        reachable = registries.client_of(registry, portus().settings.portus_password, portus().options).reachable()
    except RegistryError as error:
        return str(error), False
    return f"registry is{'' if reachable else ' not'} reachable", reachable


@blueprint.get("/users")
def users() -> Response:
    """All users."""
    authorized(admin=True)
    return jsonify([entities.user(user) for user in db().scalars(select(User).order_by(User.id))])


@blueprint.post("/users")
def add_user() -> Created:
    """Create a user."""
    authorized(admin=True)
    given = parameters("user")
    username, email, password = required(given, "username", "email", "password")
    user = create_user(db(), NewUser(username, email, password, bot=truth(given.get("bot"))))
    _rename(user, given)
    return jsonify(entities.user(user)), 201


def _rename(user: User, given: Parameters) -> None:
    if given.get("display_name"):
        user.display_name = str(given["display_name"])


@blueprint.post("/users/bootstrap")
def bootstrap() -> Created:
    """Create the first administrator and an application token. Open to everybody, as long as there is no user."""
    if not portus().options.enabled("first_user_admin"):
        raise ApiError(405, "this instance has disabled this endpoint")
    if any_user(db()):
        raise ApiError(400, "you can only use this when there are no users on the system")
    given = parameters("user")
    username, email, password = required(given, "username", "email", "password")
    user = create_user(db(), NewUser(username, email, password, admin=True))
    _rename(user, given)
    return _new_token(user, user, "bootstrap")


@blueprint.get("/users/<identity>")
def one_user(identity: str) -> Response:
    """A user by id or e-mail address."""
    authorized(admin=True)
    by_id = db().get(User, int(identity)) if identity.isdigit() else None
    user = by_id or db().scalar(select(User).where(User.email == identity))
    if user is None:
        raise ApiError(404, "Not found")
    return jsonify(entities.user(user))


@blueprint.put("/users/<int:identity>")
def change_user(identity: int) -> Response:
    """Change a user's password, e-mail address or shown name."""
    authorized(admin=True)
    user, given = find(User, identity), parameters("user")
    if user.username == "portus":
        raise Invalid({"username": ["cannot be updated"]})
    if "password" in given:
        if errors := password_errors(str(given["password"])):
            raise Invalid({"password": errors})
        user.encrypted_password = hash_password(str(given["password"]))
    if given.get("email"):
        user.email = str(given["email"]).strip().lower()
    _rename(user, given)
    db().flush()
    return jsonify(entities.user(user))


@blueprint.delete("/users/<int:identity>")
def remove_user(identity: int) -> Response:
    """Delete a user; his tags keep his name."""
    authorized(admin=True)
    user = find(User, identity)
    for tag in db().scalars(select(Tag).where(Tag.user_id == user.id)):
        tag.author, tag.username = None, user.username
    db().delete(user)
    return Response(status=204)


def _own_tokens(actor: User, identity: int) -> None:
    """Portus asks nobody whose tokens they are (lib/api/v1/application_tokens.rb:53), the patch foreign_tokens does."""
    if not mended("foreign_tokens") or actor.id == identity:
        return
    owner = db().get(User, identity) if actor.admin else None
    if owner is None or not owner.bot:
        forbidden()


@blueprint.get("/users/<int:identity>/application_tokens")
def application_tokens(identity: int) -> Response:
    """A user's application tokens, without the tokens themselves."""
    _own_tokens(authorized(admin=False), identity)
    return jsonify([entities.application_token(token) for token in find(User, identity).tokens])


@blueprint.post("/users/<int:identity>/application_tokens")
def add_application_token(identity: int) -> Created:
    """Create an application token for a user. The answer has its plain text, once."""
    actor = authorized(admin=False)
    (application,) = required(parameters(), "application")
    _own_tokens(actor, identity)
    return _new_token(find(User, identity), actor, application)


def _new_token(user: User, actor: User, application: str) -> Created:
    token, plain = create_application_token(db(), user, application, actor)
    return jsonify(id=token.id, application=token.application, plain_token=plain), 201


@blueprint.delete("/users/application_tokens/<int:identity>")
def remove_application_token(identity: int) -> Response:
    """Delete an application token: its user may, and an administrator for a bot."""
    actor, token = authorized(admin=False), find(ApplicationToken, identity)
    if not (token.user_id == actor.id or (actor.admin and token.user.bot)):
        forbidden()
    db().delete(token)
    return Response(status=204)


def _fields(given: Parameters, base: Registry | None = None) -> RegistryFields:
    def text(name: str, default: str | None) -> str:
        return str(given[name]) if given.get(name) is not None else (default or "")

    use_ssl = truth(given["use_ssl"]) if "use_ssl" in given else bool(base and base.use_ssl)
    return RegistryFields(
        name=text("name", base.name if base else None),
        hostname=text("hostname", base.hostname if base else None),
        use_ssl=use_ssl,
        external_hostname=text("external_hostname", base.external_hostname if base else None) or None,
        hostname_given=bool(given.get("hostname")),
    )


@blueprint.get("/registries")
def all_registries() -> Response:
    """The registry, as a list."""
    authorized(admin=True)
    return jsonify([entities.registry(registry) for registry in db().scalars(select(Registry))])


@blueprint.post("/registries")
def add_registry() -> Created:
    """Create the registry record. The registry has to answer."""
    authorized(admin=True)
    given = parameters("registry")
    required(given, "name", "hostname", "use_ssl")
    state = portus()
    registry = registries.create(db(), _fields(given), state.settings.portus_password, state.options)
    return jsonify(entities.registry(registry)), 201


@blueprint.put("/registries/<int:identity>")
def change_registry(identity: int) -> Response:
    """Change the registry record; the hostname only while there is no repository."""
    authorized(admin=True)
    registry, state = find(Registry, identity), portus()
    registries.change(
        db(), registry, _fields(parameters("registry"), registry), state.settings.portus_password, state.options
    )
    db().flush()
    return jsonify(entities.registry(registry))


@blueprint.get("/registries/validate")
def validate_registry() -> Response:
    """Whether a registry with these fields could be created; `only` with other fields leaves out reachability."""
    authorized(admin=True)
    given = parameters()
    required(given, "name", "hostname", "use_ssl")
    fields, state = _fields(given), portus()
    errors = registries.field_errors(db(), fields)
    only = given.get("only", given.get("only[]"))
    if only is None or "hostname" in str(only):
        message = registries.unreachable_message(fields, state.settings.portus_password, state.options)
        if message:
            errors.setdefault("hostname", []).append(message)
    return jsonify(messages=errors, valid=not errors)
