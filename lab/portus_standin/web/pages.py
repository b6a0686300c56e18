"""The pages: signing in and up, and what a user sees of namespaces, repositories and tags.

Sources: SUSE/Portus app/controllers/{application,dashboard,repositories,tags}_controller.rb, app/controllers/auth/*.rb
and their views' form fields, 2.2.0 and 2.4.3.
"""

from __future__ import annotations

import os

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from .. import policies
from ..accounts import PORTUS_USER, Invalid, NewUser, any_user, create_user
from ..images import delete_tag
from ..models import Activity, Namespace, Repository, Tag, User
from ..registries import client_of, the_registry
from ..releases import mended
from . import entities
from .context import (
    any_registry,
    authenticate_form,
    check_ssl_usage,
    current_user,
    db,
    first_user_becomes_admin,
    nobody_signed_up,
    portus,
    sign_in,
    signup_allowed,
)

blueprint = Blueprint("pages", __name__)
Page = str | BaseResponse | tuple[str, int]

_ACTIVITIES = 20
#: 2.3 from 2.3.4 on, which the double is; 2.5 asks about what was saved.
_HIDDEN_USER_STAYS = ((2, 3), (2, 4))
_TAGS_NAME_NO_OTHERS = (2, 5)
_OPEN = {"pages.sign_in_form", "pages.sign_in_submit", "pages.sign_up_form", "pages.sign_up_submit", "pages.root"}
_UNCHECKED = {"pages.error_page", "pages.landing"}


@blueprint.before_request
def guard() -> BaseResponse | None:
    """What Portus checks before every page: TLS, the user, and for administrators the registry record."""
    return None if request.endpoint in _UNCHECKED else guard_page()


def guard_page() -> BaseResponse | None:
    """Send the browser elsewhere when it may not see the page yet."""
    if elsewhere := check_ssl_usage():
        return elsewhere
    user = current_user()
    if user is None:
        return None if request.endpoint in _OPEN else redirect(url_for("pages.sign_in_form"))
    excepted = request.path.startswith(("/admin/registries", "/users"))
    if user.admin and not excepted and not any_registry():
        return redirect(url_for("admin.new_registry"))
    return None


def signed_in() -> User:
    """The user; guard_page has made sure that there is one."""
    user = current_user()
    if user is None:
        raise NotFound()
    return user


@blueprint.get("/")
def root() -> Page:
    """The dashboard, or the sign-in page."""
    return dashboard() if current_user() else sign_in_form()


@blueprint.get("/users/sign_in")
def sign_in_form() -> Page:
    """The sign-in page; before the first user the sign-up page instead, if signing up is allowed."""
    if current_user():
        return redirect("/")
    if nobody_signed_up() and signup_allowed():
        return redirect(url_for("pages.sign_up_form"))
    return _sign_in_page()


def _sign_in_page() -> str:
    options = portus().options
    form = options.enabled("ldap") or options.enabled("oauth.local_login")
    return render_template("sign_in.html", signup=signup_allowed(), providers=options.providers(), form=form)


@blueprint.post("/users/sign_in")
def sign_in_submit() -> Page:
    """Sign in with user name and password."""
    found = authenticate_form(request.form.get("user[username]", ""), request.form.get("user[password]", ""))
    if isinstance(found, str):
        flash(found)
        # Devise shows the form again with 200, and with 401 nothing but to programs.
        return _sign_in_page()
    sign_in(found)
    if found.username == PORTUS_USER and portus().options.release in _HIDDEN_USER_STAYS:
        # Devise saves when somebody signs in, the hidden user may not be saved (user.rb:106): the form again, with 200.
        answer = make_response(_sign_in_page())
        answer.headers["Location"] = "/"
        return answer
    return redirect("/")


@blueprint.route("/users/sign_out", methods=["DELETE", "POST"])
def sign_out() -> Page:
    """Sign out."""
    cookie.clear()
    return redirect(url_for("pages.sign_in_form"))


@blueprint.get("/users/sign_up")
def sign_up_form() -> Page:
    """The sign-up page, which makes an administrator while there is none."""
    if current_user():
        return redirect("/")
    if not signup_allowed():
        return redirect(url_for("pages.sign_in_form"))
    return render_template("sign_up.html", admin=first_user_becomes_admin(), have_users=any_user(db()))


@blueprint.post("/users")
def sign_up_submit() -> Page:
    """Create an account. `user[admin]` counts while there is no administrator, whatever the options say."""
    if current_user():
        return redirect("/")
    if not signup_allowed():
        return redirect(url_for("pages.sign_in_form"))
    form = request.form
    errors: dict[str, list[str]] = {}
    if form.get("user[password_confirmation]", "") != form.get("user[password]", ""):
        errors["password_confirmation"] = ["doesn't match Password"]
    admin = form.get("user[admin]") in ("true", "1", "t") and not _admins_exist()
    try:
        if errors:
            raise Invalid(errors)
        username, email = form.get("user[username]", ""), form.get("user[email]", "")
        user = create_user(db(), NewUser(username, email, form.get("user[password]", ""), admin=admin))
    except Invalid as error:
        flash(str(error))
        return redirect(url_for("pages.sign_up_form"))
    sign_in(user)
    return redirect("/")


def _admins_exist() -> bool:
    query = select(User.id).where(User.username != "portus", User.enabled.is_(True), User.admin.is_(True))
    return db().scalar(query) is not None


@blueprint.get("/users/edit")
def profile() -> Page:
    """The user's own page with the application tokens."""
    return render_template("profile.html", user=signed_in(), generation=portus().settings.generation)


@blueprint.get("/dashboard")
def dashboard() -> Page:
    """What happened last, and the user's repositories."""
    user = signed_in()
    activities = db().scalars(select(Activity).order_by(Activity.id.desc()).limit(_ACTIVITIES)).all()
    names = {one.id: one.username for one in db().scalars(select(User))}
    return render_template(
        "dashboard.html", user=user, activities=activities, names=names, repositories=_visible_repositories(user)
    )


def _visible_repositories(user: User) -> list[Repository]:
    found = db().scalars(select(Repository).order_by(Repository.name)).all()
    return [repository for repository in found if policies.may_list(user, repository.namespace)]


@blueprint.get("/namespaces")
def namespaces() -> Page:
    """The namespaces that the user may see."""
    user = signed_in()
    found = db().scalars(select(Namespace).order_by(Namespace.name)).all()
    seen = [one for one in found if policies.may_see(user, one)]
    return render_template("namespaces.html", namespaces=seen, user=user, generation=portus().settings.generation)


@blueprint.get("/namespaces/<int:identity>")
def namespace(identity: int) -> Page:
    """A namespace's repositories."""
    found = db().get(Namespace, identity)
    if found is None:
        raise NotFound()
    if not policies.may_pull(signed_in(), found, portus().options):
        return _denied()
    return render_template("namespace.html", namespace=found)


@blueprint.get("/repositories")
def repositories() -> Page:
    """The repositories that the user may see."""
    return render_template("repositories.html", repositories=_visible_repositories(signed_in()))


@blueprint.get("/repositories/<int:identity>")
def repository(identity: int) -> Page:
    """A repository's tags with their authors."""
    found = db().get(Repository, identity)
    if found is None:
        raise NotFound()
    user = signed_in()
    if not policies.may_see(user, found.namespace):
        return _denied()
    groups: dict[str, list[Tag]] = {}
    for tag in sorted(found.tags, key=lambda tag: (tag.updated_at, tag.id), reverse=True):
        groups.setdefault(tag.digest or f"no digest: {tag.name}", []).append(tag)
    deletable = policies.may_delete(user, found.namespace, portus().options) and portus().settings.generation == 1
    return render_template("repository.html", repository=found, groups=list(groups.values()), deletable=deletable)


@blueprint.post("/repositories/<int:identity>/toggle_star.json")
def toggle_star(identity: int) -> Page:
    """What is answered to a star, which is not kept here. Portus asks no policy about who sees the repository."""
    found, user = db().get(Repository, identity), signed_in()
    if found is None:
        raise NotFound()
    if mended("private_stars") and not policies.may_see(user, found.namespace):
        return _denied()
    return jsonify(entities.repository(found))


@blueprint.get("/tags/<int:identity>")
def tag(identity: int) -> Page:
    """A tag: from 2.3 on a page of its own, which until 2.4 names all tags of its digest, whoever may see them."""
    found, user, state = db().get(Tag, identity), signed_in(), portus()
    if found is None or state.settings.generation == 1:
        raise NotFound()
    if not policies.may_see(user, found.repository.namespace):
        return _denied()
    names = [found.name]
    if state.options.release < _TAGS_NAME_NO_OTHERS:
        same = db().scalars(select(Tag).where(Tag.digest == found.digest).order_by(Tag.id)).all()
        told = [one for one in same if not mended("private_pages") or policies.may_see(user, one.repository.namespace)]
        names = [one.name for one in told]
    return render_template("tag.html", tag=found, names=names)


@blueprint.route("/tags/<int:identity>", methods=["DELETE", "POST"])
def remove_tag(identity: int) -> Page:
    """Delete a tag's digest (generation 1; later ones use the API)."""
    found, registry, state, user = db().get(Tag, identity), the_registry(db()), portus(), signed_in()
    if found is None or registry is None or state.settings.generation > 1:
        raise NotFound()
    if not policies.may_delete(user, found.repository.namespace, state.options):
        return _denied()
    parent = found.repository_id
    done = delete_tag(db(), client_of(registry, state.settings.portus_password, state.options), found, user)
    db().flush()
    flash("Tag removed successfully" if done else "Tag could not be removed")
    gone = db().scalar(select(Repository.id).where(Repository.id == parent)) is None
    return redirect(url_for("pages.repositories") if gone else url_for("pages.repository", identity=parent))


def _denied() -> tuple[str, int]:
    return render_template("error.html", code=401, fixes=False), 401


@blueprint.get("/<any('401', '404', '422', '500'):code>")
def error_page(code: str) -> Page:
    """Portus' error pages; the one of 500 explains what is not configured."""
    return render_template("error.html", code=int(code), fixes="fixes" in request.args), int(code)


@blueprint.get("/landing.css")
def landing() -> Response:
    """A static file: Apache serves it in generation 1, later ones only with RAILS_SERVE_STATIC_FILES."""
    if portus().settings.generation > 1 and not os.environ.get("RAILS_SERVE_STATIC_FILES"):
        raise NotFound()
    return Response("body { font-family: sans-serif }\n", content_type="text/css")
