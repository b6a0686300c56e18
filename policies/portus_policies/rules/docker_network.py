"""Docker: what is published, which networks there are and who is on them, volumes, daemons."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from ..host_paths import SERVICE, VOLUME
from ..resource import ROLE_LABEL, Resource, Stack
from ..roles import BACKGROUND, BACKUP, CONTAINER, DATABASE, EDGE, PORTUS, REGISTRY, labels, owner, role_of, runs
from ..rule import ADVISORY, CRITICAL, HIGH, LOW, MANDATORY, About, rule, stack_rule
from ..values import Bad, Node, Unseen, Value, Verdicts, demand, forbid, given, is_true

NETWORK = "docker:index/network:Network"
PROVIDER = "pulumi:providers:docker"
_DATA_DIRECTORIES = {DATABASE: "/var/lib/mysql", REGISTRY: "/var/lib/registry"}


@rule(
    *("D34", "dkr-network-internal", "backend networks lead nowhere", MANDATORY, HIGH),
    reason="a database with a way out can send its data out, and a reachable one is attacked",
    fix="`internal: true`; an overlay network with `encrypted`",
    source="NIST SP 800-190 4.3.3",
    types=(NETWORK,),
)
def network_internal(network: Resource) -> Verdicts:
    members = set(labels(network).get(ROLE_LABEL, "").split("-"))
    driver = network.at("driver")
    if DATABASE in members and not _only_lets_in(network, members):
        yield from demand(network.at("internal"), is_true)
    yield from forbid(driver, lambda value: value in ("host", "macvlan", "ipvlan"))
    for name in ("ipv4", "ipv6"):
        mode = network.at("options", f"com.docker.network.bridge.gateway_mode_{name}")
        yield from forbid(mode, lambda value: value in ("nat-unprotected", "routed"), "ports are open unpublished")
    if driver.text == "overlay":
        yield from demand(network.at("options", "encrypted"), lambda value: value is not None)


def _only_lets_in(network: Resource, roles: set[str]) -> bool:
    """Whether the database is alone there, reached from another host, and gets no answer from outside."""
    masquerade = network.at("options", "com.docker.network.bridge.enable_ip_masquerade")
    return roles == {DATABASE} and masquerade.text == "false"


def attachments(stack: Stack) -> dict[str, list[Resource]]:
    """Network URN → the containers on it, by what their attachments come from, else by name."""
    by_name = {network.at("name").text or network.name: network.urn for network in stack.of_type(NETWORK)}
    found: dict[str, list[Resource]] = defaultdict(list)
    for container in stack.of_type(CONTAINER, SERVICE):
        urns = {
            source.urn
            for source in stack.sources(container, "networksAdvanced", "networkMode", "taskSpec")
            if source.type == NETWORK
        }
        listed = (container.at("networksAdvanced"), container.at("taskSpec", "networksAdvanced"))
        names = [each.at("name").text for place in listed for each in place.each()]
        urns |= {by_name[name] for name in (*names, container.at("networkMode").text) if name in by_name}
        for urn in urns:
            found[urn].append(container)
    return found


_NEIGHBOURS = {
    DATABASE: {PORTUS, BACKGROUND, BACKUP},
    REGISTRY: {PORTUS, BACKGROUND, EDGE},
}
"""Who may share a network with a role; tasks that prepare something may too."""
_TASKS = {"", "bootstrap", "smoke_check", "migrate"}


@stack_rule(
    *("D35", "dkr-network-topology", "networks follow the links between roles", MANDATORY, HIGH),
    reason="whoever shares a network can attack: the edge has no business with the database",
    fix="an internal network for each that listens, with those on it who talk to it",
    source="CIS Docker 5.30; NIST SP 800-190 4.3.3",
)
def network_topology(stack: Stack) -> Iterator[About]:
    for urn, containers in attachments(stack).items():
        network, roles = stack.by_urn[urn], {role_of(each) for each in containers}
        internal = network.at("internal")
        yield from _strangers(stack, network, containers)
        members = [each for each in containers if each.inside_component]
        if network.inside_component and len(members) > 1 and DATABASE not in roles:
            for verdict in demand(internal, is_true, "it joins several, and leads outside"):
                yield About(network, verdict)
        for role, neighbours in _NEIGHBOURS.items():
            if role in roles and not roles <= neighbours | _TASKS | {role}:
                yield About(network, Bad("", f"{role} shares it with others than it talks to"))
        if DATABASE in roles and not _only_lets_in(network, roles):
            for verdict in demand(internal, is_true, "the database is on it"):
                yield About(network, verdict)


def _strangers(stack: Stack, network: Resource, containers: list[Resource]) -> Iterator[About]:
    """Containers on a network of a PortusStack that are no part of it. The edge's way outside is open to all."""
    component = owner(stack, network)
    if not component:
        return
    foreign = [each for each in containers if owner(stack, each) != component]
    if {role_of(each) for each in containers if owner(stack, each) == component} != {EDGE}:
        for each in foreign:
            yield About(each, Bad("networksAdvanced", f"{network.name} is a PortusStack's own network"))


@stack_rule(
    *("D36", "dkr-volume-protect", "data in protected named volumes", MANDATORY, HIGH),
    reason="an anonymous volume goes with its container, an unprotected one with a typing error",
    fix="`docker.Volume` with `protect: true` at the image's data directory (`ephemeral` in the settings for trials)",
    source="NIST SP 800-190 4.4",
)
def volume_protect(stack: Stack) -> Iterator[About]:
    for container in stack.of_type(CONTAINER):
        directory = _DATA_DIRECTORIES.get(role_of(container))
        if directory is None or not runs(container) or _stores_elsewhere(container):
            continue
        mounts = [each for each in container.at("volumes").each() if each.at("containerPath").text == directory]
        mounts += [each for each in container.at("mounts").each() if each.at("target").text == directory]
        if container.at("volumes").unknown or container.at("mounts").unknown:
            yield About(container, Unseen("volumes"))
        elif not mounts:
            yield About(container, Bad("volumes", f"nothing is mounted at {directory}"))
        elif not stack.settings.ephemeral:
            for volume in _volumes_at(stack, container, mounts):
                if not volume.options.protect and not labels(volume).get(ROLE_LABEL, "").endswith("files"):
                    yield About(volume, Bad("protect"))


def _stores_elsewhere(container: Resource) -> bool:
    """Whether a registry has no data directory (a bucket instead): it has no volume but that for its files."""
    paths = [each.at("containerPath").text for each in container.at("volumes").each()]
    return role_of(container) == REGISTRY and bool(paths) and all(path.startswith("/etc/") for path in paths)


def _volumes_by_name(stack: Stack) -> dict[str, Resource]:
    return {volume.at("name").text: volume for volume in stack.of_type(VOLUME) if volume.at("name").text}


def _volumes_at(stack: Stack, container: Resource, mounts: list[Node]) -> Iterator[Resource]:
    """The volumes behind mounts: by name where it is known, else by what the mounts come from, files apart."""
    by_name = stack.once(_volumes_by_name)
    for mount in mounts:
        name = mount.at("volumeName") if mount.at("source").missing else mount.at("source")
        if name.text in by_name:
            yield by_name[name.text]
        elif name.unknown:
            sources = (each for each in stack.sources(container, "volumes", "mounts") if each.type == VOLUME)
            yield from (each for each in sources if each.name.endswith("data"))


@stack_rule(
    *("D47", "dkr-own-volumes", "a PortusStack's volumes are its own", MANDATORY, HIGH),
    reason="they hold keys, passwords and every layer: whoever mounts them needs no network",
    fix="a volume of its own; an exception for what makes backups",
    source="NIST SP 800-190 4.4",
)
def own_volumes(stack: Stack) -> Iterator[About]:
    by_name = {each.at("name").text or each.name: each for each in stack.of_type(VOLUME)}
    members = {each.at("name").text or each.name: each for each in stack.of_type(CONTAINER) if each.inside_component}
    for container in stack.of_type(CONTAINER):
        used = [by_name.get(name) for name in _mounted(container)]
        used += [source for source in stack.sources(container, "volumes", "mounts") if source.type == VOLUME]
        lent = [members.get(each.at("fromContainer").text) for each in container.at("volumes").each()]
        for each in dict.fromkeys(each.urn for each in (*used, *lent) if each is not None and each.inside_component):
            if owner(stack, stack.by_urn[each]) != owner(stack, container):
                yield About(container, Bad("volumes", f"{stack.by_urn[each].name} is a PortusStack's own"))


def _mounted(container: Resource) -> Iterator[str]:
    for volume in container.at("volumes").each():
        yield volume.at("volumeName").text
    for mount in container.at("mounts").each():
        yield mount.at("source").text


@rule(
    *("D38", "dkr-daemon-tls", "remote daemons over TLS or ssh", MANDATORY, CRITICAL),
    reason="an open daemon port is root on that host for the whole network",
    fix="`host: ssh://…`, or tcp:// with `ca_material`, `cert_material` and `key_material`",
    source="CIS Docker 2.7",
    types=(PROVIDER,),
)
def daemon_tls(provider: Resource) -> Verdicts:
    host = provider.at("host")
    if host.unknown:
        yield Unseen(host.path)
    elif host.text.startswith(("tcp://", "http://")) and not _has_certificates(provider):
        yield Bad(host.path)


def _has_certificates(provider: Resource) -> bool:
    if not provider.at("certPath").missing:
        return True
    return all(not provider.at(name).missing for name in ("caMaterial", "certMaterial", "keyMaterial"))


@rule(
    *("D39", "dkr-ssh-host-key", "host keys are checked", MANDATORY, HIGH),
    reason="without the check anybody on the way is the host",
    fix="leave `StrictHostKeyChecking=no` and an empty `UserKnownHostsFile` out; put the key into known_hosts",
    source="good practice",
    types=(PROVIDER,),
)
def ssh_host_key(provider: Resource) -> Verdicts:
    pattern = re.compile(r"stricthostkeychecking[= ]+(?:no|off)|userknownhostsfile[= ]+/dev/null", re.IGNORECASE)
    options = provider.at("sshOpts")
    if isinstance(options.value, str):  # providers take lists as JSON text
        yield from forbid(options, lambda value: pattern.search(str(value)))
    for each in options.each():
        yield from forbid(each, lambda value: pattern.search(str(value)))


@rule(
    *("D40", "dkr-registry-tls", "registries over verified TLS", MANDATORY, HIGH),
    reason="an unverified registry hands out any image it likes, and is handed the password",
    fix="`https://`, the CA in /etc/docker/certs.d; no `insecure_skip_verify`",
    source="CIS Docker 2.5",
    types=(PROVIDER, "docker:index/registryImage:RegistryImage"),
)
def registry_tls(resource: Resource) -> Verdicts:
    yield from forbid(resource.at("insecureSkipVerify"), is_true)
    for each in resource.at("registryAuth").each():
        yield from forbid(each.at("address"), lambda value: str(value).startswith("http://"))


@rule(
    *("D42", "dkr-no-swarm", "no Swarm objects", ADVISORY, LOW),
    reason="a manager that is not used is one more open port on every host",
    fix="containers, networks and volumes",
    source="CIS Docker 5.1",
    types=tuple(f"docker:index/{kind}" for kind in ("service:Service", "secret:Secret", "serviceConfig:ServiceConfig")),
)
def no_swarm(resource: Resource) -> Verdicts:
    yield Bad("", resource.type.rpartition(":")[2])


@stack_rule(
    *("D44", "dkr-network-icc", "neighbours on outward networks kept apart", ADVISORY, LOW),
    reason="containers that share a network only for their way out need not reach each other",
    fix="`options: {com.docker.network.bridge.enable_icc: false}`, or a network each",
    source="CIS Docker 2.2",
)
def network_icc(stack: Stack) -> Iterator[About]:
    for urn, containers in attachments(stack).items():
        network = stack.by_urn[urn]
        outward = network.at("internal").value is not True
        publishing = [each for each in containers if given(_value(each.at("ports")))]
        if outward and len(containers) > 2 and publishing:  # noqa: PLR2004 - two are the ends of one link
            for verdict in demand(
                network.at("options", "com.docker.network.bridge.enable_icc"), lambda v: str(v) == "false"
            ):
                yield About(network, verdict)


def _value(node: Node) -> Value:
    return None if node.unknown else node.value
