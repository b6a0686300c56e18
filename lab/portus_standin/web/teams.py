"""Teams: their list, and the search by which forms ask for names.

Source: SUSE/Portus app/controllers/teams_controller.rb (index, all_with_query), app/policies/team_policy.rb, 2.4.3 and
v2.5. The list carries all users for a form that only administrators see, and the search asks no policy when it is told
to be `unscoped`; the patch `private_pages` closes both where its file lies.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template, request
from sqlalchemy import ColumnElement, select

from ..models import Team, User
from ..releases import mended
from . import entities
from .context import db
from .pages import guard_page, signed_in

blueprint = Blueprint("teams", __name__)
blueprint.before_request(guard_page)


def _visible(user: User) -> list[Team]:
    """All but those of one user or of the global namespace; to who is no administrator her own of them."""
    found = db().scalars(select(Team).where(Team.hidden.is_(False)).order_by(Team.id)).all()
    return [team for team in found if user.admin or team.role_of(user) is not None]


@blueprint.get("/teams")
def teams() -> str:
    """The teams of the user, and the users whom an administrator may make their owners."""
    user = signed_in()
    told = user.admin or not mended("private_pages")
    owners = db().scalars(select(User).where(User.enabled.is_(True)).order_by(User.id)).all() if told else []
    return render_template(
        "teams.html",
        teams=[entities.team(team) for team in _visible(user)],
        owners=[entities.user(owner) for owner in owners],
    )


@blueprint.get("/teams/typeahead/<query>")
def search(query: str) -> Response:
    """The names of teams that begin with the query, as MariaDB compares: `%` and `_` are not only themselves."""
    user = signed_in()
    everybody = request.args.get("unscoped") == "true"
    if everybody and not user.admin and mended("private_pages"):
        return _names(Team.name == query)
    among = None if everybody else {team.id for team in _visible(user)}
    return _names(Team.name.like(f"{query}%"), among)


def _names(condition: ColumnElement[bool], among: set[int] | None = None) -> Response:
    found = db().scalars(select(Team).where(condition).order_by(Team.id)).all()
    return jsonify([{"name": team.name} for team in found if among is None or team.id in among])
