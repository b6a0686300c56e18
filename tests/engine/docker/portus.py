"""Portus as its administrator meets it, through the edge: sign-in form, session cookie, API."""

import json
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from tests.engine.docker.client import Answer, Edge


class _CsrfToken(HTMLParser):
    """Finds the authenticity token of a page: in a form, or in its head."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.token = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "input" and values.get("name") == "authenticity_token":
            self.token = self.token or values.get("value") or ""


class PortusApi:
    """A session; the API of generation 2 accepts its cookie."""

    def __init__(self, edge: Edge) -> None:
        self._edge, self._cookie = edge, ""

    @classmethod
    def as_administrator(cls, edge: Edge) -> "PortusApi":
        """Signed in as the administrator of the outputs."""
        session = cls(edge)
        assert session.sign_in(edge.username, edge.password)
        return session

    def _request(self, method: str, path: str, content_type: str, accept: str, body: str | None = None) -> Answer:
        headers = {"Cookie": self._cookie, "Accept": accept, "Content-Type": content_type}
        answer = self._edge.request(method, self._edge.portus_host, path, headers, body)
        if cookie := answer.headers.get("Set-Cookie"):
            self._cookie = cookie.partition(";")[0]
        return answer

    def page(self, path: str) -> Answer:
        """GET as a browser does; no redirection is followed."""
        return self._request("GET", path, "text/plain", "text/html")

    def submit(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Fill in the form of a page, which is sent to the page's own address."""
        token = _CsrfToken(self.page(path).body.decode()).token
        form = "application/x-www-form-urlencoded"
        return self._request("POST", path, form, "text/html", urlencode({"authenticity_token": token, **fields}))

    def sign_in(self, username: str, password: str) -> bool:
        """Fill in the form; whether Portus let us in."""
        answer = self.submit("/users/sign_in", {"user[username]": username, "user[password]": password})
        # Portus 2.3.4 to 2.4.3 signs its hidden user in with 200 (app/models/user.rb:106 fails Devise's own saving).
        return answer.status in (302, 303) or (answer.status == 200 and answer.headers.get("Location") == "/")

    def get(self, path: str) -> Any:
        """GET as JSON."""
        answer = self._request("GET", path, "application/json", "application/json")
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.body!r}"
        return answer.json()

    def post(self, path: str, value: object) -> Any:
        """POST as JSON something that is made by it."""
        answer = self._request("POST", path, "application/json", "application/json", json.dumps(value))
        assert answer.status == 201, f"POST {path}: {answer.status} {answer.body!r}"
        return answer.json()

    def delete_tag(self, repository: str, tag: str) -> None:
        """As the button of the page does, for the repository with this name in any namespace."""
        (found,) = [each for each in self.get("/api/v1/repositories?all=true") if each["name"] == repository]
        (wanted,) = [each for each in self.get(f"/api/v1/repositories/{found['id']}/tags") if each["name"] == tag]
        answer = self._request("DELETE", f"/api/v1/tags/{wanted['id']}", "application/json", "application/json")
        assert answer.status == 204, f"{answer.status} {answer.body!r}"

    def create_user(self, username: str, password: str) -> None:
        """An ordinary user."""
        self.post(
            "/api/v1/users", {"user": {"username": username, "email": f"{username}@example.com", "password": password}}
        )

    def tags(self, repository: str) -> dict[str, str]:
        """Tag → who pushed it, of the repository with this name in any namespace."""
        found = [each for each in self.get("/api/v1/repositories?all=true") if each["name"] == repository]
        if not found:
            return {}
        return {tag["name"]: tag["author"]["name"] for tag in self.get(f"/api/v1/repositories/{found[0]['id']}/tags")}
