"""How Portus stands: what it serves, what it holds, who reaches it, and whether its image can run so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..docker_options import is_root
from ..kubernetes import INGRESS, SERVICE, WORKLOADS, containers, kind_of, pod_spec
from ..resource import Resource, Stack
from ..roles import BACKGROUND, CONTAINER, EDGE, PORTUS, images, role_of, runs
from ..rule import CRITICAL, HIGH, MANDATORY, MEDIUM, About, rule, stack_rule
from ..secret_text import PRIVATE_KEY, known_default, secret_name
from ..values import Bad, Node, Unseen, Verdicts, demand, forbid, given, is_true, number_of
from .docker_hygiene import IMAGE, variables
from .portus_settings import environment, is_portus, known, options, present, scripted

_PLAIN_PORT = 80
_FIRST_GENERATION = re.compile(r"portus\S*:2\.[0-2](?:[.@-]|$)")
_ALLOWED_DIRECTORIES = ("/certificates", "/secrets", "/etc/", "/run/", "/tmp")
_HOLDERS = (CONTAINER, *WORKLOADS)
_DENIED = re.compile(r"webhooks")


@rule(
    *("P01", "portus-https", "Portus serves TLS", MANDATORY, HIGH),
    reason="passwords are typed here",
    fix="PORTUS_PUMA_TLS_KEY and _CERT (2.3 and later); /certificates/portus-ca.crt and /secrets/portus.key before",
    source="SUSE/Portus config/puma.rb",
    types=_HOLDERS,
)
def https(resource: Resource) -> Verdicts:
    if not is_portus(resource):
        return
    for node in options(resource, "check_ssl_usage", "enabled"):
        yield from forbid(node, lambda value: value is False or str(value).lower() == "false")
    found = environment(resource)
    if role_of(resource) == PORTUS and "PORTUS_DB_HOST" in found and resource.inside_component:
        for name in ("PORTUS_PUMA_TLS_KEY", "PORTUS_PUMA_TLS_CERT"):
            yield from present(resource, (name,))


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
    if is_portus(resource):
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
    if not is_portus(resource):
        return
    for volume in resource.at("volumes").each():
        yield from demand(volume.at("containerPath"), lambda value: str(value).startswith(_ALLOWED_DIRECTORIES))
    if resource.type in WORKLOADS:
        for volume in pod_spec(resource).at("volumes").each():
            yield from forbid(volume.at("persistentVolumeClaim"), given)


@rule(
    *("P18", "portus-user", "Portus is not run as root on purpose", MANDATORY, HIGH),
    reason="`user: root` is how people get at low ports; a sysctl does it without",
    fix="the image's own user (wwwrun), or none",
    source="CIS Docker 4.1",
    types=_HOLDERS,
)
def user(resource: Resource) -> Verdicts:
    if is_portus(resource):
        nodes = (
            [resource.at("user")]
            if resource.type == CONTAINER
            else [pod_spec(resource).at("securityContext", "runAsUser")]
        )
        for node in nodes:
            yield from forbid(node, lambda value: value is not None and is_root(value))


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
    if is_portus(resource) and resource.inside_component:
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
                known(resource.at("readOnly"))
            )
        else:
            contexts = [each.at("securityContext") for each in containers(resource)]
            hardened = any(
                known(each.at("allowPrivilegeEscalation")) is False or is_true(known(each.at("readOnlyRootFilesystem")))
                for each in contexts
            )
        if hardened and not scripted(resource):
            yield About(resource, Bad("securityOpts" if resource.type == CONTAINER else pod_spec(resource).path))


def _first_generation(stack: Stack, resource: Resource) -> bool:
    references = [node.text for node in images(resource)]
    references += [each.at("name").text for each in stack.sources(resource, "image") if each.type == IMAGE]
    return any(_FIRST_GENERATION.search(each) for each in references)
