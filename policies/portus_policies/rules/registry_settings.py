"""What the registry is told: its configuration file (an upload or a ConfigMap entry) and its REGISTRY_* variables.

Source of the options: distribution ``docs/content/about/configuration.md`` at v3.0.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from ..documents import parsed
from ..kubernetes import CONFIG_MAP, WORKLOADS, containers
from ..resource import Resource
from ..roles import CONTAINER, REGISTRY, images, role_of, runs
from ..rule import ADVISORY, HIGH, LOW, MANDATORY, MEDIUM, rule
from ..values import Bad, Node, Unseen, Value, Verdicts, demand, forbid, given, is_true
from .docker_hygiene import variables

HOLDERS = (CONTAINER, *CONFIG_MAP)
_WEAK_SUITES = re.compile(r"RC4|3DES|_CBC_|^TLS_RSA_", re.IGNORECASE)
_LOOPBACK = re.compile(r"^(?:127\.0\.0\.1|localhost|\[::1\]):\d+$")
_EVENTS = "/v2/webhooks/events"
_FILE = re.compile(r"(?:^|/)config\.ya?ml$|^config$")
_BUILT_IN = ("silly", "htpasswd")
_DISTRIBUTION_3 = re.compile(r"[:](?:3|v3)(?:[.@-]|$)")


def files(resource: Resource) -> Iterator[tuple[str, Node]]:
    """File name → content of what a resource brings."""
    if resource.type == CONTAINER:
        for upload in resource.at("uploads").each():
            yield upload.at("file").text, upload if upload.unknown else upload.at("content")
    else:
        yield from resource.at("data").entries()


def configurations(resource: Resource) -> Iterator[Node]:
    """Each registry configuration among the files, as data; UNKNOWN where it cannot be read yet."""
    for name, content in files(resource):
        if content.unknown:
            if role_of(resource) == REGISTRY:
                yield content
        elif _FILE.search(name):
            document = parsed(content.text)
            if isinstance(document, dict) and "storage" in document and ("http" in document or "auth" in document):
                yield Node(document, f"{content.path}:")


def _environment(resource: Resource) -> dict[str, Node]:
    """REGISTRY_* variables of a container or a workload's containers."""
    if resource.type == CONTAINER:
        return {name: node for name, node in variables(resource) if name.startswith("REGISTRY_")}
    if resource.type in WORKLOADS:
        entries = (each for container in containers(resource) for each in container.at("env").each())
        return {
            each.at("name").text: each.at("value") for each in entries if each.at("name").text.startswith("REGISTRY_")
        }
    return {}


def _option(resource: Resource, *keys: str) -> Iterator[Node]:
    """An option, wherever it is told: in each configuration file, and in the environment."""
    for document in configurations(resource):
        yield document.at(*keys)
    variable = _environment(resource).get("REGISTRY_" + "_".join(keys).upper())
    if variable is not None:
        yield variable


_TYPES = (*HOLDERS, *WORKLOADS)


@rule(
    *("G01", "reg-tls", "the registry serves TLS", MANDATORY, HIGH),
    reason="tokens and layers cross the network, and whoever reads a token has it",
    fix="`http.tls.certificate` and `http.tls.key`; no `h2c`",
    source="distribution configuration, http.tls",
    types=_TYPES,
)
def tls(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        if resource.inside_component or not document.unknown:
            for name in ("certificate", "key"):
                yield from demand(document.at("http", "tls", name), given)
    for node in _option(resource, "http", "h2c", "enabled"):
        yield from forbid(node, is_true)


@rule(
    *("G02", "reg-min-tls", "TLS 1.2 at least", MANDATORY, HIGH),
    reason="older versions and suites are broken",
    fix="`http.tls.minimumtls: tls1.2` and no `ciphersuites`",
    source="RFC 8996",
    types=_TYPES,
)
def minimum_tls(resource: Resource) -> Verdicts:
    for node in _option(resource, "http", "tls", "minimumtls"):
        yield from demand(node, lambda value: value in (None, "", "tls1.2", "tls1.3"))
    for document in configurations(resource):
        for each in document.at("http", "tls", "ciphersuites").each():
            yield from forbid(each, lambda value: _WEAK_SUITES.search(str(value)))


@rule(
    *("G03", "reg-token-auth", "access by token only", MANDATORY, HIGH),
    reason="without it everybody pushes; with another kind Portus' permissions do not hold",
    fix="`auth.token` with realm, service and issuer, and nothing else below `auth`",
    source="distribution configuration, auth",
    types=_TYPES,
)
def token_auth(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        if not document.at("proxy", "remoteurl").missing and not document.unknown:
            continue
        for name in ("realm", "service", "issuer"):
            yield from demand(document.at("auth", "token", name), given)
        for name in _BUILT_IN:
            yield from forbid(document.at("auth", name), lambda value: value is not None)
    for name, node in _environment(resource).items():
        if name == "REGISTRY_AUTH":
            yield from demand(node, lambda value: value == "token")


@rule(
    *("G04", "reg-realm", "tokens come over https", MANDATORY, HIGH),
    reason="clients send their password to the realm",
    fix="`auth.token.realm: https://FQDN/v2/token`, no `autoredirect`",
    source="distribution configuration, auth.token",
    types=_TYPES,
)
def realm(resource: Resource) -> Verdicts:
    for node in _option(resource, "auth", "token", "realm"):
        yield from forbid(node, lambda value: given(value) and not _is_realm(str(value)))
    for node in _option(resource, "auth", "token", "autoredirect"):
        yield from forbid(node, is_true)


def _is_realm(text: str) -> bool:
    url = urlsplit(text)
    return url.scheme == "https" and bool(url.hostname) and url.path == "/v2/token"


@rule(
    *("G05", "reg-issuer", "issuer and realm name the same Portus", MANDATORY, MEDIUM),
    reason="a token whose issuer is another name is refused: nobody can push",
    fix="`auth.token.issuer` equal to the host of the realm and to PORTUS_MACHINE_FQDN_VALUE",
    source="distribution registry/auth/token",
    types=_TYPES,
)
def issuer(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        token = document.at("auth", "token")
        host = urlsplit(token.at("realm").text).netloc
        names = {host, host.partition(":")[0]}
        if host:
            yield from demand(token.at("issuer"), lambda value: value in names)


@rule(
    *("G07", "reg-jwks", "Distribution 3 gets the key by its id", MANDATORY, HIGH),
    reason="version 3 looks keys up by another id than Portus writes into tokens: every login fails",
    fix="`auth.token.jwks` with Portus' libtrust `kid`, beside `rootcertbundle` for version 2",
    source="distribution#4299, #4470",
    types=_TYPES,
)
def jwks(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        token = document.at("auth", "token")
        trusts = token.at("rootcertbundle"), token.at("jwks")
        if document.unknown:
            yield Unseen(document.path)
        elif not token.missing and all(node.missing for node in trusts):
            yield Bad(token.path, "neither rootcertbundle nor jwks")
        elif resource.inside_component:
            yield from demand(trusts[1], given)
    third = any(_DISTRIBUTION_3.search(image.text) for image in images(resource)) and role_of(resource) == REGISTRY
    if third and resource.type in WORKLOADS and "REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE" in _environment(resource):
        jwks_given = "REGISTRY_AUTH_TOKEN_JWKS" in _environment(resource)
        if not jwks_given:
            yield Bad(images(resource)[0].path, "version 3 without REGISTRY_AUTH_TOKEN_JWKS")


@rule(
    *("G08", "reg-algorithms", "RS256 only", ADVISORY, LOW),
    reason="version 3 accepts symmetric algorithms by default",
    fix="`auth.token.signingalgorithms: [RS256]`",
    source="distribution configuration, auth.token",
    types=_TYPES,
)
def algorithms(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        for each in document.at("auth", "token", "signingalgorithms").each():
            yield from forbid(each, lambda value: str(value).startswith("HS") or value == "none")


@rule(
    *("G09", "reg-http-secret", "the upload secret is secret and shared", MANDATORY, MEDIUM),
    reason="whoever knows it forges upload states; replicas that do not share it fail every push",
    fix="REGISTRY_HTTP_SECRET from a secret, not in the configuration",
    source="distribution configuration, http.secret",
    types=_TYPES,
)
def http_secret(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        yield from forbid(document.at("http", "secret"), given)
    node = _environment(resource).get("REGISTRY_HTTP_SECRET")
    if node is not None:
        yield from forbid(node, given)


@rule(
    *("G10", "reg-debug", "the debug listener is private", MANDATORY, HIGH),
    reason="it shows goroutines, heap and expvars to everybody who reaches it",
    fix="`http.debug.addr: 127.0.0.1:5001`, or none",
    source="distribution configuration, http.debug",
    types=_TYPES,
)
def debug(resource: Resource) -> Verdicts:
    for node in _option(resource, "http", "debug", "addr"):
        yield from forbid(node, lambda value: given(value) and not _LOOPBACK.match(str(value)))
    if role_of(resource) == REGISTRY:
        for port in resource.at("ports").each():
            yield from forbid(port.at("internal"), lambda value: value in (5001, 5001.0))


@rule(
    *("G11", "reg-headers", "browsers do not guess types", ADVISORY, LOW),
    reason="a layer that a browser takes for a page runs its scripts",
    fix="`http.headers: {X-Content-Type-Options: [nosniff]}`",
    source="distribution configuration, http.headers",
    types=_TYPES,
)
def headers(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        yield from demand(document.at("http", "headers", "X-Content-Type-Options"), lambda value: value == ["nosniff"])


@rule(
    *("G12", "reg-events", "events go to Portus, inside", MANDATORY, HIGH),
    reason="without events Portus knows no pushes; over the outside they can be read and forged",
    fix="`notifications.endpoints[].url: https://…internal…/v2/webhooks/events` with timeout and backoff",
    source="SUSE/Portus app/controllers/api/v2/events_controller.rb",
    types=_TYPES,
)
def events(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        if document.at("auth", "token").missing:
            continue
        endpoints = document.at("notifications", "endpoints")
        yield from demand(endpoints, given)
        for endpoint in endpoints.each():
            url = endpoint.at("url")
            if resource.inside_component or _EVENTS in url.text:
                yield from demand(url, _inside_events)
                for name in ("timeout", "backoff"):
                    yield from demand(endpoint.at(name), given)
            yield from forbid(endpoint.at("headers", "Authorization"), given)


def _inside_events(value: Value) -> bool:
    url = urlsplit(str(value))
    return (url.scheme == "https" and url.path == _EVENTS) or (
        url.scheme == "http" and url.port in (None, 80) and "." not in str(url.hostname)
    )


@rule(
    *("G13", "reg-storage", "layers are kept, without keys in the file", MANDATORY, HIGH),
    reason="layers in memory are gone with the container; keys in a file are read by whoever reads the file",
    fix="`storage.filesystem` on a volume, or `storage.s3` with its keys in variables from a secret",
    source="distribution configuration, storage",
    types=_TYPES,
)
def storage(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        yield from forbid(document.at("storage", "inmemory"), lambda value: value is not None)
        for name in ("accesskey", "secretkey"):
            yield from forbid(document.at("storage", "s3", name), given)


@rule(
    *("G14", "reg-log", "access is logged, and no more", ADVISORY, LOW),
    reason="without the access log nobody knows who pulled what; debug logs hold tokens",
    fix="`log.level: info`, no `log.accesslog.disabled`",
    source="NIST SP 800-190 4.2.3",
    types=_TYPES,
)
def log(resource: Resource) -> Verdicts:
    for node in _option(resource, "log", "level"):
        yield from forbid(node, lambda value: value == "debug")
    for node in _option(resource, "log", "accesslog", "disabled"):
        yield from forbid(node, is_true)


@rule(
    *("G15", "reg-proxy-credentials", "no password of an upstream registry in the file", MANDATORY, HIGH),
    reason="whoever reads the file pulls and pushes there",
    fix="REGISTRY_PROXY_PASSWORD from a secret",
    source="distribution configuration, proxy",
    types=_TYPES,
)
def proxy_credentials(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        yield from forbid(document.at("proxy", "password"), given)


@rule(
    *("G16", "reg-health", "the storage is checked", ADVISORY, LOW),
    reason="a registry that cannot write must say so before somebody pushes",
    fix="`health.storagedriver.enabled: true`",
    source="distribution configuration, health",
    types=_TYPES,
)
def health(resource: Resource) -> Verdicts:
    for document in configurations(resource):
        yield from demand(document.at("health", "storagedriver", "enabled"), is_true)


@rule(
    *("G17", "reg-telemetry", "traces go nowhere by themselves", ADVISORY, LOW),
    reason="version 3 looks for a collector on localhost and logs an error for every request",
    fix="OTEL_TRACES_EXPORTER=none",
    source="distribution v3 image",
    types=(CONTAINER, *WORKLOADS),
)
def telemetry(resource: Resource) -> Verdicts:
    if role_of(resource) != REGISTRY or not resource.inside_component or not runs(resource):
        return
    if resource.type == CONTAINER:
        names = {name: node for name, node in variables(resource)}
        place = resource.at("envs")
    else:
        entries = [each for container in containers(resource) for each in container.at("env").each()]
        names, place = {each.at("name").text: each.at("value") for each in entries}, Node(None, "spec")
    if place.unknown:
        yield Unseen(place.path)
    elif "OTEL_TRACES_EXPORTER" not in names:
        yield Bad(place.path)
