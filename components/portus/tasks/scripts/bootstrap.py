"""Bring a fresh Portus to the state in which people and the smoke check can use it; safe to repeat.

Creates the first administrator, the registry record and the user of the smoke check (the bot), and corrects a record
that says something else. Everything is in place when the record is right and the bot gets a token that lets it push and
pull in its own namespace; then nothing else is looked at, so that it still works after the administrator changed her
password.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from administration import CORRECT_RECORD, Administration, AlreadyTaken, Api, Forms, RegistryRecord
from http_client import REDIRECTS, HttpClient, tls_context
from portus_client import Account, Locked, NotAllowed, Portus, Refusals, Refused, expect, granted
from task import Failure, Json, Section, main

CREATE_ADMINISTRATOR = "create the first administrator"
NEEDED_ACTIONS = frozenset({"push", "pull"})
# The end point names its application token so [lib/api/v1/users.rb, 2.4+].
BOOTSTRAP_TOKEN = "bootstrap"


@dataclass(frozen=True)
class Settings:
    """What the settings file says; see `prepare` for its keys."""

    generation: int
    portus_url: str
    registry: RegistryRecord
    administrator: Account
    bot: Account
    portus_user: Account | None
    former_bot: tuple[str, str] | None
    repository: str


class Bootstrap:
    """One attempt."""

    def __init__(self, settings: Settings, visit: Callable[[], Portus], refusals: Refusals) -> None:
        self._settings, self._visit, self._refusals = settings, visit, refusals
        self._created: list[Json] = []
        self._corrected: list[Json] = []
        self._removed: list[Json] = []
        self._bot_exists = False
        self._namespace = ""

    def attempt(self) -> Mapping[str, Json]:
        """Do what is missing. Raises Failure."""
        self._visit().page("wait for Portus", "/users/sign_in")
        if self._bot_exists_and_may_push():
            self._correct_registry_as_portus()
            return self._result("corrected" if self._corrected else "already done")
        try:
            operator = self._sign_in_administrator()
            self._ensure_registry(self._administration(operator))
        except (Refused, Locked, NotAllowed) as failure:
            operator = self._sign_in_portus(failure)
            self._ensure_registry(self._administration(operator))
            self._ensure_administrator(operator)
        self._ensure_bot(self._administration(operator))
        if not self._bot_may_push():
            raise self._no_access()
        return self._result("done")

    def _result(self, outcome: str) -> Mapping[str, Json]:
        settings = self._settings
        return {
            "outcome": outcome,
            "created": self._created,
            "corrected": self._corrected,
            "removed": self._removed,
            "administrator": settings.administrator.username,
            "registry": settings.registry.hostname,
            "bot": settings.bot.username,
            "namespace": self._namespace,
        }

    def _administration(self, operator: Portus) -> Administration:
        return Forms(operator) if self._settings.generation == 1 else Api(operator)

    def _bot_exists_and_may_push(self) -> bool:
        try:
            return self._bot_may_push()
        except Refused:
            return False
        except Locked:  # what else is missing does not wait for it
            self._bot_exists = True
            return False

    def _bot_may_push(self) -> bool:
        """Whether the bot may push to and pull from its repository. Raises Refused and Locked."""
        settings, portus = self._settings, self._visit()
        portus.sign_in(settings.bot)
        self._bot_exists = True
        self._namespace = portus.own_namespace(settings.bot, settings.generation)
        if not self._namespace:
            return False
        scope = f"repository:{self._namespace}/{settings.repository}"
        token = portus.token(settings.registry.hostname, settings.bot, f"{scope}:push,pull")
        return granted(token).get(scope, frozenset()) >= NEEDED_ACTIONS

    def _no_access(self) -> Failure:
        settings = self._settings
        where = f"push to and pull from {self._namespace}/{settings.repository}" if self._namespace else "push anywhere"
        return Failure(
            "check the bot's rights",
            f'"{settings.bot.username}" may not {where}',
            "Check in Portus that the bot has a namespace of its own, and that user_permission.push_images lets users "
            "push",
        )

    def _sign_in_administrator(self) -> Portus:
        """A visit as administrator, created first if Portus has none."""
        administrator = self._settings.administrator
        if self._create_administrator():
            self._refusals.accepted(administrator)
            self._created.append("administrator")
        portus = self._visit()
        portus.sign_in(administrator)
        if self._settings.generation != 1:
            Api(portus).revoke_tokens(administrator.username, BOOTSTRAP_TOKEN)
        return portus

    def _create_administrator(self) -> bool:
        """Create her where Portus offers it: by the API (2.4+), else by the sign-up form. False if it does not."""
        if self._settings.generation == 1:
            return self._sign_up()
        portus, account = self._visit(), self._settings.administrator
        user: Json = {"username": account.username, "email": account.email, "password": account.password}
        response = portus.api(CREATE_ADMINISTRATOR, "POST", "/users/bootstrap", {"user": user})
        if response.status == 400:  # noqa: PLR2004 - there are users already
            return False
        # 2.3 has no such end point; elsewhere first_user_admin may be off (405).
        if response.status in (401, 404, 405):
            return self._sign_up()
        data = expect(CREATE_ADMINISTRATOR, response, 201, remedy="Correct the administrator's settings").json()
        if isinstance(data, dict) and isinstance(data.get("plain_token"), str):
            portus.http.redactor.add(str(data["plain_token"]))
        return True

    def _sign_up(self) -> bool:
        portus, account = self._visit(), self._settings.administrator
        form = portus.page(CREATE_ADMINISTRATOR, "/users/sign_up")
        # The form has this field only while there is no administrator; it redirects while sign-up is off.
        if "user[admin]" not in form.page.inputs:
            return False
        fields = {
            "user[username]": account.username,
            "user[email]": account.email,
            "user[password]": account.password,
            "user[password_confirmation]": account.password,
            "user[admin]": "true",
        }
        response = portus.submit(CREATE_ADMINISTRATOR, "/users", fields, come_from="/users/sign_up")
        path = urlsplit(response.location).path
        if response.status in REDIRECTS and not path.startswith(("/users/sign_", "/500")):
            return True
        if response.status in REDIRECTS:
            response = portus.http.follow(CREATE_ADMINISTRATOR, response.location)
        cause = response.page.alert or response.summary()
        raise Failure(CREATE_ADMINISTRATOR, cause, "Correct the administrator's settings")

    def _sign_in_portus(self, failure: Failure) -> Portus:
        """A visit as Portus' own hidden user, an administrator too, when ours cannot sign in or is none (yet)."""
        if self._settings.portus_user is None:
            raise Failure(
                failure.step,
                f"{failure.cause}. Without an administrator neither the registry record nor the bot can be created",
                f"{failure.remedy}. If Portus has no administrator yet, its sign-up is off: give this task portus_user",
            )
        portus = self._visit()
        portus.sign_in(self._settings.portus_user)
        return portus

    def _ensure_registry(self, administration: Administration) -> None:
        found = administration.registry()
        if found is None:
            administration.create_registry(self._settings.registry)
            self._created.append("registry record")
            return
        self._correct(administration, found)

    def _correct(self, administration: Administration, found: RegistryRecord) -> None:
        """Let the record say what this stack is; what the people called it stays."""
        wanted = self._settings.registry
        told = wanted.differences(found)
        if not told:
            return
        try:
            administration.correct_registry(wanted, found)
        except Failure as failure:
            if wanted.hostname == found.hostname:
                raise
            raise self._other_hostname(found, failure.cause) from None
        now = administration.registry()
        if now is None or wanted.differing(now):
            if wanted.hostname != (now or found).hostname:
                raise self._other_hostname(found, "it kept the old one")
            raise Failure(CORRECT_RECORD, f"Portus took it and still says otherwise: {told}", "Look at its log")
        self._corrected.append(told)

    def _other_hostname(self, found: RegistryRecord, cause: str) -> Failure:
        """Portus changes the name by which it knows its registry only while it has no repositories."""
        wanted = self._settings.registry.hostname
        return Failure(
            CORRECT_RECORD,
            f"Portus does not change its registry's internal host name from {found.hostname!r} to {wanted!r}: {cause}",
            "It does so only while there are no repositories: give the PortusStack the name that it had",
        )

    def _correct_registry_as_portus(self) -> None:
        """The record is looked at also when nothing is missing, if there is a way in beside the administrator's."""
        if self._settings.portus_user is None:
            return
        portus = self._visit()
        try:
            portus.sign_in(self._settings.portus_user)
        except (Refused, Locked):  # either of the two will do
            portus = self._visit()
            portus.sign_in(self._settings.administrator)
        administration = self._administration(portus)
        found = administration.registry()
        if found is not None:
            self._correct(administration, found)

    def _ensure_administrator(self, operator: Portus) -> None:
        """While nobody is administrator (sign-up off), create ours and give her the right; else leave users alone."""
        hidden, ours = self._settings.portus_user, self._settings.administrator
        administration = self._administration(operator)
        people = [user for user in administration.users() if hidden is None or user.username != hidden.username]
        if any(user.admin for user in people):
            return
        if not any(ours.email.lower() == user.email.lower() for user in people):
            administration.create_user(ours)
            self._refusals.accepted(ours)
            self._created.append("administrator")
            people = administration.users()
        number = next(user.id for user in people if user.email.lower() == ours.email.lower())
        operator.page(CREATE_ADMINISTRATOR, "/admin/users")
        response = operator.put(CREATE_ADMINISTRATOR, f"/admin/users/{number}/toggle_admin")
        expect(CREATE_ADMINISTRATOR, response, 200, 204)

    def _ensure_bot(self, administration: Administration) -> None:
        if self._bot_exists:
            return
        bot = self._settings.bot
        try:
            administration.create_user(bot)
        except AlreadyTaken as taken:
            raise Failure(
                taken.step,
                f"{taken.cause}; a user of this name or e-mail address exists, with another password than the stack's",
                "Remove this user in Portus; it is then created anew",
            ) from None
        self._refusals.accepted(bot)
        self._created.append("bot")
        former = self._settings.former_bot
        if former and administration.remove_user(*former):
            self._removed.append(former[0])


def prepare(section: Section) -> Callable[[], Mapping[str, Json]]:
    """Read the settings and return what attempts the bootstrap. Raises SettingsError.

    Keys: generation (1 or 2), portus_url (https), ca_file, registry {name, hostname, external_hostname, use_ssl},
    administrator {username, email, password_file}, bot {username, email, password_file}, repository (in the bot's
    namespace, default smoke-check) and, optionally, portus_user {username, password_file}: Portus' hidden user, used
    when the administrator cannot sign in or sign up; and former_bot {username, email}: whom the bot takes over from.
    """
    generation = section.number("generation", range(1, 3))
    portus_url, ca_file = section.https_url("portus_url"), section.file("ca_file")
    registry = _registry(section.section("registry"))
    administrator = Account.read(section.section("administrator"), with_email=True)
    bot = Account.read(section.section("bot"), with_email=True)
    hidden = section.optional_section("portus_user")
    portus_user = Account.read(hidden, with_email=False) if hidden else None
    former_bot = _former_bot(section.optional_section("former_bot"))
    repository = section.text("repository", "smoke-check")
    section.finish()
    settings = Settings(generation, portus_url, registry, administrator, bot, portus_user, former_bot, repository)
    context, refusals = tls_context(ca_file), Refusals()

    def visit() -> Portus:
        return Portus(HttpClient(context, section.redactor), portus_url, refusals)

    return lambda: Bootstrap(settings, visit, refusals).attempt()


def _former_bot(section: Section | None) -> tuple[str, str] | None:
    if section is None:
        return None
    found = section.text("username"), section.text("email")
    section.finish()
    return found


def _registry(section: Section) -> RegistryRecord:
    record = RegistryRecord(
        section.text("name"), section.text("hostname"), section.text("external_hostname"), section.flag("use_ssl")
    )
    section.finish()
    return record


if __name__ == "__main__":
    raise SystemExit(main("bootstrap", prepare))
