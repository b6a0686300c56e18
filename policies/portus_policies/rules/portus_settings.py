"""What Portus is told: environment, local configuration, keys and certificates, and who reaches it.

Source of the options: SUSE/Portus ``config/config.yml``; generations as in the component's contract tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..documents import parsed
from ..kubernetes import WORKLOADS, containers, is_patch, pod_spec
from ..resource import Resource
from ..roles import BACKGROUND, CONTAINER, PORTUS, role_of, runs
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, MEDIUM, rule
from ..values import Bad, Node, Unseen, Value, Verdicts, demand, forbid, given, is_true, number_of
from .docker_hygiene import variables

_FQDN = re.compile(
    r"^(?=.{1,253}(?::|$))[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::\d{1,5})?$"
)
_TRIAL = re.compile(r"(?:^|\.)(?:localhost|test|example|invalid|lan|example\.(?:com|net|org))(?::\d+)?$")
_CONFIGURATION = re.compile(r"(?:^|/)config-local\.ya?ml$")
_NAMES = ("PORTUS_MACHINE_FQDN_VALUE", "PORTUS_MACHINE_FQDN")
_SESSION_KEYS = ("PORTUS_SECRET_KEY_BASE", "PORTUS_SECRET_KEY_BASE_FILE")
_PASSWORDS = ("PORTUS_PASSWORD", "PORTUS_PASSWORD_FILE", "PORTUS_PORTUS_PASSWORD", "PORTUS_PORTUS_PASSWORD_FILE")
_USERS = ("PORTUS_DB_USERNAME", "MARIADB_USER")
_DATABASES = ("PORTUS_DB_DATABASE", "MARIADB_DATABASE")
_HOSTS = ("PORTUS_DB_HOST", "MARIADB_SERVICE_HOST")
_LONGEST_TOKEN_MINUTES = 60
_HOLDERS = (CONTAINER, *WORKLOADS)


def environment(resource: Resource) -> dict[str, Node]:
    """Environment variables of a container, or of all containers of a workload (references are unknown values)."""
    if resource.type == CONTAINER:
        return dict(variables(resource))
    found: dict[str, Node] = {}
    for container in containers(resource):
        for each in container.at("env").each():
            value = each.at("value")
            found[each.at("name").text] = value if not value.missing else each.at("valueFrom")
    return found


def is_portus(resource: Resource) -> bool:
    """Whether it runs Portus, the web application or the background process."""
    return role_of(resource) in (PORTUS, BACKGROUND) and runs(resource) and not is_patch(resource)


def scripted(resource: Resource) -> bool:
    """Whether a start script of ours exports the secrets, as for generation 1, which reads none from files."""
    started = given(known(resource.at("entrypoints"))) or any(
        not each.at("command").missing for each in (containers(resource) if resource.type in WORKLOADS else ())
    )
    return started and "MARIADB_SERVICE_HOST" in environment(resource)


def known(node: Node) -> Value:
    """The value where it can be read, else None."""
    return None if node.unknown else node.value


def options(resource: Resource, *keys: str) -> Iterator[Node]:
    """A Portus option, in the environment or in a local configuration file."""
    node = environment(resource).get("PORTUS_" + "_".join(keys).upper())
    if node is not None:
        yield node
    for upload in resource.at("uploads").each():
        if upload.unknown:
            yield upload
        elif _CONFIGURATION.search(upload.at("file").text):
            content = upload.at("content")
            yield Node(parsed(content.text), f"{content.path}:").at(*keys)


def present(resource: Resource, names: tuple[str, ...]) -> Verdicts:
    """Broken where a container has none of these variables."""
    found = environment(resource)
    place = resource.at("envs") if resource.type == CONTAINER else pod_spec(resource).at("containers")
    if place.unknown:
        yield Unseen(place.path)
    elif not any(name in found for name in names):
        yield Bad(place.path, f"{names[0]} is missing")


@rule(
    *("P04", "portus-fqdn", "Portus knows its name", MANDATORY, MEDIUM),
    reason="the name stands in tokens, mails and redirects: with a wrong one nobody can sign in",
    fix="PORTUS_MACHINE_FQDN_VALUE: a lower-case host name with a dot, without scheme and path",
    source="RFC 1123",
    types=_HOLDERS,
)
def fqdn(resource: Resource) -> Verdicts:
    if not is_portus(resource):
        return
    yield from present(resource, _NAMES)
    for name in _NAMES:
        node = environment(resource).get(name)
        if node is not None:
            yield from demand(node, lambda value: _FQDN.match(str(value)))
            if resource.settings.production:
                yield from forbid(node, lambda value: _TRIAL.search(str(value)), "a name for trials")


@rule(
    *("P05", "portus-session-key", "the session key comes from a secret", MANDATORY, CRITICAL),
    reason="with a known SECRET_KEY_BASE everybody signs in as everybody",
    fix="PORTUS_SECRET_KEY_BASE_FILE",
    source="Rails security guide",
    types=_HOLDERS,
)
def session_key(resource: Resource) -> Verdicts:
    if not is_portus(resource):
        return
    if not scripted(resource):
        yield from present(resource, _SESSION_KEYS)
    node = environment(resource).get(_SESSION_KEYS[0])
    if node is not None and not isinstance(node.value, dict):
        yield from forbid(node, given)


@rule(
    *("P06", "portus-password", "the internal user has its password from a secret", MANDATORY, CRITICAL),
    reason="with it anybody speaks for Portus to the registry",
    fix="PORTUS_PASSWORD_FILE (2.3 and later), PORTUS_PORTUS_PASSWORD before",
    source="SUSE/Portus config/secrets.yml",
    types=_HOLDERS,
)
def password(resource: Resource) -> Verdicts:
    if not is_portus(resource):
        return
    if not scripted(resource):
        yield from present(resource, _PASSWORDS)
    for name in ("PORTUS_PASSWORD", "PORTUS_PORTUS_PASSWORD"):
        node = environment(resource).get(name)
        if node is not None and not isinstance(node.value, dict):
            yield from forbid(node, given)


@rule(
    *("P12", "portus-log-level", "no debug log", MANDATORY, HIGH),
    reason="at debug the image prints its whole environment, secrets included",
    fix="PORTUS_LOG_LEVEL=info",
    source="openSUSE/docker-containers init",
    types=_HOLDERS,
)
def log_level(resource: Resource) -> Verdicts:
    if is_portus(resource):
        for node in options(resource, "log_level"):
            yield from forbid(node, lambda value: str(value).lower() == "debug")


@rule(
    *("P13", "portus-signup", "nobody signs up by himself", MANDATORY, HIGH),
    reason="whoever reaches the page first becomes the administrator, and later everybody becomes a user",
    fix="`signup: {enabled: false}`",
    source="SUSE/Portus config/config.yml",
    types=_HOLDERS,
)
def signup(resource: Resource) -> Verdicts:
    if not is_portus(resource):
        return
    found = list(options(resource, "signup", "enabled"))
    for node in found:
        yield from forbid(node, lambda value: value is None or is_true(value))
    if not found and resource.type == CONTAINER:
        yield Bad("envs", "sign-up is on unless it is switched off")


@rule(
    *("P14", "portus-ldap-smtp", "passwords leave Portus encrypted", MANDATORY, HIGH),
    reason="LDAP and SMTP carry users' passwords",
    fix="`ldap.encryption.method: start_tls`; `email.smtp` with ssl_tls or enable_starttls_auto and verification",
    source="SUSE/Portus config/config.yml",
    types=_HOLDERS,
)
def ldap_smtp(resource: Resource) -> Verdicts:
    if not is_portus(resource):
        return
    for section, option, bad in (
        (("ldap",), ("encryption", "method"), lambda value: str(value or "") in ("", "plain")),
        (("email", "smtp"), ("openssl_verify_mode",), lambda value: str(value or "") == "none"),
    ):
        enabled = [node for node in options(resource, *section, "enabled") if node.unknown or is_true(node.value)]
        if any(not node.unknown for node in enabled):
            for node in options(resource, *section, *option):
                yield from forbid(node, bad)
        elif enabled:
            yield Unseen(enabled[0].path)


@rule(
    *("P15", "portus-token-life", "tokens live an hour at most", ADVISORY, LOW),
    reason="a token cannot be taken back",
    fix="`registry.jwt_expiration_time.value: 15` (minutes), more for long pushes",
    source="SUSE/Portus config/config.yml",
    types=_HOLDERS,
)
def token_life(resource: Resource) -> Verdicts:
    if is_portus(resource):
        for node in options(resource, "registry", "jwt_expiration_time", "value"):
            yield from forbid(node, lambda value: (number_of(value) or 0) > _LONGEST_TOKEN_MINUTES)


@rule(
    *("P16", "portus-database-user", "a database user of its own", MANDATORY, HIGH),
    reason="2.3 and later connect as root without a password unless told otherwise",
    fix="PORTUS_DB_USERNAME=portus",
    source="SUSE/Portus config/database.yml",
    types=_HOLDERS,
)
def database_user(resource: Resource) -> Verdicts:
    if is_portus(resource):
        yield from present(resource, _USERS)
        for name in _USERS:
            node = environment(resource).get(name)
            if node is not None:
                yield from forbid(node, lambda value: value in ("root", ""))


@rule(
    *("P17", "portus-environment", "everything that Portus needs is told", MANDATORY, MEDIUM),
    reason="a variable that is missing shows as a crash loop, long after `up` began",
    fix="database host and name beside the secrets and the FQDN",
    source="the announcement; SUSE/Portus config/database.yml",
    types=_HOLDERS,
)
def complete(resource: Resource) -> Verdicts:
    if is_portus(resource):
        for names in (_HOSTS, _DATABASES):
            yield from present(resource, names)


@rule(
    *("P19", "portus-production", "Portus runs in production mode", MANDATORY, HIGH),
    reason="in development it shows source and environment to whoever causes an error",
    fix="leave RAILS_ENV and RACK_ENV out",
    source="Rails security guide",
    types=_HOLDERS,
)
def production(resource: Resource) -> Verdicts:
    if is_portus(resource):
        for name in ("RAILS_ENV", "RACK_ENV"):
            node = environment(resource).get(name)
            if node is not None:
                yield from demand(node, lambda value: value == "production")
