"""Portus' API, as far as the task scripts ask, for the unit tests. After SUSE/Portus 2.3.7 and 2.4.3."""

import json
import re

from fake_portus_state import Person, Session, State
from https_server import Answer, Incoming, as_json


class Api(State):
    """The answers below /api/v1."""

    def _api(self, incoming: Incoming, session: Session) -> Answer:
        name = f"{incoming.method} {incoming.path.removeprefix('/api/v1')}"
        if name == "POST /users/bootstrap" and self.version == "2.4":
            return self._bootstrap(json.loads(incoming.body)["user"])
        if incoming.headers.get("portus-auth") == "portus:f-plain-token":
            return self._token_api(name)
        person = self.people.get(session.username)
        if person is None:
            return as_json(401, {"message": "Authentication fails"})
        answer = self._api_of_all(name, person)
        if answer is None and not person.admin:
            return as_json(403, {"message": "Authorization fails"})
        return answer or self._record_api(name, incoming) or self._admin_api(name, incoming)

    def _api_of_all(self, name: str, person: Person) -> Answer | None:
        if name == f"GET /namespaces/{person.id}":
            return as_json(200, {"id": person.id, "name": person.namespace})
        if name == "GET /repositories":
            names = dict.fromkeys(name for name, _ in self.tags)
            return as_json(200, [{"id": n, "full_name": name} for n, name in enumerate(names)])
        if re.fullmatch(r"GET /repositories/\d+/tags", name):
            found = [{"name": tag, "digest": d, "updated_at": at} for (_, tag), (d, at) in self.tags.items()]
            return as_json(200, found)
        if name == "POST /users/1/application_tokens" and "foreign_tokens" in self.holes:
            self.people["portus"].tokens[9] = "foreign"
            return as_json(201, {"id": 9, "plain_token": "f-plain-token"})
        return None

    def _record_api(self, name: str, incoming: Incoming) -> Answer | None:
        if name == "GET /registries":
            return as_json(200, [{"id": 1, **self.record}] if self.record else [])
        if name == "PUT /registries/1" and self.version == "2.4":
            return self._correct_record(json.loads(incoming.body)["registry"])
        if name != "POST /registries" or self.version != "2.4":
            return None
        if self.unreachable:
            self.unreachable -= 1
            return as_json(422, {"message": {"hostname": [f"Error: connection refused {self.echo}"]}})
        self.record = json.loads(incoming.body)["registry"]
        self._recorded("")
        return as_json(201, self.record)

    def _admin_api(self, name: str, incoming: Incoming) -> Answer:
        if name == "GET /users":
            entries = [(n, p.id, p.email, p.admin) for n, p in self.people.items()]
            return as_json(200, [{"username": n, "id": i, "email": e, "admin": a} for n, i, e, a in entries])
        if name == "POST /users":
            user = json.loads(incoming.body)["user"]
            problem = self.add(user["username"], user["password"], user["email"])
            return as_json(422, {"message": {"username": [problem]}}) if problem else as_json(201, {})
        match = re.fullmatch(r"DELETE /users/(\d+)", name)
        if match and self.version == "2.4":
            self.people = {name: person for name, person in self.people.items() if person.id != int(match[1])}
            return Answer(204)
        return self._token_api(name)

    def _correct_record(self, changes: dict[str, object]) -> Answer:
        """app/services/registries/update_service.rb: a host name that is sent is refused, whichever it is."""
        if self.tags and "hostname" in changes:
            return as_json(422, {"message": {"hostname": ["Registry is not empty, cannot change hostname"]}})
        if self.unreachable:
            self.unreachable -= 1
            return as_json(422, {"message": {"hostname": [f"Error: connection refused {self.echo}"]}})
        self.record = {**(self.record or {}), **changes}
        return as_json(200, self.record)

    def _token_api(self, name: str) -> Answer:
        match = re.fullmatch(r"(GET|DELETE) /users/(\d+/)?application_tokens/?(\d*)", name)
        if not match:
            return as_json(405, {"message": "405 Not Allowed"})
        method, owner, token = match.groups()
        if method == "GET":
            person = next(p for p in self.people.values() if f"{p.id}/" == owner)
            return as_json(200, [{"id": key, "application": what} for key, what in person.tokens.items()])
        for person in self.people.values():
            person.tokens.pop(int(token), None)
        return Answer(204)

    def _bootstrap(self, user: dict[str, str]) -> Answer:
        if self.humans():
            return as_json(400, {"message": "you can only use this when there are no users on the system"})
        self.add(user["username"], user["password"], user["email"], admin=True)
        self.people[user["username"]].tokens[7] = "bootstrap"
        return as_json(201, {"id": 7, "application": "bootstrap", "plain_token": "plain-application-token"})
