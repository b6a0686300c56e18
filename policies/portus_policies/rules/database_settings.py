"""What MariaDB is told. Source of the variables: mariadb.com/kb, "MariaDB Docker environment variables"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..kubernetes import SERVICE, WORKLOADS, containers, is_patch, kind_of
from ..mariadb_options import is_dangerous, requires_tls
from ..resource import Resource, Stack
from ..roles import BACKGROUND, BACKUP, CONTAINER, DATABASE, PORTUS, images, role_of, runs
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, MEDIUM, About, rule, stack_rule
from ..secret_commands import command_secrets
from ..values import Bad, Node, Unseen, Verdicts, demand, forbid, given, number_of
from .docker_hygiene import IMAGE
from .docker_network import attachments
from .docker_ports import private
from .portus_settings import environment, is_portus

_HOLDERS = (CONTAINER, *WORKLOADS)
_PREFIXES = ("MARIADB_", "MYSQL_")
_PORTS = (3306, 33060)
"""MariaDB's, and MySQL's X protocol."""
_EMPTY_PASSWORD = re.compile(r"^(?:(?:MARIADB|MYSQL)_)?ALLOW_EMPTY_(?:ROOT_)?PASSWORD$")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_OLD = re.compile(r"(?:mariadb|mysql):(?:5\.|10\.[0-5](?:[.@-]|$))")


def _is_database(resource: Resource) -> bool:
    return role_of(resource) == DATABASE and runs(resource) and not is_patch(resource)


def _variable(resource: Resource, name: str) -> list[Node]:
    found = environment(resource)
    return [found[prefix + name] for prefix in _PREFIXES if prefix + name in found]


def _arguments(resource: Resource) -> Iterator[Node]:
    if resource.type == CONTAINER:
        yield from resource.at("command").each()
    else:
        for container in containers(resource):
            yield from container.at("command").each()
            yield from container.at("args").each()


@rule(
    *("M01", "db-private", "the database is never exposed", MANDATORY, CRITICAL),
    reason="a database on the network is attacked within the hour",
    fix="no `ports`, or one on a private address for Portus on another host, with TLS required; a ClusterIP Service",
    source="OWASP Database Security",
    types=(CONTAINER, *SERVICE),
)
def unexposed(resource: Resource) -> Verdicts:
    if resource.type == CONTAINER:
        if role_of(resource) == DATABASE:
            for port in resource.at("ports").each():
                if not (_requires_tls(resource) and private(port.at("ip").text)):
                    yield from forbid(port.at("internal"), given)
        else:
            for port in resource.at("ports").each():
                if not private(port.at("ip").text):
                    yield from forbid(port.at("internal"), lambda value: number_of(value) in _PORTS)
        return
    exposed = resource.at("spec", "type").text in ("NodePort", "LoadBalancer")
    for port in resource.at("spec", "ports").each():
        if exposed:
            yield from forbid(port.at("port"), lambda value: number_of(value) in _PORTS)
            yield from forbid(port.at("targetPort"), lambda value: number_of(value) in _PORTS)


@stack_rule(
    *("M02", "db-neighbours", "only Portus and the backup reach the database", MANDATORY, HIGH),
    reason="whoever reaches it may try passwords",
    fix="a network for the database with Portus, another with the background process",
    source="NIST SP 800-190 4.3.3",
)
def neighbours(stack: Stack) -> Iterator[About]:
    for urn, members in attachments(stack).items():
        roles = {role_of(each) for each in members}
        if DATABASE in roles and any(each.inside_component for each in members):
            for each in members:
                if role_of(each) not in (DATABASE, PORTUS, BACKGROUND, BACKUP):
                    yield About(each, Bad("networksAdvanced", f"it shares {stack.by_urn[urn].name} with the database"))


@rule(
    *("M03", "db-root-password", "root has a password", MANDATORY, CRITICAL),
    reason="an empty root password is no password",
    fix="MARIADB_ROOT_PASSWORD_FILE, or MARIADB_RANDOM_ROOT_PASSWORD=1",
    source="MariaDB image",
    types=_HOLDERS,
)
def root_password(resource: Resource) -> Verdicts:
    for name, node in environment(resource).items():
        if _EMPTY_PASSWORD.match(name):  # whoever is told so: the image takes any value, "no" too, for yes
            yield from forbid(node, given)
    if not _is_database(resource):
        return
    for node in _variable(resource, "ROOT_PASSWORD"):
        yield from forbid(node, lambda value: value == "")
    place = resource.at("envs") if resource.type == CONTAINER else Node(None, "spec.template.spec.containers[0].env")
    names = (
        "ROOT_PASSWORD",
        "ROOT_PASSWORD_FILE",
        "ROOT_PASSWORD_HASH",
        "RANDOM_ROOT_PASSWORD",
        "ROOT_PASSWORD_HASH_FILE",
    )
    if place.unknown:
        yield Unseen(place.path)
    elif not any(_variable(resource, name) for name in names) and not _from_secret(resource):
        yield Bad(place.path)


def _from_secret(resource: Resource) -> bool:
    """Whether a workload takes all variables of a Secret."""
    return resource.type in WORKLOADS and any(not each.at("envFrom").missing for each in containers(resource))


@rule(
    *("M04", "db-root-host", "root signs in from inside only", MANDATORY, HIGH),
    reason="the image lets root in from everywhere unless told otherwise",
    fix="MARIADB_ROOT_HOST=localhost",
    source="MariaDB image",
    types=_HOLDERS,
)
def root_host(resource: Resource) -> Verdicts:
    if not _is_database(resource):
        return
    found = _variable(resource, "ROOT_HOST")
    for node in found:
        yield from demand(node, lambda value: value in ("localhost", "127.0.0.1"))
    if resource.inside_component and not found:
        place = resource.at("envs")
        yield Unseen(place.path) if place.unknown else Bad(place.path, "MARIADB_ROOT_HOST is missing")


@rule(
    *("M05", "db-user", "a user and a database for the application", MANDATORY, HIGH),
    reason="an application that connects as root may drop everything",
    fix="MARIADB_USER (not root) and MARIADB_DATABASE",
    source="OWASP Database Security",
    types=_HOLDERS,
)
def user(resource: Resource) -> Verdicts:
    if not _is_database(resource):
        return
    for node in _variable(resource, "USER"):
        yield from forbid(node, lambda value: value in ("root", ""))
    if resource.inside_component:
        for name in ("USER", "DATABASE"):
            if not _variable(resource, name) and not resource.at("envs").unknown:
                yield Bad("envs", f"MARIADB_{name} is missing")


@rule(
    *("M06", "db-password-files", "passwords by file", ADVISORY, LOW),
    reason="the environment is shown by `docker inspect`",
    fix="MARIADB_PASSWORD_FILE and MARIADB_ROOT_PASSWORD_FILE",
    source="OWASP Docker rule 12",
    types=_HOLDERS,
)
def password_files(resource: Resource) -> Verdicts:
    if _is_database(resource):
        for name in ("PASSWORD", "ROOT_PASSWORD"):
            for node in _variable(resource, name):
                yield Bad(node.path)


@rule(
    *("M07", "db-flags", "no dangerous server flags", MANDATORY, HIGH),
    reason="they switch off passwords, let clients read the server's files, or lose committed data",
    fix="leave them out",
    source="MariaDB server documentation; SUSE/Portus examples/compose",
    types=_HOLDERS,
)
def flags(resource: Resource) -> Verdicts:
    if _is_database(resource):
        for each in _arguments(resource):
            yield from forbid(each, lambda value: is_dangerous(str(value)))


def _requires_tls(resource: Resource) -> bool:
    return requires_tls(each.text for each in _arguments(resource))


@rule(
    *("M08", "db-tls", "the way to the database is encrypted and verified", MANDATORY, HIGH),
    reason="whoever is on the way reads users, tokens and password hashes, or changes them",
    fix="`--require-secure-transport=ON` for MariaDB, `database.external.tls` for one that exists; "
    "DATABASE_URL=mysql2:///?sslca=PATH for Portus",
    source="OWASP Database Security; ActiveRecord connection_handling.rb",
    types=_HOLDERS,
)
def encrypted(resource: Resource) -> Verdicts:
    if not resource.inside_component:
        return
    if _is_database(resource):
        if resource.at("command").unknown:
            yield Unseen("command")
        elif not _requires_tls(resource):
            yield Bad("command", "MariaDB takes what is not encrypted")
    elif is_portus(resource):
        node = environment(resource).get("DATABASE_URL")
        if node is not None:
            yield from demand(node, lambda value: "sslca=" in str(value))
        elif not resource.at("envs").unknown:
            yield Bad("envs", "DATABASE_URL is missing")


@rule(
    *("M09", "db-volume", "data lies in a volume", MANDATORY, HIGH),
    reason="without one every user and team is gone with the container",
    fix="a named volume (a claim) at /var/lib/mysql",
    source="MariaDB image",
    types=(CONTAINER,),
)
def volume(resource: Resource) -> Verdicts:
    if _is_database(resource):
        mounts = [each.at("containerPath") for each in resource.at("volumes").each()]
        mounts += [each.at("target") for each in resource.at("mounts").each()]
        if any(each.unknown for each in mounts):
            yield Unseen("volumes")
        elif "/var/lib/mysql" not in [each.text for each in mounts]:
            yield Bad("volumes")


@stack_rule(
    *("M10", "db-version", "a supported MariaDB", ADVISORY, MEDIUM),
    reason="releases before 10.6 get no fixes",
    fix="an LTS release, 10.6 or later",
    source="mariadb.org maintenance policy",
)
def version(stack: Stack) -> Iterator[About]:
    for resource in stack.of_type(IMAGE, *WORKLOADS):
        for node in [resource.at("name")] if resource.type == IMAGE else images(resource):
            for verdict in forbid(node, lambda value: _OLD.search(str(value or ""))):
                yield About(resource, verdict)


@rule(
    *("M11", "db-single-writer", "one server writes", MANDATORY, HIGH),
    reason="two servers on one data directory destroy it",
    fix="`replicas: 1`; a StatefulSet, or a Deployment with strategy Recreate",
    source="MariaDB server documentation",
    types=WORKLOADS,
)
def single_writer(resource: Resource) -> Verdicts:
    if _is_database(resource) and kind_of(resource) in ("Deployment", "StatefulSet"):
        yield from forbid(resource.at("spec", "replicas"), lambda value: (number_of(value) or 1) > 1)
        if kind_of(resource) == "Deployment":
            yield from demand(resource.at("spec", "strategy", "type"), lambda value: value == "Recreate")


@rule(
    *("M12", "db-health", "no password in health checks", MANDATORY, HIGH),
    reason="the command line of a check is shown to everybody who may look at the container",
    fix="`healthcheck.sh --connect --innodb_initialized`",
    source="MariaDB image",
    types=_HOLDERS,
)
def health(resource: Resource) -> Verdicts:
    if not _is_database(resource):
        return
    tests = [list(resource.at("healthcheck", "tests").each())]
    if resource.type in WORKLOADS:
        tests = [list(one.at(probe, "exec", "command").each()) for one in containers(resource) for probe in _PROBES]
    for words in tests:
        yield from command_secrets(words)
        for node in words:
            yield from forbid(node, lambda value: re.search(r"(?:^|\s)-p\$", str(value)))
