"""Portus' answers, as far as the task scripts ask, for the unit tests. After SUSE/Portus 2.2.0, 2.3.7 and 2.4.3."""

import json
import re
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from html import escape

from fake_portus_api import Api
from fake_portus_state import Session
from https_server import Answer, Incoming, as_json, redirect


class FakePortus(Api):
    """One Portus of `version` "2.2", "2.3" or "2.4"; its state is public, for tests to arrange and look at."""

    # The entrance

    def answer(self, incoming: Incoming) -> Answer:
        self.requests.append(f"{incoming.method} {incoming.path}")
        if self.unavailable:
            self.unavailable -= 1
            return Answer(503, f"<html><body>no server is available {self.echo}</body></html>".encode())
        if self.too_fast:
            self.too_fast -= 1
            return Answer(429, b"<html><body>429 Too Many Requests</body></html>", {"Retry-After": "0"})
        if incoming.path == "/v2/token":
            return self._token(incoming)
        key, session = self._session(incoming)
        if incoming.path.startswith("/api/v1/"):
            return self._api(incoming, session) if self.version != "2.2" else Answer(404, b"<p>not here</p>")
        answer = self._user_interface(incoming, session)
        answer.headers["Set-Cookie"] = f"_portus_session={key}; path=/; HttpOnly"
        return answer

    def _session(self, incoming: Incoming) -> tuple[str, Session]:
        match = re.search(r"_portus_session=(\w+)", incoming.headers.get("cookie", ""))
        key = match[1] if match and match[1] in self.sessions else secrets.token_hex(8)
        return key, self.sessions.setdefault(key, Session(secrets.token_urlsafe(24)))

    def _token(self, incoming: Incoming) -> Answer:
        username = ""
        if "authorization" in incoming.headers:
            username, _, password = b64decode(incoming.headers["authorization"].split()[1]).decode().partition(":")
            problem = self.verify(username, password)
            if problem:
                return as_json(401, {"error": f"{problem} {self.echo}".strip()})
        subject = username if "token_subject" not in self.holes else incoming.query.get("account", "")
        access: list[object] = []
        known = self.record is not None and incoming.query["service"] == self.record["hostname"]
        if known and "scope" in incoming.query:
            access = self._access(username, *incoming.query["scope"].split(":"))
        parts = [{"alg": "RS256", "kid": "KID"}, {"sub": subject, "access": access}]
        encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
        return as_json(200, {"token": ".".join([*encoded, urlsafe_b64encode(b"signature" * 28).decode()])})

    def _access(self, username: str, kind: str, name: str, asked: str) -> list[object]:
        """What is granted; with its hole Portus drops nothing but the "*" of what it would have refused."""
        actions = asked.split(",")
        person = self.people.get(username)
        owns = person is not None and kind == "repository" and name.partition("/")[0] == person.namespace
        widened = "widened_scopes" in self.holes and (actions[0] == "*" or kind == "registry") and len(actions) > 1
        granted = actions if owns else [action for action in actions if action != "*"] if widened else []
        return [{"type": kind, "name": name, "actions": granted}] if granted else []

    # The pages

    def _page(self, session: Session, body: str, status: int = 200) -> Answer:
        alert, session.alert = session.alert, ""
        notice = (
            '<div class="alert alert-danger"><div class="alert-message"><div class="alert-icon"><i></i></div>'
            f"<p>{escape(alert)}</p></div></div>"
            if alert
            else ""
        )
        head = f'<meta name="csrf-token" content="{escape(session.csrf)}">'
        html = f"<!DOCTYPE html><html><head>{head}<script>var x = '<a href=1>';</script></head>{notice}{body}</html>"
        return Answer(status, html.encode(), {"Content-Type": "text/html; charset=utf-8"})

    def _user_interface(self, incoming: Incoming, session: Session) -> Answer:
        if incoming.method != "GET":
            given = incoming.headers.get("x-csrf-token") or incoming.form.get("authenticity_token")
            if given != session.csrf:
                return Answer(422, b"<h1>The change you wanted was rejected.</h1>")
        match = re.fullmatch(r"/admin/users/(\d+)/toggle_admin", incoming.path)
        routes: dict[str, Callable[[Incoming, Session], Answer]] = {
            "GET /users/sign_in": self._sign_in_form,
            "POST /users/sign_in": self._sign_in,
            "GET /users/sign_up": self._sign_up_form,
            "POST /users": self._register,
        }
        route = routes.get(f"{incoming.method} {incoming.path}")
        if route:
            return route(incoming, session)
        if not session.username:
            return redirect("/users/sign_in")
        if match and incoming.method == "PUT":
            person = next(person for person in self.people.values() if person.id == int(match[1]))
            person.admin = not person.admin
            return Answer(200)
        return self._signed_in(incoming, session)

    def _sign_in_form(self, incoming: Incoming, session: Session) -> Answer:
        if not self.humans() and self.sign_up:
            return redirect("/users/sign_up")
        return self._page(session, '<form action="/users/sign_in"><input name="user[username]"></form>')

    def _sign_in(self, incoming: Incoming, session: Session) -> Answer:
        problem = self.verify(incoming.form["user[username]"], incoming.form["user[password]"])
        if not problem:
            if not self.empty_handed:
                session.username, session.csrf = incoming.form["user[username]"], secrets.token_urlsafe(24)
            # Its own user cannot be saved, and is signed in nevertheless [2.3.4 to 2.4.3].
            hidden = incoming.form["user[username]"] == "portus" and self.version != "2.2"
            return Answer(200, b"<html></html>", {"Location": "/"}) if hidden else redirect("/")
        session.alert = problem
        return self._sign_in_form(incoming, session)

    def _sign_up_form(self, incoming: Incoming, session: Session) -> Answer:
        if not self.sign_up:
            return redirect("/users/sign_in")
        first = not any(person.admin for person in self.humans().values())
        field_for_first = '<input type="hidden" name="user[admin]" value="true">' if first else ""
        return self._page(session, f'<form action="/users"><input name="user[username]">{field_for_first}</form>')

    def _register(self, incoming: Incoming, session: Session) -> Answer:
        form = incoming.form
        first = not any(person.admin for person in self.humans().values())
        admin = first and form.get("user[admin]") == "true"
        session.alert = self.add(form["user[username]"], form["user[password]"], form["user[email]"], admin)
        return redirect("/users/sign_up" if session.alert else "/")

    def _signed_in(self, incoming: Incoming, session: Session) -> Answer:
        path = incoming.path
        if path.startswith("/admin"):
            if not self.people[session.username].admin:
                return self._page(session, "<h1>401 Unauthorized</h1>", 401)
            if self.record is None and not path.startswith("/admin/registries"):
                return redirect("/admin/registries/new")
            return self._registry_page(incoming, session) or self._admin(incoming, session)
        return self._repository(path, session) or self._ordinary(path, session)

    def _ordinary(self, path: str, session: Session) -> Answer:
        if path == "/namespaces":
            return self._namespaces(session)
        if path != "/repositories":
            return self._page(session, "<h5>Profile</h5>" if path == "/users/edit" else "dashboard")
        rows = "".join(
            f'<tr><td><a href="/namespaces/{n}">{name.split("/")[0]}</a></td>'
            f'<td><a href="/repositories/{n}">{name.split("/")[1]}</a></td></tr>'
            for n, (name, _) in enumerate(self.tags)
        )
        return self._page(session, f"<table>{rows}</table>")

    def _repository(self, path: str, session: Session) -> Answer | None:
        match = re.fullmatch(r"/repositories/(\d+)", path)
        if match is None:
            return None
        (name, tag), (_, pushed_at) = list(self.tags.items())[int(match[1])]
        namespace, repository = name.split("/")
        row = f"<td><div>{tag}</div></td><td>{namespace}</td><td>-</td><td>{pushed_at}</td>"
        heading = f'<h5><a href="/namespaces/1">{namespace}</a>/{repository}</h5>'
        return self._page(session, f"{heading}<table><tr>{row}</tr></table>")

    def _namespaces(self, session: Session) -> Answer:
        """Generation 1 lists them; later the page holds the number of the user's own."""
        person = self.people[session.username]
        if self.version != "2.2":
            number = person.id if person.namespace else ""
            return self._page(session, f'<namespaces-index-page :user-namespace-id="{number}"></namespaces-index-page>')
        rows = f'<tr id="namespace_1"><td><a href="/namespaces/1">{person.namespace}</a></td><td>0</td></tr>'
        return self._page(session, f"<table>{rows if person.namespace else ''}</table>")

    def _registry_page(self, incoming: Incoming, session: Session) -> Answer | None:
        path, method = incoming.path, incoming.method
        if path == "/admin/registries" and method == "POST":
            return self._create_record_by_form(incoming, session)
        if path == "/admin/registries":
            rows = "No registry configured."
            if self.record:
                rows = (
                    f'<tr id="registry_1"><td>{self.record["name"]}</td><td>{self.record["hostname"]}</td>'
                    '<td><i class="fa fa-toggle-on"></i></td><td><a href="/admin/registries/1/edit">Edit</a></td></tr>'
                )
            return self._page(session, f"<table>{rows}</table>")
        if path == "/admin/registries/1" and method == "POST" and self.record:
            return self._correct_record_by_form(incoming, session)
        if path == "/admin/registries/1/edit" and self.record:
            checked = ' checked="checked"' if self.record["use_ssl"] else ""
            form = "".join(
                f'<input name="registry[{key}]" value="{escape(str(self.record[key]))}">'
                for key in ("name", "external_hostname", *(() if self.tags else ("hostname",)))
            )
            box = f'<input type="hidden" name="registry[use_ssl]" value="0"><input type="checkbox"{checked} '
            return self._page(session, f'<form>{form}{box} name="registry[use_ssl]" value="1"></form>')
        return None

    def _admin(self, incoming: Incoming, session: Session) -> Answer:
        path, method = incoming.path, incoming.method
        if path == "/admin/users" and method == "POST":
            user = incoming.form
            session.alert = self.add(user["user[username]"], user["user[password]"], user["user[email]"])
            return self._page(session, "<form></form>") if session.alert else redirect("/admin/users")
        if path == "/admin/users":
            rows = "".join(
                f'<tr id="user_{p.id}"><td><a href="/admin/users/{p.id}/edit">{name}</a></td><td>{p.email}</td>'
                f'<td><a><i class="fa fa-lg fa-toggle-{"on" if p.admin else "off"}"></i></a></td></tr>'
                for name, p in self.humans().items()
            )
            return self._page(session, f"<table>{rows}</table>")
        return self._page(session, "<form></form>")

    def _create_record_by_form(self, incoming: Incoming, session: Session) -> Answer:
        if self.unreachable:
            self.unreachable -= 1
            session.alert = f"Error: connection refused. {self.echo} You can skip this check."
            return redirect("/admin/registries/new")
        form = incoming.form
        self.record = {key: form[f"registry[{key}]"] for key in ("name", "hostname", "external_hostname")}
        self.record["use_ssl"] = form["registry[use_ssl]"] == "1"
        return self._recorded("/admin/registries")

    def _correct_record_by_form(self, incoming: Incoming, session: Session) -> Answer:
        """admin/registries#update: a host name is not even looked at once there are repositories."""
        form = incoming.form
        if form.get("_method") != "put":
            return Answer(404)
        if self.unreachable:
            self.unreachable -= 1
            session.alert = f"Error: connection refused. {self.echo}"
            return self._page(session, "<form></form>", 422)
        assert self.record is not None
        keys = ("name", "external_hostname", *(() if self.tags else ("hostname",)))
        changes = {key: form[f"registry[{key}]"] for key in keys if f"registry[{key}]" in form}
        self.record = {**self.record, **changes, "use_ssl": form["registry[use_ssl]"] == "1"}
        return redirect("/admin/registries")
