"""What all of the API's endpoints share: errors as JSON, parameters, authorisation.

Sources: SUSE/Portus 2.4.3 lib/api/{root_api,helpers}.rb, lib/api/helpers/errors.rb.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn, TypeVar

from flask import Response, jsonify, request
from werkzeug.exceptions import HTTPException

from ..accounts import Errors
from ..models import User
from .context import api_user, db, portus

Parameters = dict[str, object]
Record = TypeVar("Record")
_PAGES, _PAGE_SIZE = (2, 5), 15


class ApiError(Exception):
    """An answer with an error: `{"message": …}`."""

    def __init__(self, status: int, message: str | Errors) -> None:
        super().__init__(str(message))
        self.status = status
        self.message = message


def answer_error(error: ApiError) -> Response:
    """The error as an answer."""
    answer = jsonify(message=error.message)
    answer.status_code = error.status
    return answer


def answer_invalid(errors: Errors) -> Response:
    """A record that cannot be saved."""
    return answer_error(ApiError(422, errors))


def answer_http_error(error: HTTPException) -> Response:
    """Any other refusal, in the API's form."""
    return answer_error(ApiError(error.code or 500, error.name))


def forbidden() -> NoReturn:
    """Refuse what the user may not do."""
    raise ApiError(403, "Authorization fails")


def authorized(*, admin: bool) -> User:
    """The user. Refuses strangers, and users that are no administrators where one is needed."""
    user = api_user()
    if user is None:
        raise ApiError(401, "Authentication fails")
    if admin and not user.admin:
        forbidden()
    return user


def find(model: type[Record], identity: int) -> Record:
    """The record of that id. Refuses unknown ones."""
    record = db().get(model, identity)
    if record is None:
        raise ApiError(404, "Not found")
    return record


def parameters(group: str | None = None) -> Parameters:
    """The request's parameters, JSON or form; of a group such as `user` (in a form: `user[name]`)."""
    body = request.get_json(silent=True) if request.is_json else None
    if isinstance(body, dict):
        inner = body.get(group) if group else body
        if not isinstance(inner, dict):
            raise ApiError(400, {str(group): ["is missing"]})
        return inner
    form = request.values.to_dict()
    if group is None:
        return dict(form)
    found: Parameters = {
        key[len(group) + 1 : -1]: value
        for key, value in form.items()
        if key.startswith(f"{group}[") and key.endswith("]")
    }
    if not found:
        raise ApiError(400, {group: ["is missing"]})
    return found


def required(given: Parameters, *names: str) -> list[str]:
    """The named parameters as text. Refuses the request when one is missing."""
    missing: Errors = {name: ["is missing"] for name in names if given.get(name) is None}
    if missing:
        raise ApiError(400, missing)
    return [str(given[name]) for name in names]


def page_of(records: Sequence[Record]) -> Sequence[Record]:
    """Since 2.5 lists come in pages of 15, unless `all` is asked for (lib/api/v1/pagination_params.rb)."""
    if portus().options.release < _PAGES or truth(request.args.get("all")):
        return records
    size = request.args.get("per_page", _PAGE_SIZE, int)
    start = (request.args.get("page", 1, int) - 1) * size
    return records[start : start + size]


def truth(value: object) -> bool:
    """A boolean parameter, as JSON or as text."""
    return value is True or str(value).lower() in ("true", "t", "1", "on")
