"""Who and what is in a Portus, for its answers in the unit tests. After SUSE/Portus 2.2.0, 2.3.7 and 2.4.3."""

import re
from dataclasses import dataclass, field

from https_server import Answer, redirect

LOCKED_AFTER = 10


@dataclass
class Person:
    id: int
    password: str
    email: str
    admin: bool = False
    failures: int = 0
    namespace: str = ""
    tokens: dict[int, str] = field(default_factory=dict)


@dataclass
class Session:
    csrf: str
    username: str = ""
    alert: str = ""


class State:
    """Who and what is in one Portus of `version` "2.2", "2.3" or "2.4"; public, for tests to arrange."""

    def __init__(self, version: str) -> None:
        self.version = version
        hidden = Person(1, "p-hidden-password", "portus@portus.com", admin=True, namespace="portus")
        self.people = {"portus": hidden}
        self.record: dict[str, object] | None = None
        self.sign_up = True
        self.unreachable = 0
        self.unavailable = 0
        self.echo = ""
        self.too_fast = 0
        self.empty_handed = False
        self.holes: set[str] = set()
        self.tags: dict[tuple[str, str], tuple[str, str]] = {}
        self.requests: list[str] = []
        self.sessions: dict[str, Session] = {}

    def humans(self) -> dict[str, Person]:
        return {name: person for name, person in self.people.items() if name != "portus"}

    def add(self, username: str, password: str, email: str, admin: bool = False) -> str:
        """Create a user; returns why not, or an empty string."""
        if username in self.people:
            return "Username has already been taken"
        if any(person.email == email for person in self.people.values()):
            return "Email has already been taken"
        self.people[username] = Person(len(self.people) + 1, password, email, admin)
        if self.record is not None:
            self.people[username].namespace = self.make_valid(username)
        return ""

    def make_valid(self, username: str) -> str:
        """The name of a user's namespace: app/models/namespace.rb, make_valid, with the slip in its pattern."""
        if self.version == "2.2" and re.fullmatch(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", username):
            return username
        return re.sub(r"[._]{2,}", "_", re.sub(r"[^a-z0-9._\\\]^]", "_", username.lower()))

    def verify(self, username: str, password: str) -> str:
        """Check a password as devise does; returns the message, or an empty string."""
        person = self.people.get(username)
        if person and person.failures >= LOCKED_AFTER:
            return "Your account is locked."
        if person and person.password == password:
            person.failures = 0
            return ""
        if person:
            person.failures += 1
        return "Invalid username or password."

    def _recorded(self, path: str) -> Answer:
        """Whoever came before the record gets the namespace now [app/models/registry.rb, create_namespaces!]."""
        for name, person in self.people.items():
            person.namespace = person.namespace or self.make_valid(name)
        return redirect(path)
