"""The administrator's pages: the registry record and users; and a user's application tokens of generation 1.

Sources: SUSE/Portus app/controllers/admin/{registries,users}_controller.rb, application_tokens_controller.rb (2.2.0).
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from markupsafe import escape
from sqlalchemy import select
from werkzeug.exceptions import NotAcceptable, NotFound
from werkzeug.wrappers import Response as BaseResponse

from .. import registries
from ..accounts import PORTUS_USER, Invalid, NewUser, create_application_token, create_user
from ..models import ApplicationToken, Registry, Repository, User
from ..registries import RegistryFields
from . import entities
from .context import any_registry, db, portus
from .pages import Page, guard_page, signed_in

blueprint = Blueprint("admin", __name__)


@blueprint.before_request
def guard() -> BaseResponse | tuple[str, int] | None:
    """As for every page, and the pages under /admin are administrators' only."""
    if elsewhere := guard_page():
        return elsewhere
    if request.path.startswith("/admin/") and not signed_in().admin:
        return render_template("error.html", code=401, fixes=False), 401
    return None


def _is_generation_1() -> bool:
    return portus().settings.generation == 1


@blueprint.get("/admin/registries")
def registries_page() -> Page:
    """The registry record."""
    found = list(db().scalars(select(Registry)))
    if not found and not _is_generation_1():
        return redirect(url_for("admin.new_registry"))
    return render_template("registries.html", registries=found)


@blueprint.get("/admin/registries/new")
def new_registry() -> Page:
    """The form that creates the record."""
    if any_registry():
        raise NotFound()
    return render_template("registry_form.html", values=request.args, force=False)


def _fields() -> RegistryFields:
    form = request.form
    # A Rails check box is two inputs: a hidden 0 and, when checked, a 1 after it.
    return RegistryFields(
        name=form.get("registry[name]", ""),
        hostname=form.get("registry[hostname]", ""),
        use_ssl=form.getlist("registry[use_ssl]")[-1:] in (["1"], ["true"], ["t"], ["on"]),
        external_hostname=form.get("registry[external_hostname]") or None,
    )


@blueprint.post("/admin/registries")
def create_registry() -> Page:
    """Create the record. The registry has to answer, unless the form's `force` is set."""
    if any_registry():
        raise NotFound()
    fields, state = _fields(), portus()
    try:
        registries.create(
            db(), fields, state.settings.portus_password, state.options, force=bool(request.form.get("force"))
        )
    except Invalid as error:
        flash(str(error))
        values = {
            "name": fields.name,
            "hostname": fields.hostname,
            "external_hostname": fields.external_hostname or "",
            "use_ssl": str(fields.use_ssl).lower(),
        }
        if _is_generation_1():
            return redirect(f"{url_for('admin.new_registry')}?{urlencode(values)}")
        return render_template("registry_form.html", values=values, force=True), 422
    flash("Registry was successfully created.")
    return redirect(url_for("admin.registries_page"))


@blueprint.get("/admin/registries/<int:identity>/edit")
def edit_registry(identity: int) -> Page:
    """The form that changes the record; its host name only while there is no repository."""
    registry = db().get(Registry, identity)
    if registry is None:
        raise NotFound()
    fixed = db().scalar(select(Repository.id).limit(1)) is not None
    return render_template("registry_edit.html", registry=registry, hostname_fixed=fixed)


@blueprint.route("/admin/registries/<int:identity>", methods=["PUT", "PATCH", "POST"])
def update_registry(identity: int) -> Page:
    """Change the record."""
    registry, state = db().get(Registry, identity), portus()
    if registry is None:
        raise NotFound()
    fields, fixed = _fields(), db().scalar(select(Repository.id).limit(1)) is not None
    if fixed:
        # Then the form's field is not even read (registries_controller.rb).
        fields = replace(fields, hostname=registry.hostname, hostname_given=False)
    try:
        registries.change(db(), registry, fields, state.settings.portus_password, state.options)
    except Invalid as error:
        flash(str(error))
        return render_template("registries.html", registries=[registry]), 422
    flash("Registry updated successfully!")
    return redirect(url_for("admin.registries_page"))


@blueprint.get("/admin/users")
def users() -> Page:
    """All users."""
    found = db().scalars(select(User).where(User.username != PORTUS_USER).order_by(User.username)).all()
    return render_template("users.html", users=found, generation=portus().settings.generation)


@blueprint.get("/admin/users/new")
def new_user() -> Page:
    """The form that creates a user (generation 1; later ones have it on the page of users)."""
    if not _is_generation_1():
        raise NotFound()
    return render_template("user_form.html", values={})


@blueprint.route("/admin/users/<int:identity>/toggle_admin", methods=["PUT", "PATCH"])
def toggle_admin(identity: int) -> Response | tuple[str, int]:
    """Make somebody else an administrator, or no longer one."""
    user = db().get(User, identity)
    if user is None:
        raise NotFound()
    if user.id == signed_in().id:
        return "", 403
    user.admin = not user.admin
    return Response(f'$("#user_{identity}").toggleClass("admin");\n', content_type="text/javascript; charset=utf-8")


@blueprint.post("/admin/users")
@blueprint.post("/admin/users.json")
def create_user_submit() -> Page:
    """Create a user: a form and a redirection in generation 1, later the same fields answered in JSON only."""
    form = request.form
    as_json = request.path.endswith(".json") or request.accept_mimetypes.best == "application/json"
    if not _is_generation_1() and not as_json:
        raise NotAcceptable()
    try:
        if form.get("user[password_confirmation]", form.get("user[password]")) != form.get("user[password]"):
            raise Invalid({"password_confirmation": ["doesn't match Password"]})
        bot = not _is_generation_1() and form.get("user[bot]") in ("1", "true")
        username, email = form.get("user[username]", ""), form.get("user[email]", "")
        user = create_user(db(), NewUser(username, email, form.get("user[password]", ""), bot=bot))
    except Invalid as error:
        if not _is_generation_1():
            return _json(Invalid.sentences(error.errors), 422)
        flash(str(error))
        return render_template("user_form.html", values=form)
    if _is_generation_1():
        flash(f"User '{user.username}' was created successfully")
        return redirect(url_for("admin.users"))
    answer: dict[str, object] = {"user": entities.user(user)}
    if bot:
        answer["plain_token"] = create_application_token(db(), user, "default", signed_in())[1]
    return _json(answer, 200)


def _json(value: object, status: int) -> Response:
    answer = jsonify(value)
    answer.status_code = status
    return answer


@blueprint.post("/application_tokens")
def add_application_token() -> Response:
    """Create a token for oneself (generation 1). The answer is JavaScript with the token between <code> tags."""
    if not _is_generation_1():
        raise NotFound()
    if not {"text/javascript", "application/javascript", "*/*"} & {kind for kind, _ in request.accept_mimetypes}:
        raise NotAcceptable()
    user = signed_in()
    try:
        _, plain = create_application_token(db(), user, request.form.get("application_token[application]", ""), user)
        text = f"Token <code>{escape(plain)}</code> was created successfully"
    except Invalid as error:
        text = str(escape(str(error)))
    return Response(f'$("#float-alert p").html("{text}");\n', content_type="text/javascript; charset=utf-8")


@blueprint.delete("/application_tokens/<int:identity>")
def remove_application_token(identity: int) -> Response:
    """Delete a token (generation 1)."""
    token = db().get(ApplicationToken, identity)
    if token is None or not _is_generation_1():
        raise NotFound()
    db().delete(token)
    return Response(f'$("#application_token_{identity}").remove();\n', content_type="text/javascript; charset=utf-8")
