"""Use the registry as a person would, through its public addresses: log in, push, see, pull, and be refused.

Touches one repository of one user, the bot, and leaves the same image there each time.
"""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import urlsplit

from http_client import REDIRECTS, HttpClient, Response, origin, tls_context
from intrusions import Intrusions
from portus_client import Account, Portus, Refusals, granted
from registry_client import LOOK_AT_REGISTRY, MANIFEST_TYPE, Registry, digest_of, smoke_check_image
from sightings import Sightings
from task import Failure, Json, Section, SettingsError, main

VISIBLE_WITHIN_SECONDS = 60
LOOK_EVERY_SECONDS = 1.0
HOLES = ("widened_scopes", "token_subject", "foreign_tokens")
REFUSED_PATHS = ("/api/v1/users/bootstrap", "/api/v1/health", "/api/v1/_ping")
CLOSE_THE_EDGE = "The edge must answer 403 or 404 here; look at its configuration"


@dataclass(frozen=True)
class Settings:
    """What the settings file says; see `prepare` for its keys."""

    generation: int
    portus_url: str
    registry_url: str
    registry_service: str
    realm: str
    bot: Account
    repository: str
    tag: str
    webhook_url: str
    forged_host: str
    refused_paths: tuple[str, ...]
    closed: tuple[str, ...]
    http_url: str


class SmokeCheck:
    """One attempt: the steps in order, each named in what it raises and in the result."""

    def __init__(self, settings: Settings, client: Callable[[], HttpClient], refusals: Refusals) -> None:
        # A client each: Portus' session cookie is nobody else's business, also when one host name serves both.
        self._settings, self._client, self._http = settings, client, client()
        self._portus = Portus(client(), settings.portus_url, refusals)
        self._namespace = ""
        self._image = smoke_check_image()

    def attempt(self) -> Mapping[str, Json]:
        """All steps. Raises Failure at the first that fails."""
        steps: list[tuple[str, Callable[[str], None]]] = [
            ("log in", self._log_in),
            ("see the registry's challenge", self._see_challenge),
            ("be refused without a token", self._be_refused_without_token),
            ("get a token", self._get_token),
            ("be refused with a forged token", self._be_refused_with_forged_token),
            ("push", self._push),
            ("see it in Portus", self._see),
            ("pull it back", self._pull),
            ("be refused a forged webhook", self._be_refused_webhook),
            ("be refused internal paths", self._be_refused_paths),
        ]
        intrusions = Intrusions(self._portus, self._client, self._settings.bot, self._settings.registry_service)
        steps += [intrusions.steps()[name] for name in self._settings.closed]
        if self._settings.http_url:
            steps.append(("be redirected from plain HTTP", self._be_redirected))
        for name, step in steps:
            step(name)
        return {
            "repository": self._repository,
            "tag": self._settings.tag,
            "digest": self._image.digest,
            "checked_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "steps": [name for name, _ in steps],
        }

    @property
    def _repository(self) -> str:
        """The bot's, in its own namespace, which Portus names."""
        return f"{self._namespace}/{self._settings.repository}"

    def _log_in(self, step: str) -> None:
        settings = self._settings
        self._portus.sign_in(settings.bot)
        self._namespace = self._portus.own_namespace(settings.bot, settings.generation)
        if not self._namespace:
            raise Failure(step, f'Portus gave "{settings.bot.username}" no namespace', "Run `up` again: bootstrap does")
        self._registry = Registry(self._client(), settings.registry_url, self._repository)
        self._sightings = Sightings(self._portus, settings.generation, self._repository, settings.tag)

    def _see_challenge(self, step: str) -> None:
        challenge = self._registry.challenge(step)
        wanted = {"realm": self._settings.realm, "service": self._settings.registry_service}
        for key, value in wanted.items():
            if challenge.get(key) != value:
                raise Failure(
                    step,
                    f"the registry's {key} is {challenge.get(key)!r} and should be {value!r}",
                    f"Correct auth.token.{key} in the registry's configuration",
                )

    def _be_refused_without_token(self, step: str) -> None:
        _refused(step, self._registry.manifest(step, self._settings.tag), 401)

    def _get_token(self, step: str) -> None:
        scope = f"repository:{self._repository}"
        token = self._portus.token(self._settings.registry_service, self._settings.bot, f"{scope}:push,pull")
        actions = granted(token).get(scope, frozenset())
        if not actions >= {"push", "pull"}:
            raise Failure(
                step,
                f"Portus grants {', '.join(sorted(actions)) or 'nothing'} on {self._repository}; "
                "push and pull are needed",
                "Check that the registry record's host name is the token service, and the bot's rights in Portus",
            )
        self._registry.token = token

    def _be_refused_with_forged_token(self, step: str) -> None:
        genuine = self._registry.token
        self._registry.token = with_other_signature(genuine)
        try:
            _refused(step, self._registry.manifest(step, self._settings.tag), 401)
        finally:
            self._registry.token = genuine

    def _push(self, step: str) -> None:
        self._sightings.remember(step)
        for content in (self._image.layer, self._image.config):
            self._registry.push_blob(step, content)
        self._registry.push_manifest(step, self._settings.tag, self._image.manifest)

    def _see(self, step: str) -> None:
        """Wait until Portus shows what the registry told it: a new tag, or an older one pushed again."""
        end = time.monotonic() + VISIBLE_WITHIN_SECONDS
        while not self._sightings.is_new(step, self._image.digest):
            if time.monotonic() > end:
                raise Failure(
                    step,
                    f"{self._repository}:{self._settings.tag} was pushed, but Portus does not show it after "
                    f"{VISIBLE_WITHIN_SECONDS} s",
                    "Check that the registry's notifications reach Portus (its log says why not), that the record's "
                    "external host name is the registry's public one, and that the background process runs",
                )
            time.sleep(LOOK_EVERY_SECONDS)

    def _pull(self, step: str) -> None:
        pulled = [
            ("manifest", self._registry.manifest(step, self._settings.tag).body, self._image.manifest),
            ("configuration", self._registry.blob(step, digest_of(self._image.config)), self._image.config),
            ("layer", self._registry.blob(step, digest_of(self._image.layer)), self._image.layer),
        ]
        for name, found, wanted in pulled:
            if found != wanted:
                raise Failure(step, f"the {name} came back changed: {digest_of(found)}", LOOK_AT_REGISTRY)

    def _be_refused_webhook(self, step: str) -> None:
        settings = self._settings
        event: Json = {
            "id": "forged",
            "action": "push",
            "target": {"mediaType": MANIFEST_TYPE, "repository": f"{self._namespace}/forged", "tag": "forged"},
            "request": {"host": settings.forged_host},
            "actor": {"name": settings.bot.username},
        }
        response = self._http.send_json(step, "POST", settings.webhook_url, {"events": [event]})
        _refused(step, response, 403, 404)

    def _be_refused_paths(self, step: str) -> None:
        for path in self._settings.refused_paths:
            for method in ("GET", "POST"):
                response = self._http.request(step, method, f"{self._settings.portus_url}{path}")
                _refused(step, response, 403, 404)

    def _be_redirected(self, step: str) -> None:
        response = self._http.get(step, self._settings.http_url)
        if response.status not in REDIRECTS or not origin(response.location).startswith("https://"):
            raise Failure(step, response.summary(), "Plain HTTP must be redirected; look at the edge's configuration")


def _refused(step: str, response: Response, *statuses: int) -> None:
    if response.status not in statuses:
        remedy = CLOSE_THE_EDGE if 403 in statuses else "The registry must refuse this; look at its `auth` settings"  # noqa: PLR2004
        raise Failure(step, f"this was not refused: {response.summary()}", remedy)


def with_other_signature(token: str) -> str:
    """The same token as if another key had signed it: every byte of its signature differs."""
    head, _, signature = token.rpartition(".")
    raw = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    other = bytes(byte ^ 0x55 for byte in raw)
    return f"{head}.{urlsafe_b64encode(other).decode().rstrip('=')}"


def prepare(section: Section) -> Callable[[], Mapping[str, Json]]:
    """Read the settings and return what attempts the check. Raises SettingsError.

    Keys: generation (1 or 2), portus_url and registry_url (public, https), registry_service, realm
    (default portus_url/v2/token), ca_file, system_trust (whether what the system trusts is trusted too, default false),
    bot {username, password_file}, repository (in the bot's namespace, default smoke-check), tag (default latest),
    webhook_url (default portus_url/v2/webhooks/events), forged_host (default the registry's public host), refused_paths
    (default REFUSED_PATHS), closed (which of HOLES are, default none) and http_url (default: not checked).
    """
    generation, ca_file = section.number("generation", range(1, 3)), section.file("ca_file")
    portus_url, registry_url = section.https_url("portus_url"), section.https_url("registry_url")
    bot = Account.read(section.section("bot"), with_email=False)
    settings = Settings(
        generation=generation,
        portus_url=portus_url,
        registry_url=registry_url,
        registry_service=section.text("registry_service"),
        realm=section.text("realm", f"{portus_url}/v2/token"),
        bot=bot,
        repository=section.text("repository", "smoke-check"),
        tag=section.text("tag", "latest"),
        webhook_url=section.text("webhook_url", f"{portus_url}/v2/webhooks/events"),
        forged_host=section.text("forged_host", urlsplit(registry_url).netloc),
        refused_paths=section.texts("refused_paths", REFUSED_PATHS),
        closed=section.texts("closed", ()),
        http_url=section.text("http_url", ""),
    )
    if unknown := sorted({*settings.closed} - {*HOLES}):
        raise SettingsError(f"closed: {', '.join(unknown)} is none of {', '.join(HOLES)}")
    context = tls_context(ca_file, section.flag("system_trust", False))
    section.finish()
    refusals = Refusals()
    return lambda: SmokeCheck(settings, lambda: HttpClient(context, section.redactor), refusals).attempt()


if __name__ == "__main__":
    raise SystemExit(main("smoke check", prepare))
