"""What Portus is told: environment, local configuration, keys and certificates, and who reaches it.

Source of the options: SUSE/Portus ``config/config.yml``; generations as in the component's contract tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..documents import parsed
from ..kubernetes import INGRESS, SERVICE, WORKLOADS, containers, is_patch, kind_of, pod_spec
from ..resource import Resource, Stack
from ..roles import BACKGROUND, CONTAINER, EDGE, PORTUS, images, role_of, runs
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, MEDIUM, About, rule, stack_rule
from ..secret_text import PRIVATE_KEY, known_default, secret_name
from ..values import Bad, Node, Unseen, Value, Verdicts, demand, forbid, given, is_true, number_of
from .docker_hygiene import IMAGE, variables

_FQDN = re.compile(
    r"^(?=.{1,253}(?::|$))[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::\d{1,5})?$"
)
_TRIAL = re.compile(r"(?:^|\.)(?:localhost|test|example|invalid|lan|example\.(?:com|net|org))(?::\d+)?$")
_FIRST_GENERATION = re.compile(r"portus\S*:2\.[0-2](?:[.@-]|$)")
_CONFIGURATION = re.compile(r"(?:^|/)config-local\.ya?ml$")
_NAMES = ("PORTUS_MACHINE_FQDN_VALUE", "PORTUS_MACHINE_FQDN")
_SESSION_KEYS = ("PORTUS_SECRET_KEY_BASE", "PORTUS_SECRET_KEY_BASE_FILE")
_PASSWORDS = ("PORTUS_PASSWORD", "PORTUS_PASSWORD_FILE", "PORTUS_PORTUS_PASSWORD", "PORTUS_PORTUS_PASSWORD_FILE")
_USERS = ("PORTUS_DB_USERNAME", "MARIADB_USER")
_DATABASES = ("PORTUS_DB_DATABASE", "MARIADB_DATABASE")
_HOSTS = ("PORTUS_DB_HOST", "MARIADB_SERVICE_HOST")
_PLAIN_PORT = 80
_LONGEST_TOKEN_MINUTES = 60
_ALLOWED_DIRECTORIES = ("/certificates", "/secrets", "/etc/", "/run/", "/tmp")
_HOLDERS = (CONTAINER, *WORKLOADS)
_DENIED = re.compile(r"webhooks")


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


def _is_portus(resource: Resource) -> bool:
    return role_of(resource) in (PORTUS, BACKGROUND) and runs(resource) and not is_patch(resource)


def _scripted(resource: Resource) -> bool:
    """Whether a start script of ours exports the secrets (generation 1 reads none from files)."""
    return given(_known(resource.at("entrypoints"))) or any(
        not each.at("command").missing for each in (containers(resource) if resource.type in WORKLOADS else ())
    )


def _known(node: Node) -> Value:
    return None if node.unknown else node.value


def _options(resource: Resource, *keys: str) -> Iterator[Node]:
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


def _present(resource: Resource, names: tuple[str, ...]) -> Verdicts:
    found = environment(resource)
    place = resource.at("envs") if resource.type == CONTAINER else pod_spec(resource).at("containers")
    if place.unknown:
        yield Unseen(place.path)
    elif not any(name in found for name in names):
        yield Bad(place.path, f"{names[0]} is missing")


@rule(
    *("P01", "portus-https", "Portus serves TLS", MANDATORY, HIGH),
    reason="passwords are typed here",
    fix="PORTUS_PUMA_TLS_KEY and _CERT (2.3 and later); /certificates/portus-ca.crt and /secrets/portus.key before",
    source="SUSE/Portus config/puma.rb",
    types=_HOLDERS,
)
def https(resource: Resource) -> Verdicts:
    if not _is_portus(resource):
        return
    for node in _options(resource, "check_ssl_usage", "enabled"):
        yield from forbid(node, lambda value: value is False or str(value).lower() == "false")
    found = environment(resource)
    if role_of(resource) == PORTUS and "PORTUS_DB_HOST" in found and resource.inside_component:
        for name in ("PORTUS_PUMA_TLS_KEY", "PORTUS_PUMA_TLS_CERT"):
            yield from _present(resource, (name,))


@rule(
    *("P02", "portus-80-internal", "Portus' plain port stays inside", MANDATORY, HIGH),
    reason="whoever reaches it sends forged events: the webhook asks for no password",
    fix="publish the edge only",
    source="SUSE/Portus app/controllers/api/v2/events_controller.rb",
    types=(CONTAINER, *SERVICE, *INGRESS),
)
def plain_port_internal(resource: Resource) -> Verdicts:
    if role_of(resource) != PORTUS and not _selects_portus(resource):
        return
    for port in resource.at("ports").each():
        yield from forbid(port.at("internal"), lambda value: number_of(value) == _PLAIN_PORT)
    if kind_of(resource) == "Service" and resource.at("spec", "type").text in ("NodePort", "LoadBalancer"):
        for port in resource.at("spec", "ports").each():
            yield from forbid(port.at("port"), lambda value: number_of(value) == _PLAIN_PORT)


def _selects_portus(resource: Resource) -> bool:
    return kind_of(resource) == "Service" and PORTUS in [
        node.text for _, node in resource.at("spec", "selector").entries()
    ]


@rule(
    *("P03", "portus-webhook-closed", "the webhook is closed to the outside", MANDATORY, HIGH),
    reason="it has no authentication: whoever reaches it writes into Portus' catalogue",
    fix="the edge answers 403 or 404 for /v2/webhooks/",
    source="SUSE/Portus app/controllers/api/v2/events_controller.rb",
    types=(CONTAINER, "kubernetes:core/v1:ConfigMap"),
)
def webhook_closed(resource: Resource) -> Verdicts:
    if role_of(resource) != EDGE or not resource.inside_component:
        return
    if resource.type == CONTAINER:
        found = [
            (upload.at("file").text, upload if upload.unknown else upload.at("content"))
            for upload in resource.at("uploads").each()
        ]
    else:
        found = list(resource.at("data").entries())
    for name, node in found:
        if node.unknown or name.endswith("nginx.conf"):
            yield from demand(node, lambda value: _refuses_webhooks(str(value)))


def _refuses_webhooks(configuration: str) -> bool:
    """Whether an nginx configuration has a location for webhooks that returns 403 or 404."""
    blocks = re.findall(r"location\s+([^{]+)\{([^}]*)\}", configuration)
    mapped = re.search(r"webhooks\S*\s+1;|webhooks[^;{]*\s403;", configuration)
    return bool(mapped) or any(_DENIED.search(where) and re.search(r"return\s+40[34]", body) for where, body in blocks)


@rule(
    *("P04", "portus-fqdn", "Portus knows its name", MANDATORY, MEDIUM),
    reason="the name stands in tokens, mails and redirects: with a wrong one nobody can sign in",
    fix="PORTUS_MACHINE_FQDN_VALUE: a lower-case host name with a dot, without scheme and path",
    source="RFC 1123",
    types=_HOLDERS,
)
def fqdn(resource: Resource) -> Verdicts:
    if not _is_portus(resource):
        return
    yield from _present(resource, _NAMES)
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
    if not _is_portus(resource):
        return
    if not _scripted(resource):
        yield from _present(resource, _SESSION_KEYS)
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
    if not _is_portus(resource):
        return
    if not _scripted(resource):
        yield from _present(resource, _PASSWORDS)
    for name in ("PORTUS_PASSWORD", "PORTUS_PORTUS_PASSWORD"):
        node = environment(resource).get(name)
        if node is not None and not isinstance(node.value, dict):
            yield from forbid(node, given)


@rule(
    *("P07", "portus-no-defaults", "no published password", MANDATORY, CRITICAL),
    reason="published passwords are tried first",
    fix="a generated secret",
    source="SUSE/Portus examples and config/secrets.yml",
    types=(CONTAINER, "kubernetes:core/v1:Secret", *WORKLOADS),
)
def no_defaults(resource: Resource) -> Verdicts:
    for name, node in _secret_values(resource):
        if secret_name(name):
            yield from forbid(node, lambda value: isinstance(value, str) and known_default(value.strip()))


def _secret_values(resource: Resource) -> Iterator[tuple[str, Node]]:
    if resource.type == CONTAINER:
        yield from variables(resource)
        for upload in resource.at("uploads").each():
            name = upload.at("file").text.rpartition("/")[2].partition(".")[0]
            yield name.replace("-", "_"), upload if upload.unknown else upload.at("content")
    elif resource.type in WORKLOADS:
        yield from environment(resource).items()
    else:
        for name, node in resource.at("stringData").entries():
            yield name.replace("-", "_").partition(".")[0], node


@rule(
    *("P09", "portus-certificates", "/certificates holds certificates only", MANDATORY, HIGH),
    reason="everything there is copied into the system's trust store, which everybody reads",
    fix="files that end in .crt, no keys",
    source="openSUSE/docker-containers init",
    types=(CONTAINER,),
)
def certificates(resource: Resource) -> Verdicts:
    for upload in resource.at("uploads").each():
        file = upload.at("file")
        if role_of(resource) in (PORTUS, BACKGROUND) and (upload.unknown or file.text.startswith("/certificates/")):
            yield from demand(file, lambda value: str(value).endswith(".crt"))
            yield from forbid(upload.at("content"), lambda value: PRIVATE_KEY.search(str(value or "")))


@rule(
    *("P10", "portus-token-key", "the token key is Portus' alone", MANDATORY, HIGH),
    reason="who holds it writes tokens for every image",
    fix="an upload for the portus and background roles only, named by PORTUS_KEY_PATH (/secrets/portus.key before 2.3)",
    source="SUSE/Portus config/secrets.yml",
    types=(CONTAINER,),
)
def token_key(resource: Resource) -> Verdicts:
    for upload in resource.at("uploads").each():
        file = upload.at("file")
        if file.text in ("/secrets/portus.key", "/etc/portus-stack/token.key") and role_of(resource) not in (
            PORTUS,
            BACKGROUND,
        ):
            yield Bad(file.path)
    if _is_portus(resource):
        path = environment(resource).get("PORTUS_KEY_PATH")
        files = {upload.at("file").text for upload in resource.at("uploads").each()}
        if path is not None and files and not resource.at("uploads").unknown and resource.inside_component:
            yield from demand(path, lambda value: value in files, "no file is there")


@rule(
    *("P11", "portus-stateless", "Portus keeps nothing on disk", MANDATORY, MEDIUM),
    reason="state in a container is lost, or ties the container to one host",
    fix="volumes for certificates, secrets and scratch only",
    source="SUSE/Portus documentation",
    types=_HOLDERS,
)
def stateless(resource: Resource) -> Verdicts:
    if not _is_portus(resource):
        return
    for volume in resource.at("volumes").each():
        yield from demand(volume.at("containerPath"), lambda value: str(value).startswith(_ALLOWED_DIRECTORIES))
    if resource.type in WORKLOADS:
        for volume in pod_spec(resource).at("volumes").each():
            yield from forbid(volume.at("persistentVolumeClaim"), given)


@rule(
    *("P12", "portus-log-level", "no debug log", MANDATORY, HIGH),
    reason="at debug the image prints its whole environment, secrets included",
    fix="PORTUS_LOG_LEVEL=info",
    source="openSUSE/docker-containers init",
    types=_HOLDERS,
)
def log_level(resource: Resource) -> Verdicts:
    if _is_portus(resource):
        for node in _options(resource, "log_level"):
            yield from forbid(node, lambda value: str(value).lower() == "debug")


@rule(
    *("P13", "portus-signup", "nobody signs up by himself", MANDATORY, HIGH),
    reason="whoever reaches the page first becomes the administrator, and later everybody becomes a user",
    fix="`signup: {enabled: false}`",
    source="SUSE/Portus config/config.yml",
    types=_HOLDERS,
)
def signup(resource: Resource) -> Verdicts:
    if not _is_portus(resource):
        return
    found = list(_options(resource, "signup", "enabled"))
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
    if not _is_portus(resource):
        return
    for section, option, bad in (
        (("ldap",), ("encryption", "method"), lambda value: str(value or "") in ("", "plain")),
        (("email", "smtp"), ("openssl_verify_mode",), lambda value: str(value or "") == "none"),
    ):
        enabled = [node for node in _options(resource, *section, "enabled") if node.unknown or is_true(node.value)]
        if any(not node.unknown for node in enabled):
            for node in _options(resource, *section, *option):
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
    if _is_portus(resource):
        for node in _options(resource, "registry", "jwt_expiration_time", "value"):
            yield from forbid(node, lambda value: (number_of(value) or 0) > _LONGEST_TOKEN_MINUTES)


@rule(
    *("P16", "portus-database-user", "a database user of its own", MANDATORY, HIGH),
    reason="2.3 and later connect as root without a password unless told otherwise",
    fix="PORTUS_DB_USERNAME=portus",
    source="SUSE/Portus config/database.yml",
    types=_HOLDERS,
)
def database_user(resource: Resource) -> Verdicts:
    if _is_portus(resource):
        yield from _present(resource, _USERS)
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
    if _is_portus(resource):
        for names in (_HOSTS, _DATABASES):
            yield from _present(resource, names)


@rule(
    *("P18", "portus-user", "Portus is not run as root on purpose", MANDATORY, HIGH),
    reason="`user: root` is how people get at low ports; a sysctl does it without",
    fix="the image's own user (wwwrun), or none",
    source="CIS Docker 4.1",
    types=_HOLDERS,
)
def user(resource: Resource) -> Verdicts:
    if _is_portus(resource):
        nodes = (
            [resource.at("user")]
            if resource.type == CONTAINER
            else [pod_spec(resource).at("securityContext", "runAsUser")]
        )
        for node in nodes:
            yield from forbid(node, lambda value: str(value) in ("root", "0", "0:0", "0.0", "root:root"))


@rule(
    *("P19", "portus-production", "Portus runs in production mode", MANDATORY, HIGH),
    reason="in development it shows source and environment to whoever causes an error",
    fix="leave RAILS_ENV and RACK_ENV out",
    source="Rails security guide",
    types=_HOLDERS,
)
def production(resource: Resource) -> Verdicts:
    if _is_portus(resource):
        for name in ("RAILS_ENV", "RACK_ENV"):
            node = environment(resource).get(name)
            if node is not None:
                yield from demand(node, lambda value: value == "production")


@rule(
    *("P20", "portus-background", "the background process is not reachable", MANDATORY, MEDIUM),
    reason="it serves nobody, so whatever listens there is a mistake",
    fix="no ports for the background role",
    source="SUSE/Portus bin/background.rb",
    types=_HOLDERS,
)
def background(resource: Resource) -> Verdicts:
    if role_of(resource) == BACKGROUND:
        yield from forbid(resource.at("ports"), given)
        if resource.type in WORKLOADS:
            for container in containers(resource):
                yield from forbid(container.at("ports"), given)


@rule(
    *("P21", "portus-trust", "Portus trusts the registry's certificate", MANDATORY, HIGH),
    reason="it refuses to talk to a registry that it does not know: no catalogue, no deletion",
    fix="the CA below /certificates, name ending in .crt",
    source="openSUSE/docker-containers init",
    types=(CONTAINER,),
)
def trust(resource: Resource) -> Verdicts:
    if _is_portus(resource) and resource.inside_component:
        uploads = resource.at("uploads")
        if uploads.unknown:
            yield Unseen(uploads.path)
        elif not any(each.at("file").text.startswith("/certificates/") for each in uploads.each()):
            yield Bad(uploads.path)


@stack_rule(
    *("P22", "portus-image-fit", "hardening fits the image", MANDATORY, HIGH),
    reason="images before 2.3 start Apache through sudo: with no-new-privileges or a read-only root they never start",
    fix="`entrypoints`/`command` without sudo, 2.3 or later, or the profile `compat`",
    source="openSUSE/docker-containers portus-2.1, portus-2.2",
)
def image_fit(stack: Stack) -> Iterator[About]:
    for resource in stack.of_type(CONTAINER, *WORKLOADS):
        if role_of(resource) != PORTUS or not runs(resource) or not _first_generation(stack, resource):
            continue
        if resource.type == CONTAINER:
            options = [each.text for each in resource.at("securityOpts").each()]
            hardened = any(each.startswith("no-new-privileges") for each in options) or is_true(
                _known(resource.at("readOnly"))
            )
        else:
            contexts = [each.at("securityContext") for each in containers(resource)]
            hardened = any(
                _known(each.at("allowPrivilegeEscalation")) is False
                or is_true(_known(each.at("readOnlyRootFilesystem")))
                for each in contexts
            )
        if hardened and not _scripted(resource):
            yield About(resource, Bad("securityOpts" if resource.type == CONTAINER else pod_spec(resource).path))


def _first_generation(stack: Stack, resource: Resource) -> bool:
    references = [node.text for node in images(resource)]
    references += [each.at("name").text for each in stack.sources(resource, "image") if each.type == IMAGE]
    return any(_FIRST_GENERATION.search(each) for each in references)
